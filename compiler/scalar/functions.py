"""What an element-wise function of a chain must say of itself, and those that are affine between kinks.

A new unary function is one class: how it is drawn through float64, where it turns, its exact values or its enclosure.
``Kinked`` functions are exactly affine between their kinks; ``Rational`` ones map fractions to fractions; ``Smooth``
ones are enclosed with interval arithmetic. ``rational.py`` and ``curves.py`` hold the latter two.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt

from ..real import Reals
from .domain import REALS, Domain
from .intervals import ends, interval, working_precision

__all__ = [
    "FAR",
    "Abs",
    "Affine",
    "Clip",
    "Function",
    "Image",
    "Kinked",
    "LeakyRelu",
    "PRelu",
    "Rational",
    "Relu",
    "Sigmoid",
    "Sign",
    "Smooth",
    "Staircase",
    "Stepped",
    "Tanh",
    "ThresholdedRelu",
    "Turn",
    "at",
]

iv: Any = mpmath.iv

FAR = 32  # from here on an exponential's rest is added to its asymptote exactly

Turn = Callable[[int], tuple[Fraction, Fraction]]
"""A critical point: a bracket of it for a precision in bits, both ends equal where it is rational."""

Image = tuple[Fraction, Fraction]
"""Fractions below and above all values; equal where the value is known exactly."""


def at(x: Fraction | int) -> Turn:
    """A critical point that is rational."""
    return lambda precision: (Fraction(x), Fraction(x))


class Function(ABC):
    """A real function of one variable, the same for each element or one per channel (last axis)."""

    @abstractmethod
    def evaluate(self, x: Reals) -> Reals:
        """In float64, for calibration."""

    @abstractmethod
    def image(self, channel: int, low: Fraction, high: Fraction, precision: int) -> Image:
        """Bounds of f on ``low .. high``, which lies in the domain; they meet as both the interval shrinks and
        ``precision`` (bits) grows."""

    @property
    def channels(self) -> int:
        """How many different channels it has; 1 means one for all."""
        return 1

    @property
    def domain(self) -> Domain:
        """Where it is defined."""
        return REALS

    @property
    def name(self) -> str:
        """As in ONNX."""
        return type(self).__name__

    def turns(self, channel: int, low: Fraction, high: Fraction) -> Iterable[Turn]:
        """Critical points, ascending: between those in ``low .. high`` it is monotone (constant, too)."""
        return ()

    def bounds(self, low: Reals, high: Reals) -> tuple[Reals, Reals]:
        """Least and greatest value on each interval in float64; the last axis is that of the channels."""
        first, last = self.evaluate(low), self.evaluate(high)
        least, most = np.minimum(first, last), np.maximum(first, last)
        for c in range(self.channels):
            part = ... if self.channels == 1 else (..., c)
            for x, values in self.marks(c, low[part], high[part]):
                inside = (low[part] <= x) & (x <= high[part])
                for value in values:
                    least[part] = np.where(inside, np.minimum(least[part], value), least[part])
                    most[part] = np.where(inside, np.maximum(most[part], value), most[part])
        return least, most

    def marks(self, channel: int, low: Reals, high: Reals) -> Iterable[tuple[float, Sequence[float]]]:
        """Where an extremum may lie inside ``low .. high``, and the values there."""
        if low.size == 0:
            return
        for turn in self.turns(channel, Fraction(float(low.min())), Fraction(float(high.max()))):
            x = float(sum(turn(80)) / 2)
            yield x, self.evaluate(np.array([x])).tolist()


class Kinked(Function):
    """Affine between finitely many kinks, where it may jump."""

    @abstractmethod
    def kinks(self, channel: int) -> tuple[Fraction, ...]:
        """The abscissae where the line changes, ascending."""

    @abstractmethod
    def line(self, channel: int, x: Fraction) -> tuple[Fraction, Fraction]:
        """Slope and intercept of the line that gives f(x), and f beside ``x`` if ``x`` is no kink."""

    def turns(self, channel: int, low: Fraction, high: Fraction) -> Iterable[Turn]:
        return tuple(map(at, self.kinks(channel)))

    def image(self, channel: int, low: Fraction, high: Fraction, precision: int) -> Image:
        points = [low, *(k for k in self.kinks(channel) if low < k < high), high]
        values = [self.value(channel, p) for p in points]
        if low < high:
            values += [y for a, b in pairwise(points) for y in self.open_piece(channel, a, b)]
        return min(values), max(values)

    def value(self, channel: int, x: Fraction) -> Fraction:
        """f(x)."""
        a, b = self.line(channel, x)
        return a * x + b

    def open_piece(self, channel: int, low: Fraction, high: Fraction) -> tuple[Fraction, Fraction]:
        """The limits of f at both ends from inside, of an interval without kinks inside."""
        a, b = self.line(channel, (low + high) / 2)
        return a * low + b, a * high + b

    def marks(self, channel: int, low: Reals, high: Reals) -> Iterable[tuple[float, Sequence[float]]]:
        kinks = self.kinks(channel)
        for i, k in enumerate(kinks):
            before = kinks[i - 1] if i else k - 1
            after = kinks[i + 1] if i + 1 < len(kinks) else k + 1
            limits = (
                self.open_piece(channel, before, k)[1],
                self.value(channel, k),
                self.open_piece(channel, k, after)[0],
            )
            yield float(k), [float(y) for y in limits]


class Rational(Function):
    """Exact: fractions to fractions; monotone between rational critical points, and it may jump."""

    @abstractmethod
    def exact(self, x: Fraction) -> Fraction:
        """f(x) for x in the domain."""

    def critical(self) -> tuple[Fraction, ...]:
        """Where it turns, ascending."""
        return ()

    def turns(self, channel: int, low: Fraction, high: Fraction) -> Iterable[Turn]:
        return tuple(map(at, self.critical()))

    def image(self, channel: int, low: Fraction, high: Fraction, precision: int) -> Image:
        values = [self.exact(x) for x in (low, high, *(c for c in self.critical() if low < c < high))]
        return min(values), max(values)


class Stepped(Rational):
    """Constant between jumps."""


class Smooth(Function):
    """Continuous and enclosed to any precision."""

    @abstractmethod
    def enclose(self, x: Any) -> Any:
        """The mpmath interval that holds f(x) for all x of an mpmath interval, at mpmath's working precision."""

    def exact(self, x: Fraction) -> Fraction | None:
        """f(x) where it is known to be rational: enclosures cannot decide a tie there."""
        return None

    def tail(self, x: Any) -> tuple[Fraction, Any] | None:
        """The asymptote and the enclosed rest where f is so near to it that only their exact sum tells them apart."""
        return None

    def image(self, channel: int, low: Fraction, high: Fraction, precision: int) -> Image:
        known = self.exact(low) if low == high else None
        if known is not None:
            return known, known
        with working_precision(precision):
            x = interval(low, high)
            asymptote, rest = self.tail(x) or (Fraction(0), self.enclose(x))
            below, above = ends(rest)
            return asymptote + below, asymptote + above


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
class Abs(LeakyRelu):
    """``|x|``."""

    alpha: float = -1.0


