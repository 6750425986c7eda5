"""What hardware an integer function can take: the cheapest form that is proven equal."""

from __future__ import annotations

from dataclasses import dataclass

from ..exact import trailing_zeros
from .pieces import Pieces

__all__ = ["ShiftClip", "shift_clip"]


@dataclass(frozen=True)
class ShiftClip:
    """``clip(((v << left) + bias) >> right, low, high)``."""

    left: int
    bias: int
    right: int
    low: int
    high: int

    def at(self, v: int) -> int:
        """The value at an integer."""
        return min(max(((v << self.left) + self.bias) >> self.right, self.low), self.high)


def shift_clip(pieces: Pieces) -> ShiftClip | None:
    """The function as add, shift and saturate, or None where it is not one.

    The candidate never decreases and its line is the function's own, so both agree everywhere if they agree at both
    ends of each line and all lines but one are flat.
    """
    low, high = pieces.range
    sloped = [line for line in pieces.lines if line.multiplier]
    if len(sloped) > 1 or not pieces.monotone:
        return None
    if not sloped:
        if low == high:
            return ShiftClip(0, 0, 0, low, high)
        if len(pieces.lines) != 2 or high - low != 1:
            return None
        # two levels: the sign of v - threshold
        width = max(abs(pieces.low), abs(pieces.high)).bit_length() + 1
        form = ShiftClip(0, ((low + 1) << width) - pieces.lines[1].start, width, low, high)
    else:
        (line,) = sloped
        if line.multiplier <= 0 or line.multiplier & (line.multiplier - 1):
            return None
        up = trailing_zeros(line.multiplier)
        if up <= line.shift:  # rounding down twice is rounding down once
            form = ShiftClip(0, line.offset >> up, line.shift - up, low, high)
        else:
            form = ShiftClip(up - line.shift, line.offset >> line.shift, 0, low, high)
    return form if all(form.at(v) == y for v, y in pieces.critical) else None
