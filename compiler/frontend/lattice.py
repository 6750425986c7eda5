"""Constants that a file quantises: exact codes and scales of weights."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from ..exact import fractions
from ..scalar.quantizer import Quantizer
from .value import Array

__all__ = ["OfSines", "OnLattice", "constant_codes", "quantise_constant", "row_units"]

NARROW = 1 << 16  # codes of weights stay below
NEAR = 1e-6  # of a unit: float64 errs by far less, so that only here a boundary has to be looked at exactly


class OnLattice(np.ndarray[Any, np.dtype[Any]]):
    """A constant that came out of a quantiser: float64 that holds code times scale exactly. Views keep the mark."""


class OfSines(np.ndarray[Any, np.dtype[Any]]):
    """A constant that is the sine of another one. Views keep the mark."""


def quantise_constant(x: Array, quantizer: Quantizer) -> Array:
    """What a quantiser makes of a constant; its scale broadcasts to it."""
    scale = np.broadcast_to(quantizer.scale, x.shape).astype(np.float64)
    return (constant_codes(x, quantizer) * scale).view(OnLattice)


def constant_codes(x: Array, quantizer: Quantizer) -> npt.NDArray[np.float64]:
    """The integers of a constant behind a quantiser whose scale broadcasts to it, exactly."""
    scale = np.broadcast_to(quantizer.scale, x.shape)
    units = np.asarray(x, np.float64) / scale.astype(np.float64)
    codes = np.array(quantizer.rounding.array(units + quantizer.zero) - quantizer.zero)
    for place in map(tuple, np.argwhere(np.abs(2 * units - np.rint(2 * units)) < NEAR)):
        exact = Fraction(float(x[place])) / scale[place] + quantizer.zero
        codes[place] = quantizer.rounding.exact(exact) - quantizer.zero
    low, high = quantizer.low, quantizer.high
    codes = np.clip(codes, -np.inf if low is None else low, np.inf if high is None else high)
    return np.where(x >= 0, 1.0, -1.0) if quantizer.bipolar else codes


def row_units(weight: Array) -> npt.NDArray[Any] | None:
    """What each row's codes are multiples of: one exact fraction for all where the codes stay narrow, else one each.

    None where a row has no narrow codes.
    """
    magnitude = np.abs(np.asarray(weight, np.float64))
    if not magnitude.any():
        return fractions(np.ones(len(weight)))
    exponent = int(np.frexp(magnitude[magnitude > 0])[1].min()) - 53
    whole = np.array([int(Fraction(float(w)) / Fraction(2) ** exponent) for w in magnitude.reshape(-1)], dtype=object)
    rows = whole.reshape(len(weight), -1)
    common = np.gcd.reduce(whole)
    if whole.max() < NARROW * common:
        return fractions([Fraction(int(common)) * Fraction(2) ** exponent] * len(weight))
    units = [int(np.gcd.reduce(row)) or 1 for row in rows]
    if any(row.max() >= NARROW * unit for row, unit in zip(rows, units, strict=True)):
        return None
    return fractions([Fraction(unit) * Fraction(2) ** exponent for unit in units])
