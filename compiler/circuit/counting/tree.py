"""The rest of one row: full adders to its bits, or to one bit that tells whether a bound is reached."""

from __future__ import annotations

from collections import deque

from ..bits import Concat
from ..builder import Builder
from ..logic import logic
from ..nodes import Constant
from ..values import Range, Value
from .row import Row
from .share import full_adder

__all__ = ["at_least", "word"]

Literal = tuple[Value, bool]


def word(builder: Builder, row: Row, r: Range) -> Value:
    """The sum, whose range is ``r``, as a word."""
    if r.low == r.high:
        return builder.add(Constant(r.low))
    return builder.add(Concat(tuple(added(builder, row, r.width)), r))


def at_least(builder: Builder, row: Row, bound: int) -> Value:
    """1 where the sum is at least ``bound``.

    A constant is added such that one bit of the sum is the answer: below it only carries are needed.
    """
    bound -= row.constant
    if bound <= 0 or bound > row.most:
        return builder.add(Constant(int(bound <= 0)))
    place = max((bound - 1).bit_length(), (row.most - bound).bit_length())
    moved = row.copy()
    moved.constant = (1 << place) - bound
    return added(builder, moved, place + 1)[-1]


def added(builder: Builder, row: Row, width: int) -> list[Value]:
    """The ``width`` lowest bits of a row's sum; the adders of bits that nobody reads are left out by the builder."""
    columns = [deque(sorted(row.columns[c].items()) if c < len(row.columns) else ()) for c in range(width)]
    one = (builder.add(Constant(0)), True)
    bits: list[Value] = []
    for c, literals in enumerate(columns):
        if row.constant >> c & 1:
            literals.append(one)
        while len(literals) > 1:
            a, b = literals.popleft(), literals.popleft()
            third = literals.popleft() if literals else (one[0], False)
            total, carry = full_adder(builder, a, b, third)
            literals.append(total)
            if c + 1 < width:
                columns[c + 1].append(carry)
        bit, inverted = literals[0] if literals else (one[0], False)
        bits.append(logic(builder, (bit,), 0b01) if inverted else bit)
    return bits
