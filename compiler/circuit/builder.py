"""Makes circuits."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..exact import objects
from ..number import Number
from .circuit import Circuit
from .nodes import Constant, Input, Node
from .values import Range, Value

__all__ = ["Builder"]


@dataclass
class Builder:
    """Makes a circuit node by node; the same node is made once, constants are folded.

    ``slack`` and ``effort`` are for products by constant matrices, see :func:`nnfpga.compiler.circuit.adders.multiply`.
    """

    inputs: tuple[Number, ...]
    slack: int | None = field(default=1, kw_only=True)
    effort: int = field(default=1, kw_only=True)
    nodes: list[Node] = field(default_factory=list[Node])
    ranges: list[Range] = field(default_factory=list[Range])
    known: dict[Node, Value] = field(default_factory=dict[Node, Value])

    def start(self) -> list[Value]:
        """The circuit's inputs as values."""
        return [self.add(Input(i, Range.of(n))) for i, n in enumerate(self.inputs)]

    def add(self, node: Node) -> Value:
        """The value of a node: an existing one where there is one."""
        inputs = [self.ranges[r] for r in node.reads]
        if inputs and all(r.low == r.high for r in inputs):
            node = Constant(int(node.evaluate(*(objects(r.low) for r in inputs))))
        if node in self.known:
            return self.known[node]
        self.nodes.append(node)
        self.ranges.append(node.range(*inputs))
        self.known[node] = len(self.nodes) - 1
        return self.known[node]

    def finish(self, outputs: list[Value]) -> Circuit:
        """The circuit without what no output needs."""
        needed = {*outputs}
        for i in range(len(self.nodes) - 1, -1, -1):
            if i in needed:
                needed.update(self.nodes[i].reads)
        keep = sorted(needed)
        new = {old: i for i, old in enumerate(keep)}
        nodes = tuple(self.nodes[i].renumber(new) for i in keep)
        return Circuit(self.inputs, nodes, tuple(self.ranges[i] for i in keep), tuple(new[o] for o in outputs))
