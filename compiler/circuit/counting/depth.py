"""When values are there."""

from __future__ import annotations

from ..bits import Logic
from ..builder import Builder
from ..values import Value

__all__ = ["Depth"]


class Depth:
    """Functions on the way to each value of a builder."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self.known: list[int] = []

    def of(self, value: Value) -> int:
        """Those on the longest way to a value."""
        for node in self.builder.nodes[len(self.known) : value + 1]:
            self.known.append(isinstance(node, Logic) + max((self.known[v] for v in node.reads), default=0))
        return self.known[value]
