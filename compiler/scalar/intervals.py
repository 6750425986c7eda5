"""Between exact fractions and mpmath's intervals, and what mpmath's intervals lack."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import mpmath

__all__ = ["ends", "erf", "erfc", "hull", "interval", "log1p", "sign", "working_precision"]

iv: Any = mpmath.iv

TINY = 1 << 17  # ends nearer to zero than 2^-TINY become zero or 2^-TINY: as fractions they would fill the memory


@contextmanager
def working_precision(bits: int) -> Generator[None]:
    """mpmath's intervals carry this many bits inside."""
    previous = iv.prec
    iv.prec = bits
    try:
        yield
    finally:
        iv.prec = previous


def interval(low: Fraction, high: Fraction) -> Any:
    """An mpmath interval that holds both fractions."""
    a = iv.mpf(low.numerator) / low.denominator
    b = a if low == high else iv.mpf(high.numerator) / high.denominator
    return hull(a, b)


def hull(a: Any, b: Any) -> Any:
    """The interval from the lower end of one to the upper end of another."""
    return iv.mpf([a.a, b.b])


def ends(x: Any) -> tuple[Fraction, Fraction]:
    """Both ends of an interval, exactly, but for ends within 2^-131072 of zero, which move outwards."""
    low, high = x._mpi_
    return dyadic(low, -1), dyadic(high, 1)


def dyadic(end: tuple[int, int, int, int], outwards: int) -> Fraction:
    """The value of an end; a tiny one moves in the direction of ``outwards``."""
    negative, mantissa, exponent, bits = end
    if mantissa and exponent + bits < -TINY:
        tiny = Fraction(outwards, 1 << TINY)
        return tiny if (outwards < 0) == bool(negative) else Fraction(0)
    value = Fraction(int(mantissa)) * Fraction(2) ** exponent
    return -value if negative else value


def sign(x: Any) -> int:
    """1 or -1 where all of an interval has that sign, else 0."""
    low, high = ends(x)
    return (low > 0) - (high < 0)


def increasing(f: Callable[[Any], Any], x: Any) -> Any:
    """The image of an interval under an increasing function that encloses points well."""
    return hull(f(iv.mpf(x.a)), f(iv.mpf(x.b)))


def log1p(y: Any) -> Any:
    """``log(1 + y)`` for y >= 0, strictly positive where y is."""
    if y.b < iv.mpf(2) ** (-iv.prec // 2):
        return hull(y - y * y / 2, y)  # the series alternates
    return iv.log(1 + y)


def erf(x: Any) -> Any:
    """The error function; mpmath has it for numbers only."""
    if x.a >= 0:
        return increasing(lambda p: error_pair(p)[0], x)
    if x.b <= 0:
        return -erf(-x)
    slope = 2 / iv.sqrt(iv.pi)  # the greatest
    return hull(slope * x.a, slope * x.b)


def erfc(x: Any) -> Any:
    """``1 - erf(x)``, strictly positive for x >= 0."""
    if x.a >= 0:
        return -increasing(lambda p: -error_pair(p)[1], x)
    return 1 - erf(x)


def error_pair(x: Any) -> tuple[Any, Any]:
    """erf and erfc of a narrow interval x >= 0.

    ``erf(x) = 2/sqrt(pi) exp(-x^2) sum_n 2^n x^(2n+1) / (2n+1)!!``, all terms positive; far out the first two terms
    of the asymptotic series enclose erfc (Abramowitz and Stegun 7.1.6 and 7.1.23-24).
    """
    root, square = iv.sqrt(iv.pi), x * x
    if square.a > 0.7 * iv.prec + 8:
        leading = iv.exp(-square) / (x * root)
        rest = leading * iv.mpf([(1 - 1 / (2 * square)).a, 1])
        return 1 - rest, rest
    low, high = ends(x)
    value = 2 / root * iv.exp(-square) * hull(series(low)[0], series(high)[1])
    return value, 1 - value


def series(x: Fraction) -> tuple[Any, Any]:
    """``sum_n 2^n x^(2n+1) / (2n+1)!!`` in fixed point, rounded down and rounded up."""
    bits = iv.prec + 16
    low, high = scaled(x, bits)
    square_low, square_high = scaled(2 * x * x, bits)
    sum_low, sum_high, n = low, high, 1
    # where a term is at most half of the last one and one unit, all later ones are below one unit together
    while high > 1 or square_high > (2 * n + 1) << (bits - 1):
        low = (low * square_low >> bits) // (2 * n + 1)
        high = -(-(high * square_high) >> bits)
        high = -(-high // (2 * n + 1))
        sum_low, sum_high, n = sum_low + low, sum_high + high, n + 1
    unit = iv.mpf(2) ** -bits
    return unit * iv.mpf(sum_low), unit * iv.mpf(sum_high + 2)


def scaled(x: Fraction, bits: int) -> tuple[int, int]:
    """``x * 2^bits`` rounded down and rounded up."""
    numerator = x.numerator << bits
    return numerator // x.denominator, -(-numerator // x.denominator)
