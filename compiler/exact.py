"""Integer arithmetic that is exact whatever the size: float64 BLAS, int64 or Python integers, by proven bounds."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import gcd, lcm
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = [
    "BLAS_EXACT", "INT64_EXACT", "Ints", "as_fraction", "blas_type", "common_unit", "fractions", "ints", "matmul",
    "objects", "trailing_zeros",
]  # fmt: skip

Ints = npt.NDArray[Any]
"""Integers: int64, or Python integers (dtype object) where int64 might not hold them."""

SINGLE_EXACT = 2**24
BLAS_EXACT = 2**53
INT64_EXACT = 2**62


def objects(values: Any) -> Ints:
    """The same integers as Python integers (dtype object)."""
    array = np.asarray(values)
    if array.dtype.kind == "f" and not isinstance(values, np.ndarray):
        array = np.asarray(values, dtype=object)  # NumPy has no integer type for a list of both signs beyond 2^63
    if array.dtype == object:
        return array
    result = np.empty(array.shape, dtype=object)
    result[...] = array.tolist() if array.ndim else int(array)
    return result


def ints(values: Any) -> Ints:
    """The same integers as int64 where all of them are below 2^62 in magnitude, else as Python integers."""
    array = np.asarray(values)
    if array.dtype != object:
        return array.astype(np.int64)
    if array.size == 0 or max(abs(int(v)) for v in array.flat) < INT64_EXACT:
        return array.astype(np.int64)
    return array


def blas_type(bound: int) -> type[np.floating[Any]]:
    """The float in which sums up to a bound below 2^53 are exact."""
    return np.float32 if bound < SINGLE_EXACT else np.float64


def matmul(x: Ints, w: Ints, bound: int) -> Ints:
    """``x @ w`` of integers, exact; of stacks of matrices too.

    ``bound`` is a proven bound of every partial sum's magnitude (the sum of |terms|). Below 2^24 the product runs in
    float32 BLAS, below 2^53 in float64, where every partial sum is exact; below 2^62 in int64; else in Python integers.
    """
    if bound < BLAS_EXACT:
        dtype = blas_type(bound)
        return (x.astype(dtype, copy=False) @ w.astype(dtype, copy=False)).astype(np.int64)
    if bound < INT64_EXACT:
        return x.astype(np.int64) @ w.astype(np.int64)
    return objects(x) @ objects(w)


def as_fraction(value: Any) -> Fraction:
    """The dyadic rational that a finite float is, or the fraction itself."""
    return value if isinstance(value, Fraction) else Fraction(float(value))


def fractions(values: Any) -> npt.NDArray[Any]:
    """An array (dtype object) of exact fractions from floats, integers or fractions."""
    array = np.asarray(values)
    result = np.empty(array.shape, dtype=object)
    for index, value in np.ndenumerate(array):
        result[index] = as_fraction(value)
    return result


def common_unit(values: Iterable[Fraction]) -> Fraction:
    """The greatest fraction of which each is a multiple; 1 where all are zero."""
    parts = [Fraction(v) for v in values]
    common = lcm(*(v.denominator for v in parts))
    return Fraction(gcd(*(int(v * common) for v in parts)), common) or Fraction(1)


def trailing_zeros(value: int) -> int:
    """The number of trailing zero bits of a non-zero integer."""
    return (value & -value).bit_length() - 1
