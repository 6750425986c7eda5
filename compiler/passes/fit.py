"""Scales for weights and values: powers of two with the least squared error, and the data's own lattices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np
import numpy.typing as npt

from ..exact import fractions
from ..formats import Format, Ranges
from ..real import Reals
from ..scalar.functions import Function
from ..scalar.quantizer import Quantizer
from ..weights.block_circulant import BlockCirculant

__all__ = ["Chain", "fit", "in_format", "is_on_lattice", "lattice", "quantise_weights", "stated"]

EXACT_BITS = 16  # weights that are exactly powers of two or on a lattice this narrow are kept as they are
FIT_VALUES = 1 << 19  # of more, the error of a scale is measured on a sample
PERCENTILE = 99.99
SMALLER_SCALES = 4  # how many halvings of the covering scale are tried
SMALLER_BEHIND = 8  # where a function that may saturate follows


@dataclass(frozen=True)
class Chain:
    """Functions behind each other, which read what is quantised; an error is measured behind them."""

    functions: tuple[Function, ...]

    def evaluate(self, x: Reals) -> Reals:
        """In float64."""
        return reduce(lambda value, f: f.evaluate(value), self.functions, x)

    @property
    def channels(self) -> int:
        """How many different functions it has."""
        return max(f.channels for f in self.functions)

    @property
    def is_defined_at_zero(self) -> bool:
        """Whether every channel has a value there."""
        x = np.zeros(self.channels)
        for f in self.functions:
            if f.domain.lacks(x).any():
                return False
            x = f.evaluate(x)
        return True

    def error(self, values: Reals, quantizer: Quantizer) -> float:
        """The greatest error behind the functions, to the range of their results; 0 where they differ by channel."""
        if self.channels > 1:
            return 0.0
        exact, found = self.evaluate(values), self.evaluate(quantizer.evaluate(values))
        return float(np.abs(found - exact).max(initial=0.0) / (np.ptp(exact) or 1.0))


def fit(values: Reals, bits: int, through: Chain | None = None, ranges: Ranges = Ranges.MSE) -> Quantizer:
    """The power-of-two scale that covers ``ranges`` of the values; signed where a value is.

    The least squared error is measured behind ``through``.
    """
    whole = values = values.reshape(-1)
    if values.size > FIT_VALUES:
        values = values[np.random.default_rng(0).integers(0, values.size, FIT_VALUES)]
    largest = float(np.abs(whole).max(initial=0.0)) or 1.0
    if ranges is Ranges.PERCENTILE:
        largest = float(np.percentile(np.abs(whole), PERCENTILE)) or largest
    signed = bool(whole.min(initial=0.0) < 0)
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    top = covering(largest, high)
    ends = (low, high) if through is None else inside(through, low, high, whole)

    def quantizer(exponent: int) -> Quantizer:
        return Quantizer(fractions([Fraction(2) ** exponent]), *ends)

    def seen(x: Reals) -> Reals:
        return x if through is None or through.channels > 1 else through.evaluate(x)

    exponent = top
    if ranges is Ranges.MSE:
        tried = SMALLER_SCALES if through is None else SMALLER_BEHIND
        exponent = best_exponent(top, lambda e: seen(quantizer(e).evaluate(values)) - seen(values), tried)
    if ends != (low, high) and np.abs(whole).min() < 2.0 ** (exponent - 1):
        ends = low, high  # a value is nearer to zero than to what stands for it: the function cannot be had
    return quantizer(exponent)


def inside(through: Chain, low: int, high: int, values: Reals) -> tuple[int, int]:
    """Bounds without zero, and what is beyond, where the functions are not defined there and no value is."""
    if through.is_defined_at_zero:
        return low, high
    return 1 if (values > 0).all() else low, -1 if (values < 0).all() else high


def stated(format: Format) -> Quantizer:
    """The quantiser of a format."""
    return Quantizer(fractions([format.scale]), format.low, format.high)


def in_format(weight: Reals, format: Format) -> tuple[Reals, npt.NDArray[Any]]:
    """The matrix rounded to a format, and the exact scale of each row."""
    return stated(format).evaluate(weight), np.full(len(weight), format.scale, dtype=object)


def covering(largest: float, high: int) -> int:
    """The least exponent with ``high * 2^exponent >= largest``, within half a unit."""
    return int(np.ceil(np.log2(largest / (high + 0.5))))


def best_exponent(top: int, error: Callable[[int], Reals], tried: int = SMALLER_SCALES) -> int:
    """The exponent, from ``top`` down, with the least squared error; the larger one of equals."""
    candidates = range(top, top - tried, -1)
    return min(candidates, key=lambda e: (float(np.square(error(e)).sum()), -e))


def lattice(values: Reals, bits: int) -> Format | None:
    """The narrowest format that holds every value exactly, if it has at most ``bits`` bits."""
    low, high = float(values.min(initial=0.0)), float(values.max(initial=0.0))
    for fraction in range(bits + 1):
        scaled = values * 2.0**fraction
        if np.array_equal(scaled, np.rint(scaled)):
            a, b = int(low * 2**fraction), int(high * 2**fraction)
            width = max((~a).bit_length() + 1 if a < 0 else 1, b.bit_length() + (a < 0))
            return Format(width, width - fraction, a < 0) if width <= bits else None
    return None


def quantise_weights(
    weight: npt.NDArray[np.float64], bits: int, together: bool = False
) -> tuple[npt.NDArray[np.float64], npt.NDArray[Any]]:
    """The matrix rounded to ``bits`` bits, and the exact scale of each row; one scale for all rows ``together``."""
    circulant = BlockCirculant.find(weight)
    group = len(weight) if together else 1 if circulant is None else circulant.columns.shape[2]
    result, scales = np.empty_like(weight), np.empty(len(weight), dtype=object)
    for start in range(0, len(weight), group):
        rows = weight[start : start + group]
        magnitudes = np.unique(np.abs(rows[rows != 0]))
        if len(magnitudes) == 1 and np.count_nonzero(rows) > 1:  # signs times any number
            result[start : start + group] = rows
            scales[start : start + group] = Fraction(float(magnitudes[0]))
            continue
        exponent = row_exponent(rows, bits)
        unit = 2.0**exponent
        limit = (1 << (bits - 1)) - 1 if not is_exact(rows, exponent) else np.inf
        result[start : start + group] = unit * np.clip(np.floor(rows / unit + 0.5), -limit, limit)
        scales[start : start + group] = Fraction(2) ** exponent
    return result, scales


def is_exact(rows: npt.NDArray[np.float64], exponent: int) -> bool:
    """Whether every weight is a multiple of 2^exponent."""
    return bool((rows / 2.0**exponent == np.rint(rows / 2.0**exponent)).all())


def is_on_lattice(rows: npt.NDArray[np.float64], bits: int) -> bool:
    """Whether each row is kept exactly with ``bits``."""
    return all(own_exponent(row, bits) is not None for row in rows)


def own_exponent(rows: npt.NDArray[np.float64], bits: int) -> int | None:
    """The exponent of the weights' own lattice, or None where that is not narrow."""
    magnitude = np.abs(rows[rows != 0])
    if magnitude.size == 0:
        return 0
    mantissa, exponents = np.frexp(magnitude)
    whole = (mantissa * 2.0**53).astype(np.int64)
    finest = int((exponents - 53 + np.log2(whole & -whole).astype(np.int64)).min())
    span = int(np.ceil(np.log2(magnitude.max() / 2.0**finest + 1)))
    narrow = span <= bits - 1 or (span <= EXACT_BITS and bool((mantissa == 0.5).all()))
    return finest if narrow else None


def row_exponent(rows: npt.NDArray[np.float64], bits: int) -> int:
    """The scale's exponent: the weights' own lattice where that is narrow, else the least squared error."""
    own = own_exponent(rows, bits)
    if own is not None:
        return own
    limit = (1 << (bits - 1)) - 1

    def error(e: int) -> Reals:
        return 2.0**e * np.clip(np.floor(rows / 2.0**e + 0.5), -limit, limit) - rows

    return best_exponent(covering(float(np.abs(rows).max()), limit), error)
