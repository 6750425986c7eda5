"""Values of a circuit: their indices and what is proven about each."""

from __future__ import annotations

from typing import NamedTuple

from ..exact import trailing_zeros
from ..number import Number

__all__ = ["Range", "Value"]

Value = int
"""The index of a node in its circuit."""


class Range(NamedTuple):
    """All that a scalar can be: ``low .. high``, a multiple of ``2^zeros``."""

    low: int
    high: int
    zeros: int = 0

    @staticmethod
    def around(*values: int) -> Range:
        """What holds all of these integers."""
        return Range(min(values), max(values), min((trailing_zeros(v) for v in values if v), default=0))

    @staticmethod
    def of(number: Number) -> Range:
        """What holds a scalar lattice."""
        low, high, step = int(number.low), int(number.high), int(number.step)
        return Range(low, high, Range.around(low, step).zeros)

    @property
    def signed(self) -> bool:
        """Whether it needs a sign bit."""
        return self.low < 0

    @property
    def width(self) -> int:
        """Bits of the two's complement or unsigned word that holds it, its zeros included."""
        if self.signed:
            return max((~self.low).bit_length(), self.high.bit_length() if self.high > 0 else 0) + 1
        return self.high.bit_length()

    @property
    def magnitude(self) -> int:
        """The greatest absolute value."""
        return max(abs(self.low), abs(self.high))

    def holds(self, other: Range) -> bool:
        """Whether everything that ``other`` can be is in it."""
        inside = self.low <= other.low and other.high <= self.high
        return inside and (
            self.zeros <= other.zeros or (other.low == other.high and other.low % (1 << self.zeros) == 0)
        )
