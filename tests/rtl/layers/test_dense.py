from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from nnfpga.compiler.exact import fractions
from nnfpga.compiler.graph import Tensor
from nnfpga.compiler.layers.dense import Dense
from nnfpga.compiler.number import Number
from nnfpga.compiler.weights import detect
from nnfpga.rtl.beat import Edge
from nnfpga.rtl.layers.dense import FoldedMatrix

RNG = np.random.default_rng(3)
SIGNED, UNSIGNED, BIPOLAR = Number.of(-32, 31), Number.of(0, 15), Number.of(-1, 1, 2)


def samples(number: Number, count: int, size: int) -> np.ndarray:
    rng, step = np.random.default_rng(1), max(int(number.step), 1)
    steps = (int(number.high) - int(number.low)) // step
    x = int(number.low) + step * rng.integers(0, steps + 1, (count, size))
    x[0], x[-1] = int(number.low), int(number.high)
    return x


def check(harness: Any, weights: np.ndarray, number: Number, pe: int, simd: int) -> Any:
    x = Tensor("x", (weights.shape[1],), number, fractions([Fraction(1)]), fractions([0]))
    layer = Dense("y", ("x",), detect(weights), fractions([1]))
    i, o = Edge.of(x, simd), Edge.of(layer.infer(x), pe)
    data = samples(number, 7, weights.shape[1])
    return harness.check(lambda: FoldedMatrix(weights, i, o), i, o, data, layer.evaluate(data))


@pytest.mark.parametrize("pe", [1, 2])
@pytest.mark.parametrize("simd", [1, 3, 6])
def test_every_fold(harness: Any, pe: int, simd: int) -> None:
    weights = np.random.default_rng(0).integers(-8, 8, (4, 6))
    run = check(harness, weights, SIGNED, pe, simd)
    interval = 24 // (pe * simd)
    gaps = np.diff(run.delivered[4 // pe - 1 :: 4 // pe])
    assert gaps[1:].max() <= max(interval, 6 // simd, 4 // pe)


@pytest.mark.parametrize(
    ("weights", "number"),
    [
        (RNG.choice([-1, 1], (4, 6)), SIGNED),
        (RNG.choice([-3, 3], (2, 4)), BIPOLAR),
        (np.full((2, 4), 5), SIGNED),
        (np.full((2, 4), -1), UNSIGNED),
        (np.zeros((2, 4), np.int64), SIGNED),
        (np.array([[0, 0, 0, 0], [1, 2, 3, 4]]), SIGNED),
        (2 * RNG.integers(-4, 4, (2, 4)), SIGNED),
        (4 * RNG.integers(-4, 4, (2, 4)) + 1, Number.of(-24, 24, 8)),
        (RNG.integers(-8, 8, (2, 4)), Number.of(3, 19, 4)),
        (RNG.integers(-8, 8, (2, 4)), Number.of(-5, 3, 4)),
        (RNG.integers(-8, 8, (2, 4)), Number.of(5, 5)),
        (RNG.integers(0, 8, (2, 4)), UNSIGNED),
        (RNG.integers(-128, 128, (2, 4)), BIPOLAR),
        (RNG.integers(-(2**20), 2**20, (2, 4)), Number.of(-(2**20), 2**20)),
    ],
)
@pytest.mark.parametrize(("pe", "simd"), [(1, 1), (2, 2)])
def test_every_lattice(harness: Any, weights: np.ndarray, number: Number, pe: int, simd: int) -> None:
    check(harness, weights, number, pe, simd)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5), (5, 1), (3, 7)])
def test_every_shape(harness: Any, shape: tuple[int, int]) -> None:
    weights = np.random.default_rng(5).integers(-9, 9, shape)
    check(harness, weights, SIGNED, 1, 1)
    check(harness, weights, SIGNED, shape[0], shape[1])


def test_lanes_must_divide() -> None:
    edge = Edge(SIGNED, 2, 2)
    with pytest.raises(ValueError, match=r"^lanes must divide the matrix \(3, 4\), not 2 and 2$"):
        FoldedMatrix(np.ones((3, 4), np.int64), edge, edge)


def test_a_wrong_weight_is_noticed(harness: Any) -> None:
    weights = np.random.default_rng(0).integers(-8, 8, (4, 6))
    wrong = weights.copy()
    wrong[2, 3] += 1
    i, o = Edge(SIGNED, 2, 3), Edge(Number.of(-3000, 3000), 2, 2)
    data = samples(SIGNED, 5, 6)
    with pytest.raises(AssertionError, match=r"first wrong \(sample, element\) \[0 2\]"):
        harness.check(lambda: FoldedMatrix(wrong, i, o), i, o, data, data @ weights.T)
