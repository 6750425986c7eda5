"""The functions that map fractions to fractions, and powers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, isqrt
from typing import Any

import mpmath
import numpy as np

from ..real import Reals
from .domain import REALS, Domain, Kind
from .functions import Function, Image, Rational, Smooth, Stepped, Turn

__all__ = ["Ceil", "Floor", "HardSwish", "IntegerPow", "PerChannel", "Pow", "Quadratic", "Round", "Softsign", "power"]


@dataclass(frozen=True)
class Floor(Stepped):
    """The greatest integer that is not above."""

    def evaluate(self, x: Reals) -> Reals:
        return np.floor(x)

    def exact(self, x: Fraction) -> Fraction:
        return Fraction(floor(x))


@dataclass(frozen=True)
class Ceil(Stepped):
    """The least integer that is not below."""

    def evaluate(self, x: Reals) -> Reals:
        return np.ceil(x)

    def exact(self, x: Fraction) -> Fraction:
        return Fraction(ceil(x))


@dataclass(frozen=True)
class Round(Stepped):
    """The nearest integer, of two the even one."""

    def evaluate(self, x: Reals) -> Reals:
        return np.rint(x)

    def exact(self, x: Fraction) -> Fraction:
        return Fraction(round(x))


@dataclass(frozen=True)
class Softsign(Rational):
    """``x / (1 + |x|)``."""

    def evaluate(self, x: Reals) -> Reals:
        return x / (1 + np.abs(x))

    def exact(self, x: Fraction) -> Fraction:
        return x / (1 + abs(x))


@dataclass(frozen=True)
class HardSwish(Rational):
    """``x * min(max(x/6 + 1/2, 0), 1)``: least at -3/2."""

    def evaluate(self, x: Reals) -> Reals:
        return x * np.clip(x / 6 + 0.5, 0, 1)

    def critical(self) -> tuple[Fraction, ...]:
        return (Fraction(-3, 2),)

    def exact(self, x: Fraction) -> Fraction:
        return x * min(max(x / 6 + Fraction(1, 2), Fraction(0)), Fraction(1))


@dataclass(frozen=True)
class IntegerPow(Rational):
    """``x`` to a power that is an integer; a negative one has a pole at zero."""

    exponent: int

    def evaluate(self, x: Reals) -> Reals:
        with np.errstate(over="ignore", divide="ignore"):
            return x ** float(self.exponent)

    @property
    def domain(self) -> Domain:
        return Domain(Kind.BESIDE) if self.exponent < 0 else REALS

    @property
    def name(self) -> str:
        return "Reciprocal" if self.exponent == -1 else "Pow"

    def critical(self) -> tuple[Fraction, ...]:
        return (Fraction(0),) if self.exponent > 0 and self.exponent % 2 == 0 else ()

    def exact(self, x: Fraction) -> Fraction:
        return x**self.exponent


@dataclass(frozen=True)
class Quadratic(Rational):
    """``square * x^2 + slope * x + constant``."""

    square: float
    slope: float
    constant: float

    def evaluate(self, x: Reals) -> Reals:
        return (self.square * x + self.slope) * x + self.constant

    def critical(self) -> tuple[Fraction, ...]:
        return (-Fraction(self.slope) / (2 * Fraction(self.square)),) if self.square else ()

    def exact(self, x: Fraction) -> Fraction:
        return (Fraction(self.square) * x + Fraction(self.slope)) * x + Fraction(self.constant)


@dataclass(frozen=True)
class Pow(Smooth):
    """``x`` to a power that is no integer, for x >= 0, or x > 0 where it is negative."""

    exponent: Fraction

    def evaluate(self, x: Reals) -> Reals:
        with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
            return x ** float(self.exponent)

    @property
    def domain(self) -> Domain:
        return Domain(Kind.ABOVE if self.exponent < 0 else Kind.FROM)

    @property
    def name(self) -> str:
        return "Sqrt" if self.exponent == Fraction(1, 2) else "Pow"

    def exact(self, x: Fraction) -> Fraction | None:
        for _ in range(self.exponent.denominator.bit_length() - 1):  # the exponent is dyadic: roots of roots
            root = Fraction(isqrt(x.numerator), isqrt(x.denominator))
            if root * root != x:
                return None
            x = root
        return x**self.exponent.numerator

    def enclose(self, x: Any) -> Any:
        iv: Any = mpmath.iv
        if x.a == 0:
            return iv.mpf([0, self.enclose(iv.mpf(x.b)).b]) if x.b > 0 else iv.mpf(0)
        if self.exponent == Fraction(1, 2):
            return iv.sqrt(x)
        return iv.exp(iv.log(x) * self.exponent.numerator / self.exponent.denominator)


@dataclass(frozen=True)
class PerChannel(Function):
    """A function of its own for each channel; a single one is for all."""

    functions: tuple[Function, ...]

    def evaluate(self, x: Reals) -> Reals:
        if self.channels == 1:
            return self.functions[0].evaluate(x)
        whole = np.broadcast_to(x, np.broadcast_shapes(x.shape, (self.channels,)))
        return np.stack([f.evaluate(whole[..., c]) for c, f in enumerate(self.functions)], axis=-1)

    @property
    def channels(self) -> int:
        return len(self.functions)

    @property
    def domain(self) -> Domain:
        """That of the functions that are not defined everywhere; the strictest of those of powers."""
        kinds = {f.domain.kind: f.domain for f in self.functions}
        if Kind.BESIDE in kinds and Kind.FROM in kinds:
            return Domain(Kind.ABOVE)
        return next((kinds[k] for k in (Kind.ABOVE, Kind.BESIDE, Kind.FROM) if k in kinds), REALS)

    @property
    def name(self) -> str:
        return self.functions[0].name

    def turns(self, channel: int, low: Fraction, high: Fraction) -> Iterable[Turn]:
        return self.functions[channel].turns(0, low, high)

    def image(self, channel: int, low: Fraction, high: Fraction, precision: int) -> Image:
        return self.functions[channel].image(0, low, high, precision)

    def marks(self, channel: int, low: Reals, high: Reals) -> Iterable[tuple[float, Sequence[float]]]:
        return self.functions[channel].marks(0, low, high)


def power(exponent: float) -> Function:
    """``x ** exponent``."""
    exact = Fraction(exponent)
    return IntegerPow(exact.numerator) if exact.denominator == 1 else Pow(exact)
