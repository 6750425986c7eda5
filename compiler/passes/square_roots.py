"""The square of a root of a sum of squares is that sum: ``ReduceL2`` squared asks for no root."""

from __future__ import annotations

from fractions import Fraction
from operator import is_
from typing import TYPE_CHECKING

import numpy as np

from ..layers.rearrange import RealRearrange
from ..layers.reduction import ReduceSum
from ..layers.scalar import Apply
from ..scalar.rational import Pow
from .distances import is_square, without_unread

if TYPE_CHECKING:
    from ..real import Op, RealGraph

__all__ = ["square_roots"]


def square_roots(graph: RealGraph) -> RealGraph:
    """The same function; what reads a square of such a root reads the sum."""

    def plain(op: Op) -> Op:
        root = graph.makers.get(op.inputs[0])
        while isinstance(root, RealRearrange) and (np.diff(root.index.reshape(-1)) == 1).all():
            root = graph.makers.get(root.inputs[0])  # an axis that was kept or dropped
        if not (is_square(op) and isinstance(root, Apply) and root.function == Pow(Fraction(1, 2))):
            return op
        if not is_sum_of_squares(graph, root.inputs[0]):
            return op
        shape = graph.shapes[op.name]
        return RealRearrange(op.name, root.inputs, np.arange(int(np.prod(shape))).reshape(shape), node=op.node)

    ops = [plain(op) for op in graph.ops]
    return graph if all(map(is_, ops, graph.ops)) else without_unread(graph.replace(ops))


def is_sum_of_squares(graph: RealGraph, name: str) -> bool:
    """Whether a tensor cannot be negative, as its elements are sums of squares, or squares."""
    op = graph.makers.get(name)
    while isinstance(op, ReduceSum | RealRearrange):
        op = graph.makers.get(op.inputs[0])
    return op is not None and is_square(op)
