"""Which tensors are the two sides of a quotient: the terms of a sum that divides, and its reciprocal."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..layers.product import RealProduct
from ..layers.rearrange import RealRearrange
from ..layers.reduction import ReduceSum
from ..layers.scalar import Apply
from ..scalar.functions import Affine
from ..scalar.rational import IntegerPow

if TYPE_CHECKING:
    from ..real import Op, RealGraph

__all__ = ["quotient_bits"]

RECIPROCAL_BITS, TERM_BITS = 4, 2


def quotient_bits(graph: RealGraph, name: str) -> int:
    """How many more bits a tensor should have than others: its small values matter as much as its large ones.

    A reciprocal that multiplies has most, since its values span as many octaves as the divisor's. Terms of the divisor
    have some: where all are small, their errors are large to their sum.
    """
    made = graph.makers.get(name)
    if made is not None and is_reciprocal(made) and meets(graph, name, lambda r: isinstance(r, RealProduct)):
        return RECIPROCAL_BITS

    def is_divisor(op: Op) -> bool:
        return isinstance(op, ReduceSum) and meets(graph, op.name, is_reciprocal)

    return TERM_BITS if meets(graph, name, is_divisor) else 0


def is_reciprocal(op: Op) -> bool:
    """Whether an operation is the reciprocal, or that of a power."""
    return isinstance(op, Apply) and isinstance(op.function, IntegerPow) and op.function.exponent < 0


def meets(graph: RealGraph, name: str, wanted: Callable[[Op], bool]) -> bool:
    """Whether an operation that is wanted reads a tensor, or a layout or an affine function of it."""
    return any(wanted(r) or (passes(r) and meets(graph, r.name, wanted)) for r in graph.readers(name))


def passes(op: Op) -> bool:
    """Whether an operation only moves or scales what it reads."""
    return isinstance(op, RealRearrange) or (isinstance(op, Apply) and isinstance(op.function, Affine))
