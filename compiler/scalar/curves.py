"""The transcendental functions, and where those that turn do so."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import ceil, erf, floor, pi
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt

from ..real import Reals
from . import intervals
from .domain import Domain, Kind
from .functions import FAR, Smooth, Turn, at
from .intervals import ends, hull, interval, working_precision

__all__ = ["Cos", "Elu", "Erf", "Exp", "Gelu", "GeluTanh", "Log", "Mish", "Sin", "Softplus", "Swish"]

iv: Any = mpmath.iv

MAX_BRACKET = 512  # bits of a bracket; integers that are nearer to a critical point are pieces of their own
AROUND_PI = Fraction(103993, 33102), Fraction(104348, 33215)  # below and above


def float_erf(x: Reals) -> Reals:
    """The error function in float64."""
    return np.array([erf(v) for v in x.flat], dtype=np.float64).reshape(x.shape)


@dataclass(frozen=True)
class Exp(Smooth):
    """``exp(x)``, up to where no quantiser follows it."""

    def evaluate(self, x: Reals) -> Reals:
        with np.errstate(over="ignore"):
            return np.exp(x)

    @property
    def domain(self) -> Domain:
        return Domain(Kind.UP_TO, 1 << 12)

    def exact(self, x: Fraction) -> Fraction | None:
        return Fraction(1) if x == 0 else None

    def enclose(self, x: Any) -> Any:
        return iv.exp(x)


@dataclass(frozen=True)
class Log(Smooth):
    """The natural logarithm."""

    def evaluate(self, x: Reals) -> Reals:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.log(x)

    @property
    def domain(self) -> Domain:
        return Domain(Kind.ABOVE)

    def exact(self, x: Fraction) -> Fraction | None:
        return Fraction(0) if x == 1 else None

    def enclose(self, x: Any) -> Any:
        return iv.log(x)


@dataclass(frozen=True)
class Softplus(Smooth):
    """``log(1 + exp(x))``."""

    def evaluate(self, x: Reals) -> Reals:
        return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))

    def enclose(self, x: Any) -> Any:
        return intervals.increasing(self.point, x)

    def point(self, x: Any) -> Any:
        """At a point; exp does not grow huge."""
        return x + intervals.log1p(iv.exp(-x)) if x.a >= 0 else intervals.log1p(iv.exp(x))


@dataclass(frozen=True)
class Elu(Smooth):
    """``gamma * x`` from 0 on, ``gamma * alpha * (exp(x / width) - 1)`` below: Elu, with gamma Selu, width Celu."""

    alpha: float = 1.0
    gamma: float = 1.0
    width: float = 1.0

    def evaluate(self, x: Reals) -> Reals:
        below = self.alpha * np.expm1(np.minimum(x, 0) / self.width)
        return self.gamma * np.where(x >= 0, x, below)

    def turns(self, channel: int, low: Fraction, high: Fraction) -> Iterable[Turn]:
        return (at(0),) if self.alpha < 0 else ()

    def exact(self, x: Fraction) -> Fraction | None:
        return Fraction(self.gamma) * x if x >= 0 else None

    def enclose(self, x: Any) -> Any:
        zero = iv.mpf(0)
        right = x if x.a >= 0 else hull(zero, x) if x.b > 0 else zero
        left = x if x.b <= 0 else hull(x, zero) if x.a < 0 else zero
        return self.gamma * (right + self.alpha * (iv.exp(left / self.width) - 1))

    def tail(self, x: Any) -> tuple[Fraction, Any] | None:
        if x.b > -FAR * self.width:
            return None
        return -Fraction(self.alpha) * Fraction(self.gamma), iv.mpf(self.gamma) * self.alpha * iv.exp(x / self.width)


@dataclass(frozen=True)
class Erf(Smooth):
    """The error function."""

    def evaluate(self, x: Reals) -> Reals:
        return float_erf(x)

    def exact(self, x: Fraction) -> Fraction | None:
        return Fraction(0) if x == 0 else None

    def enclose(self, x: Any) -> Any:
        return intervals.erf(x)

    def tail(self, x: Any) -> tuple[Fraction, Any] | None:
        if x.b < -FAR:
            return Fraction(-1), intervals.erfc(-x)
        return (Fraction(1), -intervals.erfc(x)) if x.a > FAR else None


class OneMinimum(Smooth):
    """A function through the origin that falls, then rises."""

    @abstractmethod
    def rises(self, x: Any) -> Any:
        """An interval function with the sign of the derivative, which has one zero, in -8 .. 0."""

    def turns(self, channel: int, low: Fraction, high: Fraction) -> Iterable[Turn]:
        return (lambda precision: zero_of_slope(self, min(precision, MAX_BRACKET)),)

    def exact(self, x: Fraction) -> Fraction | None:
        return Fraction(0) if x == 0 else None


@cache
def zero_of_slope(function: OneMinimum, precision: int) -> tuple[Fraction, Fraction]:
    """A bracket of the minimum, about 2^-precision wide, by bisection on proven signs."""
    low, high = Fraction(-8), Fraction(0)
    with working_precision(precision + 32):
        while (high - low) * (1 << precision) > 1:
            middle = (low + high) / 2
            side = intervals.sign(function.rises(interval(middle, middle)))
            if side == 0:
                break
            low, high = (middle, high) if side < 0 else (low, middle)
    return low, high


@dataclass(frozen=True)
class Gelu(OneMinimum):
    """``x * Phi(x)``, with the normal distribution's ``Phi(x) = (1 + erf(x / sqrt 2)) / 2``."""

    def evaluate(self, x: Reals) -> Reals:
        return x * (1 + float_erf(x / np.sqrt(2))) / 2

    def enclose(self, x: Any) -> Any:
        return x * phi(x)

    def rises(self, x: Any) -> Any:
        # f' = Phi + x phi. Its own derivative (2 - x^2) phi changes sign at -sqrt 2 and sqrt 2 only, f' falls from 0 to
        # a negative value, rises beyond 1 and falls to 1: one zero
        return phi(x) + x * iv.exp(-x * x / 2) / iv.sqrt(2 * iv.pi)


