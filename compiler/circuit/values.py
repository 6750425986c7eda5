"""Values of a circuit: their indices and what is proven about each."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Range", "Value"]

Value = int
"""The index of a node in its circuit."""


class Range(NamedTuple):
    """All that a scalar can be: ``low .. high``, a multiple of ``2^zeros``."""

    low: int
    high: int
    zeros: int = 0

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
