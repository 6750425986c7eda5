"""The circuit: single-assignment integer scalars, each with the exact range that was proven for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..exact import INT64_EXACT, Ints, objects
from ..number import Number
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

    def evaluate(self, x: Ints) -> Ints:
        """(samples, inputs) to (samples, outputs), exact."""
        values: list[Ints] = []
        if any(max(abs(r.low), abs(r.high)) >= INT64_EXACT for r in self.ranges):
            x = objects(x)
        for node in self.nodes:
            if isinstance(node, Input):
                values.append(x[:, node.index])
            else:
                values.append(node.evaluate(*(values[r] for r in node.reads)))
        return np.stack([np.broadcast_to(values[o], x.shape[:1]) for o in self.outputs], axis=1)

    def __str__(self) -> str:
        def line(i: int, node: Node) -> str:
            r = self.ranges[i]
            fields = ", ".join(f"{k}={v!r}" for k, v in vars(node).items() if k not in ("of", "table"))
            return f"%{i} [{r.low}..{r.high}] = {type(node).__name__.lower()} {fields}"

        lines = [line(i, node) for i, node in enumerate(self.nodes)]
        return "\n".join([*lines, "output " + ", ".join(f"%{o}" for o in self.outputs)]) + "\n"
