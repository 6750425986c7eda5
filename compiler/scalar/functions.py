"""The element-wise functions that a chain is made of.

A new unary function is one class here: how it is drawn through float64, its kinks or its enclosure. ``Kinked``
functions are exactly affine between their kinks; ``Smooth`` ones are monotone and enclosed with interval arithmetic.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from math import floor
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt

from ..real import Reals

__all__ = [
    "Affine",
    "Clip",
    "Function",
    "Kinked",
    "LeakyRelu",
    "Quantizer",
    "Relu",
    "Rounding",
    "Sigmoid",
    "Smooth",
    "Tanh",
]


class Function(ABC):
    """A real function of one variable, the same for each element or one per channel (last axis)."""

    @abstractmethod
    def evaluate(self, x: Reals) -> Reals:
        """In float64, for calibration."""

    @property
    def channels(self) -> int:
        """How many different channels it has; 1 means one for all."""
        return 1


class Kinked(Function):
    """Continuous, and affine between finitely many kinks."""

    @abstractmethod
    def kinks(self, channel: int) -> tuple[Fraction, ...]:
        """The abscissae where the slope changes, ascending."""

    @abstractmethod
    def line(self, channel: int, x: Fraction) -> tuple[Fraction, Fraction]:
        """Slope and intercept on the piece that holds ``x`` (the right one at a kink)."""


class Smooth(Function):
    """Monotone on the whole line and enclosed to any precision."""

    @abstractmethod
    def enclose(self, x: Any) -> Any:
        """The mpmath interval that holds f(x) for all x of an mpmath interval, at mpmath's working precision."""


def per_channel(values: npt.NDArray[Any], channel: int) -> Fraction:
    """A parameter's exact value in a channel."""
    flat = values.reshape(-1)
    value = flat[channel if flat.size > 1 else 0]
    return value if isinstance(value, Fraction) else Fraction(float(value))


@dataclass(frozen=True, eq=False)
class Affine(Kinked):
    """``slope * x + intercept``, per channel; float64 or exact fractions (dtype object)."""

    slope: npt.NDArray[Any]
    intercept: npt.NDArray[Any]

    def evaluate(self, x: Reals) -> Reals:
        return x * self.slope.astype(np.float64) + self.intercept.astype(np.float64)

    @property
    def channels(self) -> int:
        return max(self.slope.size, self.intercept.size)

    def kinks(self, channel: int) -> tuple[Fraction, ...]:
        return ()

    def line(self, channel: int, x: Fraction) -> tuple[Fraction, Fraction]:
        return per_channel(self.slope, channel), per_channel(self.intercept, channel)


@dataclass(frozen=True)
class LeakyRelu(Kinked):
    """``x`` from zero on, ``alpha * x`` below."""

    alpha: float = 0.01

    def evaluate(self, x: Reals) -> Reals:
        return np.where(x >= 0, x, self.alpha * x)

    def kinks(self, channel: int) -> tuple[Fraction, ...]:
        return (Fraction(0),)

    def line(self, channel: int, x: Fraction) -> tuple[Fraction, Fraction]:
        return (Fraction(1) if x >= 0 else Fraction(self.alpha)), Fraction(0)


@dataclass(frozen=True)
class Relu(LeakyRelu):
    """``max(x, 0)``."""

    alpha: float = 0.0


@dataclass(frozen=True)
class Clip(Kinked):
    """``min(max(x, low), high)``; an absent bound is infinite."""

    low: float = -np.inf
    high: float = np.inf

    def evaluate(self, x: Reals) -> Reals:
        return np.clip(x, self.low, self.high)

    def kinks(self, channel: int) -> tuple[Fraction, ...]:
        return tuple(Fraction(v) for v in (self.low, self.high) if np.isfinite(v))

    def line(self, channel: int, x: Fraction) -> tuple[Fraction, Fraction]:
        if x < self.low:
            return Fraction(0), Fraction(self.low)
        if x >= self.high:
            return Fraction(0), Fraction(self.high)
        return Fraction(1), Fraction(0)


@dataclass(frozen=True)
class Sigmoid(Smooth):
    """``1 / (1 + exp(-x))``."""

    def evaluate(self, x: Reals) -> Reals:
        return np.where(x >= 0, 1, np.exp(-np.abs(x))) / (1 + np.exp(-np.abs(x)))

    def enclose(self, x: Any) -> Any:
        exp: Any = mpmath.iv.exp
        return 1 / (1 + exp(-x))


@dataclass(frozen=True)
class Tanh(Smooth):
    """``tanh(x)``."""

    def evaluate(self, x: Reals) -> Reals:
        return np.tanh(x)

    def enclose(self, x: Any) -> Any:
        exp: Any = mpmath.iv.exp
        return 1 - 2 / (1 + exp(2 * x))


def half_even(x: Fraction) -> int:
    """Nearest, ties to the even neighbour."""
    return round(x)


def half_up(x: Fraction) -> int:
    """Nearest, ties upwards."""
    return floor(x + Fraction(1, 2))


class Rounding(Enum):
    """How a quantiser rounds a real number to an integer."""

    HALF_EVEN = "half to even"
    HALF_UP = "half up"
    FLOOR = "floor"
    CEIL = "ceil"

    @property
    def exact(self) -> Callable[[Fraction], int]:
        """The rounding of an exact fraction."""
        return {
            Rounding.HALF_EVEN: half_even, Rounding.HALF_UP: half_up,
            Rounding.FLOOR: floor, Rounding.CEIL: lambda x: -floor(-x),
        }[self]  # fmt: skip

    def array(self, x: Reals) -> Reals:
        """The rounding of float64 values."""
        match self:
            case Rounding.HALF_EVEN:
                return np.rint(x)
            case Rounding.HALF_UP:
                return np.floor(x + 0.5)
            case Rounding.FLOOR:
                return np.floor(x)
            case Rounding.CEIL:
                return np.ceil(x)


@dataclass(frozen=True, eq=False)
class Quantizer:
    """``scale * clip(round(x / scale), low, high)``: the end of a chain.

    ``scale`` is an array of positive fractions (one, or one per channel). A bound of None means that nothing saturates.
    """

    scale: npt.NDArray[Any]
    low: int | None
    high: int | None
    rounding: Rounding = Rounding.HALF_UP

    @property
    def channels(self) -> int:
        """How many different channels it has; 1 means one for all."""
        return self.scale.size

    def clip(self, value: int) -> int:
        """Saturate an integer."""
        value = value if self.low is None else max(value, self.low)
        return value if self.high is None else min(value, self.high)

    def evaluate(self, x: Reals) -> Reals:
        """In float64, for calibration."""
        scale = self.scale.astype(np.float64)
        low = -np.inf if self.low is None else self.low
        high = np.inf if self.high is None else self.high
        return scale * np.clip(self.rounding.array(x / scale), low, high)
