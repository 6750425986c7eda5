"""The element-wise functions that a chain is made of.

A new unary function is one class here: how it is drawn through float64, its kinks or its enclosure. ``Kinked``
functions are exactly affine between their kinks; ``Smooth`` ones are monotone and enclosed with interval arithmetic.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from fractions import Fraction
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
    "Relu",
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
