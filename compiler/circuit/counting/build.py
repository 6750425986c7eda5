"""The pass that makes logic of a circuit's sums of bits."""

from __future__ import annotations

from collections.abc import Iterable

from ..bits import BitSum
from ..builder import Builder
from ..circuit import Circuit
from ..nodes import AtLeast, Node
from ..values import Value
from .depth import Depth
from .row import Row
from .share import share
from .tree import at_least, word

__all__ = ["build_sums"]

BOUNDS = 2
"""A sum that only comparisons with constants read is built once for each of them, up to this many."""


def build_sums(circuit: Circuit) -> Circuit:
    """The same function without :class:`BitSum`: full adders, shared by the rows that stand on the same bits, and
    comparisons with constants as their last carry."""
    if not any(isinstance(node, BitSum) for node in circuit.nodes):
        return circuit
    builder = Builder(circuit.inputs)
    depth = Depth(builder)
    bounds = comparisons(circuit)
    new: dict[Value, Value] = {}
    waiting: list[Value] = []

    def sums() -> None:
        for group in alike(circuit, waiting):
            rows = [Row.of(node.renumber(new)) for v in group if isinstance(node := circuit.nodes[v], BitSum)]
            share(depth, rows)
            for v, row in zip(group, rows, strict=True):
                for reader, bound in bounds.get(v, {}).items():
                    new[reader] = at_least(depth, row, bound)
                if v not in bounds:
                    new[v] = word(depth, row, circuit.ranges[v])
        waiting.clear()

    level = levels(circuit.nodes)
    made = {reader for readers in bounds.values() for reader in readers}
    for v in sorted(range(len(circuit.nodes)), key=lambda v: level[v]):
        if waiting and level[v] > level[waiting[0]]:
            sums()
        node = circuit.nodes[v]
        if isinstance(node, BitSum):
            waiting.append(v)
        elif v not in made:
            new[v] = builder.add(node.renumber(new))
    sums()
    return builder.finish([new[o] for o in circuit.outputs])


def levels(nodes: Iterable[Node]) -> list[int]:
    """How many sums stand before each node."""
    level: list[int] = []
    kinds: list[bool] = []
    for node in nodes:
        level.append(max((level[v] + kinds[v] for v in node.reads), default=0))
        kinds.append(isinstance(node, BitSum))
    return level


def comparisons(circuit: Circuit) -> dict[Value, dict[Value, int]]:
    """The sums that nothing but comparisons with few constants reads: by sum, the bounds by reader."""
    found: dict[Value, dict[Value, int]] = {}
    other = {*circuit.outputs}
    for v, node in enumerate(circuit.nodes):
        if isinstance(node, AtLeast) and isinstance(circuit.nodes[node.a], BitSum):
            found.setdefault(node.a, {})[v] = node.bound
        else:
            other.update(node.reads)
    return {v: readers for v, readers in found.items() if v not in other and len(readers) <= BOUNDS}


def alike(circuit: Circuit, sums: list[Value]) -> list[list[Value]]:
    """Neighbouring sums that share at least half of their bits."""
    groups: list[list[Value]] = []
    held: set[Value] = set()
    for v in sums:
        bits = {*circuit.nodes[v].reads}
        if groups and 2 * len(bits & held) >= len(bits):
            groups[-1].append(v)
        else:
            groups.append([v])
            held = set()
        held |= bits
    return groups
