"""A circuit within another one."""

from __future__ import annotations

from collections.abc import Sequence

from .builder import Builder
from .circuit import Circuit
from .nodes import Input
from .values import Value

__all__ = ["inline"]


def inline(builder: Builder, circuit: Circuit, inputs: Sequence[Value]) -> list[Value]:
    """The outputs of a circuit of these values, which must be on the lattices of its inputs."""
    new: dict[Value, Value] = {}
    for value, node in enumerate(circuit.nodes):
        new[value] = inputs[node.index] if isinstance(node, Input) else builder.add(node.renumber(new))
    return [new[o] for o in circuit.outputs]
