"""What hardware an integer function can take: a multiplication, a shift and a saturation, where these are proven equal.

The lines that stay between the ends of a function's constant pieces form a polygon in the plane of slope and offset.
Its least and greatest slope are found exactly, then a small power of two that brings an integer pair inside
(compare the recognition of digital straight lines, Debled-Rennesson and Reveilles 1995).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import ceil, floor

import numpy as np

from ..exact import Ints, objects, trailing_zeros
from .pieces import Pieces, shifted

__all__ = ["MultiplyShift", "digits", "multiply_shift", "shift_clip"]

MAX_SHIFT = 62
MAX_PIECES = 1 << 12
SPARE = 3  # shifts beyond the first one found, for a multiplier of fewer digits
CANDIDATES = 64  # multipliers looked at for each shift, those in the middle


@dataclass(frozen=True)
class MultiplyShift:
    """``clip((multiplier * v + offset) >> right, low, high)``; ``tie`` is that of :class:`Line`."""

    multiplier: int
    offset: int
    right: int
    low: int
    high: int
    tie: int = 0

    @property
    def left(self) -> int:
        """The multiplier's trailing zeros."""
        return trailing_zeros(self.multiplier)

    @property
    def shifts(self) -> bool:
        """Whether a shift is all that the multiplier does, and ties are rounded up."""
        return self.multiplier > 0 and self.multiplier == 1 << self.left and not self.tie

    def reach(self, largest: int) -> int:
        """A bound of what is shifted, where no input's magnitude is above ``largest``."""
        return abs(self.multiplier) * largest + abs(self.offset) + abs(self.tie)

    def at(self, v: int) -> int:
        """The value at an integer."""
        return min(max(shifted(self.multiplier * v + self.offset, self.right, self.tie), self.low), self.high)


def shift_clip(pieces: Pieces) -> MultiplyShift | None:
    """The function as add, shift and saturate, or None where it is not one."""
    form = multiply_shift(pieces)
    return form if form is not None and form.shifts else None


@lru_cache(maxsize=1 << 13)
def multiply_shift(pieces: Pieces) -> MultiplyShift | None:
    """The function as multiply, add, shift and saturate, or None where none is found.

    Of forms found the shift is small and the multiplier has few digits. The candidate is monotone, and so is each piece
    of the function: where one of them is flat, agreement at both ends is agreement between. At most one piece is not
    flat, and then the candidate is its line.
    """
    low, high = pieces.range
    sloped = [line for line in pieces.lines if line.multiplier]
    if len(sloped) > 1:
        return None
    if low == high:
        return MultiplyShift(1, 0, 0, low, high)
    if not sloped and len(pieces.lines) == 2 and high - low == 1 and pieces.monotone:
        # two levels: the sign of v - threshold
        width = max(abs(pieces.low), abs(pieces.high)).bit_length() + 1
        form = MultiplyShift(1, ((low + 1) << width) - pieces.lines[1].start, width, low, high)
    elif sloped:
        (line,) = sloped
        # rounding down twice is rounding down once
        down = 0 if line.tie else min(trailing_zeros(line.multiplier), line.shift)
        form = MultiplyShift(line.multiplier >> down, line.offset >> down, line.shift - down, low, high, line.tie)
    else:
        return staircase(pieces)
    return form if all(form.at(v) == y for v, y in pieces.critical) else None


def staircase(pieces: Pieces) -> MultiplyShift | None:
    """The form of constant pieces that rise or fall, each level one unit from the last or not."""
    values = [line.at(0) for line in pieces.lines]
    rises = values[-1] > values[0]
    if len(values) > MAX_PIECES or values != sorted(values, reverse=not rises):
        return None
    low, high = pieces.range
    ends = np.array(pieces.ends, dtype=object)
    y = objects(values)
    first, last = (ends[:, 0], ends[:, 1]) if rises else (ends[:, 1], ends[:, 0])
    # a line must reach y at the first integer of a piece, and stay below y + 1 up to the last; clipping does the rest
    polygon = Polygon(first[y > low], y[y > low], last[y < high], y[y < high] + 1)
    found = polygon.slopes()
    if found is None:
        return None
    least, most = found
    forms: list[tuple[int, int, int, int]] = []
    for right in range(MAX_SHIFT + 1):
        options = [(digits(m), right, m, o) for m in middle(least, most, right) for o in polygon.offset(m, right)]
        if options:
            forms.append(min(options))
        if forms and right >= forms[0][1] + SPARE:
            break
    if not forms:
        return None
    _, right, m, o = min(forms)
    return MultiplyShift(m, o, right, low, high)


def middle(least: Fraction, most: Fraction, right: int) -> range:
    """The multipliers of slopes between two, where there are many those in the middle."""
    a, b = ceil(least * (1 << right)), floor(most * (1 << right))
    spare = max(b - a + 1 - CANDIDATES, 0)
    return range(a + spare // 2, b + 1 - (spare - spare // 2))


def digits(multiplier: int) -> int:
    """Canonical signed digits: adders that a product takes, and one."""
    return (3 * abs(multiplier) ^ abs(multiplier)).bit_count()


@dataclass(frozen=True, eq=False)
class Polygon:
    """The lines ``t v + c`` with ``t a + c >= y`` and ``t b + c < z`` for all (a, y) and (b, z)."""

    a: Ints
    y: Ints
    b: Ints
    z: Ints

    def slopes(self) -> tuple[Fraction, Fraction] | None:
        """Least and greatest slope of all these lines, and of those with ``<=`` in place of ``<``; None if there are
        none."""
        least, most = self.tangent(1), self.tangent(-1)
        return None if least is None or most is None or least > most else (least, most)

    def tangent(self, side: int) -> Fraction | None:
        """The least slope (side 1) or the greatest: Newton's steps towards the zero of the offsets' room, which is a
        concave function of the slope whose pieces are straight."""
        reach = int(max(self.y.max(), self.z.max()) - min(self.y.min(), self.z.min())) + 1  # steeper is of no use
        t = Fraction(-side * reach)
        while True:
            p, q = t.numerator, t.denominator
            i, j = int((self.y * q - p * self.a).argmax()), int((self.z * q - p * self.b).argmin())
            room = (self.z[j] * q - p * self.b[j]) - (self.y[i] * q - p * self.a[i])
            if room >= 0:
                return t
            run = int(self.a[i] - self.b[j]) * side
            if run <= 0:
                return None
            t = Fraction(side * int(self.y[i] - self.z[j]), run)

    def offset(self, multiplier: int, right: int) -> Iterator[int]:
        """The offset with the most trailing zeros of those that keep ``(multiplier * v + offset) >> right`` inside."""
        least = int(((self.y << right) - multiplier * self.a).max())
        most = int(((self.z << right) - 1 - multiplier * self.b).min())
        if least <= most:
            zeros = (least - 1 ^ most).bit_length() - 1
            yield most >> zeros << zeros
