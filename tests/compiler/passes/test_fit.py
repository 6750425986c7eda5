"""Scales against trying all of them."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nnfpga.compiler.formats import Ranges
from nnfpga.compiler.passes.fit import fit


def values(seed: int, signed: bool) -> np.ndarray:
    rng = np.random.default_rng(seed)
    x = rng.laplace(size=20000) * 2.0 ** rng.integers(-3, 4)
    return x if signed else np.abs(x)


def rounded(x: np.ndarray, unit: float, bits: int, signed: bool) -> np.ndarray:
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    return unit * np.clip(np.floor(x / unit + 0.5), low, high)


@given(st.integers(0, 10**6), st.integers(3, 10), st.booleans())
def test_least_squared_error(seed: int, bits: int, signed: bool) -> None:
    x = values(seed, signed)
    errors = {e: float(np.square(rounded(x, 2.0**e, bits, signed) - x).sum()) for e in range(-16, 8)}
    assert fit(x, bits).scale.item() == Fraction(2) ** min(errors, key=lambda e: errors[e])


@given(st.integers(0, 10**6), st.integers(3, 10), st.booleans())
def test_ranges(seed: int, bits: int, signed: bool) -> None:
    """The scale covers what it shall, within half a unit, and the next smaller one does not."""
    x = values(seed, signed)
    for ranges, share in ((Ranges.MINMAX, 100.0), (Ranges.PERCENTILE, 99.99)):
        found = fit(x, bits, ranges=ranges)
        largest, unit = np.percentile(np.abs(x), share), float(found.scale.item())
        assert found.high is not None
        assert (found.high + 0.5) * unit / 2 < largest <= (found.high + 0.5) * unit
        assert (found.low == 0) == (not signed)