def phi(x: Any) -> Any:
    """The normal distribution's integral."""
    return intervals.erfc(-x / iv.sqrt(2)) / 2


@dataclass(frozen=True)
class GeluTanh(OneMinimum):
    """``x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3)))``."""

    @property
    def name(self) -> str:
        return "Gelu"

    def evaluate(self, x: Reals) -> Reals:
        return 0.5 * x * (1 + np.tanh(np.sqrt(2 / pi) * (x + 0.044715 * x**3)))

    def enclose(self, x: Any) -> Any:
        return x / (1 + iv.exp(-self.twice(x)))

    def twice(self, x: Any) -> Any:
        """Twice the argument of tanh."""
        return 2 * iv.sqrt(2 / iv.pi) * x * (1 + iv.mpf(44715) / 10**6 * x * x)

    def rises(self, x: Any) -> Any:
        # with u = twice(x): f = x s(u) and f' = s(u) s(-u) (1 + e^u + x u'), whose last factor rises for x < 0 since
        # u' > 0 and x u'' > 0; above 0 all of it is positive
        slope = 2 * iv.sqrt(2 / iv.pi) * (1 + iv.mpf(134145) / 10**6 * x * x)
        return 1 + iv.exp(self.twice(x)) + x * slope


@dataclass(frozen=True)
class Swish(OneMinimum):
    """``x / (1 + exp(-alpha x))``, alpha not zero: turns where ``alpha x`` is that of alpha 1."""

    alpha: float = 1.0

    def evaluate(self, x: Reals) -> Reals:
        return x * np.exp(-np.logaddexp(0, -self.alpha * x))

    def turns(self, channel: int, low: Fraction, high: Fraction) -> Iterable[Turn]:
        def turn(precision: int) -> tuple[Fraction, Fraction]:
            a, b = (t / Fraction(self.alpha) for t in zero_of_slope(Swish(), min(precision, MAX_BRACKET)))
            return min(a, b), max(a, b)

        return (turn,)

    def enclose(self, x: Any) -> Any:
        return x / (1 + iv.exp(-self.alpha * x))

    def rises(self, x: Any) -> Any:
        return 1 + iv.exp(x) + x  # f' = s(x) s(-x) times this, for alpha 1


@dataclass(frozen=True)
class Mish(OneMinimum):
    """``x * tanh(softplus(x))``."""

    def evaluate(self, x: Reals) -> Reals:
        return x * np.tanh(np.logaddexp(0, x))

    def enclose(self, x: Any) -> Any:
        # tanh(log(1 + e)) = n / (n + 2) with n = e (e + 2)
        e = iv.exp(x)
        return x / (1 + 2 / (e * (e + 2)))

    def rises(self, x: Any) -> Any:
        # f' is e^x times this over a square; its derivative 4 + e^x (4x + 10) + ... is at least 4 - 4 e^-3.5 > 0
        e = iv.exp(x)
        return 4 * (x + 1) + 4 * e * e + e * e * e + e * (4 * x + 6)


@dataclass(frozen=True)
class Cos(Smooth):
    """``cos(x)``; extrema at the multiples of pi."""

    def evaluate(self, x: Reals) -> Reals:
        return np.cos(x)

    @property
    def shift(self) -> Fraction:
        """The first extremum from 0 on, in pi."""
        return Fraction(0)

    def turns(self, channel: int, low: Fraction, high: Fraction) -> Iterable[Turn]:
        shift = self.shift

        def turn(k: int) -> Turn:
            return lambda precision: multiple_of_pi(k + shift, precision)

        first = min(floor(low / p - shift) for p in AROUND_PI)
        last = max(ceil(high / p - shift) for p in AROUND_PI)
        return map(turn, range(first, last + 1))

    def bounds(self, low: Reals, high: Reals) -> tuple[Reals, Reals]:
        values = self.evaluate(low), self.evaluate(high)

        def crosses(parity: int) -> npt.NDArray[np.bool_]:
            k = 2 * np.ceil((low / pi - float(self.shift) - parity) / 2) + parity
            return (k + float(self.shift)) * pi <= high

        least = np.where(crosses(1), -1.0, np.minimum(*values))
        return least, np.where(crosses(0), 1.0, np.maximum(*values))

    def exact(self, x: Fraction) -> Fraction | None:
        return Fraction(1) if x == 0 else None

    def enclose(self, x: Any) -> Any:
        return iv.cos(x)


@dataclass(frozen=True)
class Sin(Cos):
    """``sin(x)``; extrema at the odd multiples of pi/2."""

    def evaluate(self, x: Reals) -> Reals:
        return np.sin(x)

    @property
    def shift(self) -> Fraction:
        return Fraction(1, 2)

    def exact(self, x: Fraction) -> Fraction | None:
        return Fraction(0) if x == 0 else None

    def enclose(self, x: Any) -> Any:
        return iv.sin(x)


def multiple_of_pi(factor: Fraction, precision: int) -> tuple[Fraction, Fraction]:
    """A bracket of ``factor * pi``."""
    with working_precision(precision + abs(factor.numerator).bit_length()):
        return ends(interval(factor, factor) * iv.pi)
