"""The end of a chain: where a real number becomes an integer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from math import ceil, floor
from typing import Any

import numpy as np
import numpy.typing as npt

from ..real import Reals

__all__ = ["Quantizer", "Rounding"]

HALF = Fraction(1, 2)


class Rounding(Enum):
    """How a quantiser rounds a real number to an integer."""

    HALF_EVEN = "half to even"
    HALF_UP = "half up"
    HALF_AWAY = "half away from zero"
    HALF_TO_ZERO = "half to zero"
    FLOOR = "floor"
    CEIL = "ceil"
    TO_ZERO = "to zero"
    AWAY = "away from zero"

    @property
    def exact(self) -> Callable[[Fraction], int]:
        """The rounding of an exact fraction."""
        return EXACT[self]

    def array(self, x: Reals) -> Reals:
        """The rounding of float64 values."""
        return ARRAY[self](x)

    def boundary(self, k: int) -> tuple[int, bool]:
        """Twice the number at which the result goes from ``k`` to ``k + 1``, and whether it is rounded up itself."""
        match self:
            case Rounding.FLOOR:
                return 2 * k + 2, True
            case Rounding.CEIL:
                return 2 * k, False
            case Rounding.TO_ZERO:
                return (2 * k + 2, True) if k >= 0 else (2 * k, False)
            case Rounding.AWAY:
                return (2 * k, False) if k >= 0 else (2 * k + 2, True)
            case _:
                return 2 * k + 1, self.exact(Fraction(2 * k + 1, 2)) > k


def symmetric(rounding: Callable[[Any], Any]) -> Callable[[Fraction], int]:
    """The rounding of the magnitude, with the sign put back."""
    return lambda x: rounding(x) if x >= 0 else -rounding(-x)


EXACT: dict[Rounding, Callable[[Fraction], int]] = {
    Rounding.HALF_EVEN: round,
    Rounding.HALF_UP: lambda x: floor(x + HALF),
    Rounding.HALF_AWAY: symmetric(lambda x: floor(x + HALF)),
    Rounding.HALF_TO_ZERO: symmetric(lambda x: ceil(x - HALF)),
    Rounding.FLOOR: floor,
    Rounding.CEIL: ceil,
    Rounding.TO_ZERO: symmetric(floor),
    Rounding.AWAY: symmetric(ceil),
}
ARRAY: dict[Rounding, Callable[[Reals], Reals]] = {
    Rounding.HALF_EVEN: np.rint,
    Rounding.HALF_UP: lambda x: np.floor(x + 0.5),
    Rounding.HALF_AWAY: lambda x: np.copysign(np.floor(np.abs(x) + 0.5), x),
    Rounding.HALF_TO_ZERO: lambda x: np.copysign(np.ceil(np.abs(x) - 0.5), x),
    Rounding.FLOOR: np.floor,
    Rounding.CEIL: np.ceil,
    Rounding.TO_ZERO: np.trunc,
    Rounding.AWAY: lambda x: np.copysign(np.ceil(np.abs(x)), x),
}


@dataclass(frozen=True, eq=False)
class Quantizer:
    """``scale * clip(round(x / scale + zero) - zero, low, high)``: the end of a chain.

    ``scale`` is an array of positive fractions (one, or one per channel). A bound of None means that nothing saturates.
    ``zero`` is the file's zero point: it only decides which neighbour of a tie is even. A ``bipolar`` quantiser gives
    the codes 1 where ``x >= 0`` and -1 elsewhere. A curved function's code may be ``freedom`` units off
    where that takes less logic.
    """

    scale: npt.NDArray[Any]
    low: int | None
    high: int | None
    rounding: Rounding = Rounding.HALF_UP
    zero: int = 0
    bipolar: bool = False
    freedom: int = 0

    @property
    def step(self) -> int:
        """What all codes differ by multiples of."""
        return 2 if self.bipolar else 1

    @property
    def channels(self) -> int:
        """How many different channels it has; 1 means one for all."""
        return self.scale.size

    @property
    def bounded(self) -> bool:
        """Whether it saturates on both sides."""
        return self.low is not None and self.high is not None

    def code(self, x: Fraction) -> int:
        """The integer of an exact number of units."""
        if self.bipolar:
            return 1 if x >= 0 else -1
        return self.clip(self.rounding.exact(x + self.zero) - self.zero)

    def clip(self, value: int) -> int:
        """Saturate an integer."""
        value = value if self.low is None else max(value, self.low)
        return value if self.high is None else min(value, self.high)

    def codes(self, x: Reals) -> Reals:
        """The integers of real numbers in float64, for calibration and for what the host sends."""
        if self.bipolar:
            return np.where(x >= 0, 1.0, -1.0)
        low = -np.inf if self.low is None else self.low
        high = np.inf if self.high is None else self.high
        units = x / self.scale.astype(np.float64)
        return np.clip(self.rounding.array(units + self.zero) - self.zero, low, high)

    def evaluate(self, x: Reals) -> Reals:
        """In float64, for calibration."""
        return self.scale.astype(np.float64) * self.codes(x)
