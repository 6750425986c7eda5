from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnfpga.compiler.exact import as_fraction, fractions, ints, matmul, objects, trailing_zeros


@pytest.mark.parametrize("magnitude", [2**10, 2**24, 2**26, 2**28, 2**30, 2**31, 2**40])
def test_matmul_is_exact_on_both_sides_of_each_limit(magnitude: int) -> None:
    rng = np.random.default_rng(magnitude)
    x = rng.integers(magnitude - 3, magnitude, (5, 7)) * rng.choice([-1, 1], (5, 7))
    w = rng.integers(magnitude - 3, magnitude, (7, 3)) * rng.choice([-1, 1], (7, 3))
    expected = [[sum(int(a) * int(b) for a, b in zip(row, col, strict=True)) for col in w.T] for row in x]
    bound = magnitude * magnitude * 7
    assert matmul(x, w, bound).tolist() == expected


@pytest.mark.parametrize("bound", [2**24 - 1, 2**24, 2**53 - 1, 2**53, 2**62 - 1, 2**62])
def test_matmul_at_the_limits_themselves(bound: int) -> None:
    a = bound // 3
    x = np.array([[a, a, bound - 2 * a - 1]])
    assert matmul(x, np.ones((3, 1), np.int64), bound).tolist() == [[bound - 1]]


@given(st.lists(st.integers(-(2**70), 2**70), max_size=5))
def test_ints_and_objects_keep_values(values: list[int]) -> None:
    array = ints(np.array(values, dtype=object))
    assert [int(v) for v in array] == values
    assert objects(array).dtype == object
    assert objects(array).tolist() == values


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_are_fractions(value: float) -> None:
    assert float(as_fraction(value)) == value
    assert fractions([[value]])[0, 0] == Fraction(value)


@given(st.integers(1, 2**70))
def test_trailing_zeros(value: int) -> None:
    n = trailing_zeros(value)
    assert value % (1 << n) == 0
    assert (value >> n) & 1
    assert trailing_zeros(-value) == n
