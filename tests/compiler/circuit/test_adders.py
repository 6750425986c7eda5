from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from nnfpga.compiler.circuit.adders import csd, digit_count, multiply
from nnfpga.compiler.circuit.ir import Add, Builder, Circuit
from nnfpga.compiler.number import Number

ELEMENTS = st.one_of(st.sampled_from([0, 0, 1, -1, 2, 64]), st.integers(-200, 200))


def circuit_of(matrix: np.ndarray, number: Number) -> Circuit:
    builder = Builder((number,) * matrix.shape[1])
    return builder.finish(multiply(builder, builder.start(), matrix))


def check(matrix: np.ndarray, seed: int = 0) -> Circuit:
    circuit = circuit_of(matrix, Number.of(-32, 31))
    x = np.random.default_rng(seed).integers(-32, 32, (40, matrix.shape[1]))
    x[0], x[1] = -32, 31
    y = circuit.evaluate(x)
    assert np.array_equal(y, x @ matrix.T)
    for n, o in enumerate(circuit.outputs):  # the proven range is the real one: the rows are linear
        up, down = np.maximum(matrix[n], 0).sum(), np.minimum(matrix[n], 0).sum()
        assert circuit.ranges[o].low <= -32 * up + 31 * down
        assert circuit.ranges[o].high >= 31 * up - 32 * down
    return circuit


@given(st.integers(-(2**40), 2**40))
def test_signed_digits(value: int) -> None:
    digits = list(csd(value))
    assert sum(sign << shift for shift, sign in digits) == value
    shifts = [shift for shift, _ in digits]
    assert all(b - a >= 2 for a, b in pairwise(shifts))
    assert digit_count(np.array([[value], [0]], dtype=object)) == len(digits)


@given(arrays(np.int64, array_shapes(min_dims=2, max_dims=2, max_side=7), elements=ELEMENTS))
def test_product(matrix: np.ndarray) -> None:
    check(matrix)


@given(arrays(np.int64, array_shapes(min_dims=2, max_dims=2, max_side=4), elements=ELEMENTS))
def test_repeated_rows_and_columns(matrix: np.ndarray) -> None:
    check(np.block([[matrix, 2 * matrix], [matrix, -matrix], [-matrix, 3 * matrix]]))


@pytest.mark.parametrize("matrix", [[[0, 0]], [[-1, 0]], [[0, 8]], [[-8, 0]], [[-3, -3], [-3, -3]]])
def test_corners(matrix: list[list[int]]) -> None:
    check(np.array(matrix))


def test_sharing_is_worth_it() -> None:
    matrix = np.random.default_rng(0).integers(-128, 128, (16, 16))
    circuit = check(matrix)
    adders = sum(isinstance(node, Add) for node in circuit.nodes)
    assert adders <= 375


def test_equal_rows_are_one_value() -> None:
    circuit = circuit_of(np.array([[5, 3], [5, 3]]), Number.of(0, 7))
    assert circuit.outputs[0] == circuit.outputs[1]


def test_wide_sums() -> None:
    matrix = np.array([[2**61 - 1, 2**61 - 3, 2**61 + 7]])
    circuit = circuit_of(matrix, Number.of(-32, 31))
    x = [[31, 30, -32], [-32, -32, -32], [31, 31, 31]]
    expected = [[sum(a * int(w) for a, w in zip(row, matrix[0], strict=True))] for row in x]
    assert circuit.evaluate(np.array(x)).tolist() == expected
