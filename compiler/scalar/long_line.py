"""A rounded line with more levels than breakpoints can hold, as multiply, add, shift."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, gcd, lcm

from .monotone import TooManyLevelsError, first_where
from .pieces import Line
from .quantizer import Quantizer, Rounding

__all__ = ["long_line"]


def long_line(start: int, end: int, slope: Fraction, intercept: Fraction, q: Quantizer) -> list[Line]:
    """``clip(round(slope * v + intercept))`` on ``start .. end``, with as many digits as make it exact there.

    With ``floor((p * v + c) / d)`` for the rounded line and ``n`` integers to serve, a slope rounded to ``2^-shift``
    errs by at most ``n / 2^(shift + 1)``, which stays within the ``1 / d`` between a value and the next one where
    ``2^shift >= d * (n / 2 + 1)``. Ties are the integers ``(p * v + c) / d``: the line is above them by
    less than it is above all others, so taking a power of two between both moves only ties down.
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
    even = q.rounding is Rounding.HALF_EVEN and c % gcd(p, d) == 0
    shift = (d * ((last - first) // 2 + 2)).bit_length() + even
    multiplier = round(Fraction(p << shift, d))
    # the multiplier's error is taken from `first`, so that n is the number of integers
    lowest = max((Fraction(p << shift, d) - multiplier) * v for v in (first, last))
    offset = ceil(lowest + Fraction(c << shift, d))
    tie = 0
    if even:
        above = max(multiplier * v + offset - Fraction((p * v + c) << shift, d) for v in (first, last))
        tie = 1 << floor(above).bit_length()
        assert above < tie <= Fraction(1 << shift, d)  # more than any tie is above its integer, no more than others are
    line = Line(first, multiplier, offset, shift, -tie if q.zero % 2 else tie)
    head = [Line(start, 0, code(start), 0)] if first > start else []
    tail = [Line(last + 1, 0, code(end), 0)] if last < end else []
    return [*head, *([line] if first <= last else []), *tail]
