"""The circuit: single-assignment integer scalars, each with the exact range that was proven for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..exact import Ints
from ..number import Number
from . import evaluate, text
from .nodes import Input, Node
from .values import Range, Value

__all__ = ["Circuit"]


@dataclass(frozen=True)
class Circuit:
    """Nodes in order; ``inputs`` are the lattices of the input elements, ``outputs`` values."""

    inputs: tuple[Number, ...]
    nodes: tuple[Node, ...]
    ranges: tuple[Range, ...]
    outputs: tuple[Value, ...]

    @staticmethod
    def parse(form: str) -> Circuit:
        """The circuit whose text form this is.

        Raises
        ------
        ValueError
            that names the line, where it is not the form of a sound circuit.
        """
        parts = text.read(form)
        circuit = Circuit(parts.inputs, parts.nodes, parts.ranges, parts.outputs)
        for value, what in circuit.faults():
            raise ValueError(f"line {parts.lines[value]}: {what}")
        return circuit

    def verify(self) -> None:
        """Prove that the circuit is sound: operands come earlier, inputs exist, every range holds what its node gives.

        Raises
        ------
        ValueError
            that names every value at fault.
        """
        if len(self.ranges) != len(self.nodes):
            raise ValueError(f"circuit must have a range per node, not {len(self.ranges)} for {len(self.nodes)}")
        faults = [f"%{value} = {text.write_node(self.nodes[value])}: {what}" for value, what in self.faults()]
        faults += [f"output %{o} does not exist" for o in self.outputs if not 0 <= o < len(self.nodes)]
        if faults:
            raise ValueError("; ".join(faults))

    def faults(self) -> Iterator[tuple[Value, str]]:
        """Every value at fault, and why."""
        for value, (node, r) in enumerate(zip(self.nodes, self.ranges, strict=True)):
            if early := [v for v in node.reads if not 0 <= v < value]:
                yield value, f"%{early[0]} does not come before it"
                continue
            if isinstance(node, Input) and not 0 <= node.index < len(self.inputs):
                yield value, f"there are {len(self.inputs)} inputs"
                continue
            operands = [self.ranges[v] for v in node.reads]
            if wrong := node.fault(*operands):
                yield value, wrong
                continue
            proven = Range.of(self.inputs[node.index]) if isinstance(node, Input) else node.range(*operands)
            if not r.holds(proven):
                yield value, f"its range {text.bracket(r)} does not hold {text.bracket(proven)}"

    def evaluate(self, x: Ints) -> Ints:
        """(samples, inputs) to (samples, outputs), exact.

        Raises
        ------
        ValueError
            where an input is outside of its range.
        """
        return evaluate.evaluate(self.nodes, self.ranges, self.outputs, x)

    def __str__(self) -> str:
        return text.write(self.inputs, self.nodes, self.ranges, self.outputs)