@dataclass(frozen=True, eq=False)
class PRelu(Kinked):
    """``x`` from zero on, ``slope * x`` below; one slope, or one per channel."""

    slope: npt.NDArray[Any]

    def evaluate(self, x: Reals) -> Reals:
        return np.where(x >= 0, x, self.slope.astype(np.float64) * x)

    @property
    def channels(self) -> int:
        return self.slope.size

    def kinks(self, channel: int) -> tuple[Fraction, ...]:
        return (Fraction(0),)

    def line(self, channel: int, x: Fraction) -> tuple[Fraction, Fraction]:
        return (Fraction(1) if x >= 0 else per_channel(self.slope, channel)), Fraction(0)


@dataclass(frozen=True)
class ThresholdedRelu(Kinked):
    """``x`` above ``alpha``, else 0: it jumps at ``alpha``."""

    alpha: float = 1.0

    def evaluate(self, x: Reals) -> Reals:
        return np.where(x > self.alpha, x, 0.0)

    def kinks(self, channel: int) -> tuple[Fraction, ...]:
        return (Fraction(self.alpha),)

    def line(self, channel: int, x: Fraction) -> tuple[Fraction, Fraction]:
        return Fraction(int(x > self.alpha)), Fraction(0)


@dataclass(frozen=True)
class Sign(Kinked):
    """-1, 0 or 1."""

    def evaluate(self, x: Reals) -> Reals:
        return np.sign(x)

    def kinks(self, channel: int) -> tuple[Fraction, ...]:
        return (Fraction(0),)

    def line(self, channel: int, x: Fraction) -> tuple[Fraction, Fraction]:
        return Fraction(0), Fraction((x > 0) - (x < 0))


@dataclass(frozen=True, eq=False)
class Staircase(Kinked):
    """``scale * count + bias``, with the number of thresholds that x reaches; thresholds are ascending rows, one per
    channel or one for all."""

    thresholds: Reals
    scale: Fraction
    bias: Fraction

    def evaluate(self, x: Reals) -> Reals:
        return float(self.scale) * (x[..., None] >= self.thresholds).sum(axis=-1) + float(self.bias)

    @property
    def channels(self) -> int:
        return len(self.thresholds)

    def kinks(self, channel: int) -> tuple[Fraction, ...]:
        return tuple(Fraction(float(t)) for t in np.unique(self.row(channel)))

    def line(self, channel: int, x: Fraction) -> tuple[Fraction, Fraction]:
        return Fraction(0), self.scale * sum(Fraction(float(t)) <= x for t in self.row(channel)) + self.bias

    def row(self, channel: int) -> Reals:
        """The thresholds of a channel."""
        return self.thresholds[channel if len(self.thresholds) > 1 else 0]


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

    def exact(self, x: Fraction) -> Fraction | None:
        return Fraction(1, 2) if x == 0 else None

    def enclose(self, x: Any) -> Any:
        return 1 / (1 + iv.exp(-x))

    def tail(self, x: Any) -> tuple[Fraction, Any] | None:
        return (Fraction(1), -self.enclose(-x)) if x.a > FAR else None


@dataclass(frozen=True)
class Tanh(Smooth):
    """``tanh(x)``."""

    def evaluate(self, x: Reals) -> Reals:
        return np.tanh(x)

    def exact(self, x: Fraction) -> Fraction | None:
        return Fraction(0) if x == 0 else None

    def enclose(self, x: Any) -> Any:
        return 1 - 2 / (1 + iv.exp(2 * x))

    def tail(self, x: Any) -> tuple[Fraction, Any] | None:
        if x.b < -FAR:
            return Fraction(-1), 2 / (1 + 1 / iv.exp(2 * x))
        return (Fraction(1), -2 / (1 + iv.exp(2 * x))) if x.a > FAR else None
