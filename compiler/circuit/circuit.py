"""The circuit: single-assignment integer scalars, each with the exact range that was proven for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..exact import Ints
from ..number import Number
from . import evaluate, text
from .bounds import proven
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
        """Every value at fault, and why; ranges are only proven where all nodes are sound."""
        sound = True
        for value, node in enumerate(self.nodes):
            if what := self.fault(value, node):
                sound = False
                yield value, what
        if not sound:
            return
        for value, (r, proof) in enumerate(zip(self.ranges, proven(self.nodes), strict=True)):
            # what is proven to be 0 has no zeros in its range: those that follow from the operands' ranges count, too
            node = self.nodes[value]
            zeros = node.range(*(self.ranges[v] for v in node.reads)).zeros
            if not r.holds(proof._replace(zeros=max(zeros, proof.zeros))):
                yield value, f"its range {text.bracket(r)} does not hold {text.bracket(proof)}"

    def fault(self, value: Value, node: Node) -> str | None:
        """What is wrong with a node."""
        if early := [v for v in node.reads if not 0 <= v < value]:
            return f"%{early[0]} does not come before it"
        if isinstance(node, Input):
            if not 0 <= node.index < len(self.inputs):
                return f"there are {len(self.inputs)} inputs"
            lattice = Range.of(self.inputs[node.index])
            return None if node.of.holds(lattice) else f"its input can be {text.bracket(lattice)}"
        return node.fault(*(self.ranges[v] for v in node.reads))

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
