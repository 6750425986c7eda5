"""The rest of one row: full adders to its bits, or to one bit that tells whether a bound is reached."""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from ..bits import Concat
from ..logic import logic
from ..nodes import Constant
from ..values import Range, Value
from .depth import Depth
from .row import Row
from .share import full_adder

__all__ = ["at_least", "word"]

Literal = tuple[Value, bool]


def word(depth: Depth, row: Row, r: Range) -> Value:
    """The sum, whose range is ``r``, as a word."""
    if r.low == r.high:
        return depth.builder.add(Constant(r.low))
    return depth.builder.add(Concat(tuple(added(depth, row, r.width)), r))


def at_least(depth: Depth, row: Row, bound: int) -> Value:
    """1 where the sum is at least ``bound``.

    A constant is added such that one bit of the sum is the answer: below it only carries are needed.
    """
    bound -= row.constant
    if bound <= 0 or bound > row.most:
        return depth.builder.add(Constant(int(bound <= 0)))
    place = max((bound - 1).bit_length(), (row.most - bound).bit_length())
    moved = row.copy()
    moved.constant = (1 << place) - bound
    return added(depth, moved, place + 1)[-1]


def added(depth: Depth, row: Row, width: int) -> list[Value]:
    """The ``width`` lowest bits of a row's sum; the adders of bits that nobody reads are left out by the builder.

    Of each column the bits that are there first are added first (V. G. Oklobdzija, D. Villeger, S. S. Liu, "A method
    for speed optimized partial product reduction", 1996).
    """
    builder = depth.builder

    def timed(literal: Literal) -> tuple[int, Literal]:
        return depth.of(literal[0]), literal

    columns = [[timed(v) for v in row.columns[c].items()] if c < len(row.columns) else [] for c in range(width)]
    one = (builder.add(Constant(0)), True)
    bits: list[Value] = []
    for c, literals in enumerate(columns):
        if row.constant >> c & 1:
            literals.append((0, one))
        heapify(literals)
        while len(literals) > 1:
            (_, x), (_, y) = heappop(literals), heappop(literals)
            z = heappop(literals)[1] if literals else (one[0], False)
            total, carry = full_adder(builder, x, y, z)
            heappush(literals, timed(total))
            if c + 1 < width:
                columns[c + 1].append(timed(carry))
        bit, inverted = literals[0][1] if literals else (one[0], False)
        bits.append(logic(builder, (bit,), 0b01) if inverted else bit)
    return bits
