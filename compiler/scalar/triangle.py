"""The angle of the first or last quarter turn that has the same sine."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import floor, pi

import numpy as np

from ..real import Reals
from .functions import Kinked

__all__ = ["Triangle"]

HALF = Fraction(pi)


@dataclass(frozen=True)
class Triangle(Kinked):
    """``asin(sin(x))`` for ``x`` up to ``reach`` half turns and a quarter on either side; from there on its last value.

    A half turn is the float64 next to pi.
    """

    reach: int

    def evaluate(self, x: Reals) -> Reals:
        end = (self.reach + 0.5) * pi
        return np.arcsin(np.sin(np.clip(x, -end, end)))

    def kinks(self, channel: int) -> tuple[Fraction, ...]:
        return tuple((k + Fraction(1, 2)) * HALF for k in range(-self.reach - 1, self.reach + 1))

    def line(self, channel: int, x: Fraction) -> tuple[Fraction, Fraction]:
        turns, sign = floor(x / HALF + Fraction(1, 2)), 1 - 2 * (self.reach % 2)
        if turns > self.reach:
            return Fraction(0), sign * HALF / 2
        if turns < -self.reach:
            return Fraction(0), -sign * HALF / 2
        slope = 1 - 2 * (turns % 2)
        return Fraction(slope), -slope * turns * HALF
