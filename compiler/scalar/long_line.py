"""A rounded line with more levels than breakpoints can hold, as multiply, add, shift."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, gcd, lcm

from .monotone import MAX_LEVELS, TooManyLevelsError, first_where
from .pieces import Line
from .quantizer import Quantizer, Rounding

__all__ = ["long_line"]


def long_line(start: int, end: int, slope: Fraction, intercept: Fraction, q: Quantizer) -> list[Line]:
    """``clip(round(slope * v + intercept))`` on ``start .. end``, with as many digits as make it exact there.

    With ``floor((p * v + c) / d)`` for the rounded line and ``n`` integers to serve, a slope rounded to ``2^-shift``
    errs by at most ``n / 2^(shift + 1)``, which stays within the ``1 / d`` between a value and the next one where
    ``2^shift >= d * (n / 2 + 1)``. Ties that go down to an even integer are pieces of their own.
    """

    def code(v: int) -> int:
        return q.code(slope * v + intercept)

    inside = [v for v in (q.low, q.high) if v is not None]
    first = first_where(start, end, lambda v: code(v) != code(start)) if code(start) in inside else start
    last = first_where(start, end, lambda v: code(v) == code(end)) - 1 if code(end) in inside else end
    rounded = q.rounding in (Rounding.HALF_UP, Rounding.HALF_EVEN)
    if not rounded and q.rounding is not Rounding.FLOOR:
        raise TooManyLevelsError(f"{abs(code(end) - code(start))} levels")
    base = intercept + Fraction(1, 2) if rounded else intercept
    d = lcm(slope.denominator, base.denominator)
    p, c = int(slope * d), int(base * d)
    shift = (d * ((last - first) // 2 + 2)).bit_length()
    multiplier = round(Fraction(p << shift, d))
    # the multiplier's error is taken from `first`, so that n is the number of integers
    lowest = max((Fraction(p << shift, d) - multiplier) * v for v in (first, last))
    line = Line(first, multiplier, ceil(lowest + Fraction(c << shift, d)), shift)
    ties = down_to_even(first, last, p, c, d, line) if q.rounding is Rounding.HALF_EVEN else []
    pieces = [line]
    for v in ties:
        pieces += [Line(v, 0, line.at(v) - 1, 0), line._replace(start=v + 1)]
    head = [Line(start, 0, code(start), 0)] if first > start else []
    tail = [Line(last + 1, 0, code(end), 0)] if last < end else []
    return [*head, *(piece for piece in pieces if piece.start <= last), *tail]


def down_to_even(first: int, last: int, p: int, c: int, d: int, line: Line) -> list[int]:
    """Where ``(p * v + c) / d`` is an odd integer: ties that half up has rounded away from the even neighbour."""
    common = gcd(p, d)
    if c % common:
        return []
    period = d // common
    tie = first + (-(c + p * first) // common * pow(p // common, -1, period)) % period
    if (last - tie) // period > MAX_LEVELS:
        raise TooManyLevelsError(f"{(last - tie) // period} ties that are rounded to even")
    return [v for v in range(tie, last + 1, period) if line.at(v) % 2]
