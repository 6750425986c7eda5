"""Constant matrix times a vector of values that can be one of two: bipolar, 0 or 1, or any other pair."""

from __future__ import annotations

from typing import NamedTuple

from ..exact import Ints
from .bits import BitSum, Logic
from .builder import Builder
from .digits import digit_count
from .nodes import AtLeast, Bit, Constant, Greater, Input, Select
from .values import Value

__all__ = ["TwoValued", "bit_sums", "two_valued"]

DIGITS = 1.1
"""Signed digits per weight up to which sums of bits are taken to be smaller than shared adders."""


class TwoValued(NamedTuple):
    """``zero`` where ``bit`` is 0, else ``one``."""

    bit: Value
    zero: int
    one: int


def two_valued(builder: Builder, value: Value) -> TwoValued | None:
    """A value as one bit, or None where it can be more than two numbers, as far as is known."""
    node, r = builder.nodes[value], builder.ranges[value]
    if isinstance(node, (AtLeast, Bit, Greater, Logic)):
        return TwoValued(value, 0, 1)
    if isinstance(node, Select):
        a, b = builder.nodes[node.a], builder.nodes[node.b]
        return (
            TwoValued(node.condition, b.value, a.value) if isinstance(a, Constant) and isinstance(b, Constant) else None
        )
    low, high, step = r.low, r.high, 1 << r.zeros
    if isinstance(node, Input):
        step = int(builder.inputs[node.index].step) or 1
    if high - low != step:
        return None
    differ = low ^ high
    place = (differ & -differ).bit_length() - 1
    bit = builder.add(Bit(value, place))
    return TwoValued(bit, low, high) if high >> place & 1 else TwoValued(bit, high, low)


def bit_sums(builder: Builder, x: list[Value], matrix: Ints) -> list[Value] | None:
    """The rows of ``matrix @ x`` as sums of bits, or None where another form is taken to be smaller."""
    values = [two_valued(builder, v) for v in x]
    found = [v for v in values if v is not None]
    weights = int((matrix != 0).sum())
    if len(found) < len(values) or not found or digit_count(matrix) > DIGITS * weights:
        return None
    rows: list[Value] = []
    for row in matrix.tolist():
        terms = [(v.bit, w * (v.one - v.zero)) for v, w in zip(found, row, strict=True) if w]
        offset = sum(w * v.zero for v, w in zip(found, row, strict=True))
        rows.append(builder.add(BitSum(tuple(b for b, _ in terms), tuple(w for _, w in terms), offset)))
    return rows
