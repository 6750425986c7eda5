"""Joins: exact at one common unit, ranges against brute force, the circuit against the integers."""

from __future__ import annotations

import itertools
from fractions import Fraction

import numpy as np
import pytest

from nnfpga.compiler.circuit.ir import Builder
from nnfpga.compiler.exact import fractions
from nnfpga.compiler.graph import Tensor
from nnfpga.compiler.layers.join import Concatenate, Sum
from nnfpga.compiler.number import Number
from nnfpga.compiler.real import Op


def tensor(name: str, number: Number, scale: Fraction) -> Tensor:
    return Tensor(name, (2, 1), number, fractions([scale]), fractions([0]))


SCALES = [
    (Fraction(1, 4), Fraction(1, 4)),
    (Fraction(1, 8), Fraction(2)),
    (Fraction(3, 8), Fraction(1, 2)),
    (Fraction(1, 9), Fraction(1, 4)),
]
OPS: list[Op] = [Sum("y", ("a", "b"), (1, 1)), Sum("y", ("a", "b"), (1, -1)), Concatenate("y", ("a", "b"))]


@pytest.mark.parametrize("scales", SCALES)
@pytest.mark.parametrize("op", OPS)
@pytest.mark.parametrize("second", [Number.of(-1, 3, 2), Number.of([[0], [4]], [[1], [8]], [[1], [4]])])
def test_exact(op: Op, scales: tuple[Fraction, Fraction], second: Number) -> None:
    inputs = [tensor("a", Number.of(-1, 1), scales[0]), tensor("b", second, scales[1])]
    layer = op.lower(*inputs)
    result = layer.infer(*inputs)
    lattices = [n for x in inputs for n in x.number.elements(x.shape)]
    every = [range(int(n.low), int(n.high) + 1, max(int(n.step), 1)) for n in lattices]
    values = np.array(list(itertools.product(*every)))
    a, b = values[:, :2].reshape(-1, 2, 1), values[:, 2:].reshape(-1, 2, 1)
    y = layer.evaluate(a, b)
    real = op.evaluate(a * float(scales[0]), b * float(scales[1]))
    np.testing.assert_allclose(result.real(y), real, rtol=1e-12)
    exact = np.vectorize(lambda v: result.scale[0] * int(v), otypes=[object])(y)
    assert (exact == op.evaluate(a.astype(object) * scales[0], b.astype(object) * scales[1])).all()
    assert result.shape == op.shape((2, 1), (2, 1)) == y.shape[1:]
    assert result.number.holds(y)
    bounds = result.number.broadcast(y.shape[1:])
    if second.low.ndim:
        assert (bounds.low == y.min(axis=0)).all()
        assert (bounds.high == y.max(axis=0)).all()
    low, high = op.bounds_of(
        (a.min(axis=0) * float(scales[0]), a.max(axis=0) * float(scales[0])),
        (b.min(axis=0) * float(scales[1]), b.max(axis=0) * float(scales[1])),
    )
    np.testing.assert_allclose(low, real.min(axis=0))
    np.testing.assert_allclose(high, real.max(axis=0))
    builder = Builder(tuple(lattices))
    start = builder.start()
    circuit = builder.finish(layer.expand(builder, start[:2], start[2:]))
    assert (circuit.evaluate(values) == y.reshape(len(y), -1)).all()


def test_large_numbers() -> None:
    inputs = [tensor("a", Number.of(0, 2**61), Fraction(1)), tensor("b", Number.of(0, 2**61), Fraction(1, 2))]
    layer = Sum("y", ("a", "b"), (1, 1)).lower(*inputs)
    x = np.full((1, 2, 1), 2**61)
    assert layer.evaluate(x, x).reshape(-1).tolist() == [3 * 2**61] * 2


def test_scales_and_offsets_per_channel() -> None:
    number = Number.of([-3, 0, 0], [4, 9, 255])
    a = Tensor("a", (3,), number, fractions([0.5, 0.75, 2.0]), fractions([1, 0, -1]))
    b = Tensor("b", (3,), Number.of(-5, 5), fractions([0.25]), fractions([0.5]))
    layer = Sum("y", ("a", "b"), (-1, 1)).lower(a, b)
    result = layer.infer(a, b)
    rng = np.random.default_rng(0)
    x, y = rng.integers(number.low, number.high + 1, (50, 3)), rng.integers(-5, 6, (50, 3))
    sums = layer.evaluate(x, y)
    assert np.array_equal(result.real(sums), b.real(y) - a.real(x))
    assert result.scale.tolist() == [0.25, 0.25, 0.25]
    assert result.number.holds(sums)
    assert str(layer.describe()) == "factors per channel, per channel"
    builder = Builder(tuple(n for t in (a, b) for n in t.number.elements((3,))))
    start = builder.start()
    circuit = builder.finish(layer.expand(builder, start[:3], start[3:]))
    assert np.array_equal(circuit.evaluate(np.concatenate([x, y], axis=1)), sums)


def test_scales_that_have_little_in_common() -> None:
    scales = fractions(np.array([0.1, 0.3], np.float32)), fractions(np.array([0.7, 1e-7], np.float32))
    a, b = (Tensor(n, (2,), Number.of(-(2**20), 2**20), s, fractions([0])) for n, s in zip("ab", scales, strict=True))
    layer = Sum("y", ("a", "b"), (1, 1)).lower(a, b)
    x, y = np.array([[2**20, -77]]), np.array([[-3, 2**20]])
    found = [int(v) * s for v, s in zip(layer.evaluate(x, y)[0], layer.infer(a, b).scale, strict=True)]
    assert found == [int(x[0, c]) * scales[0][c] + int(y[0, c]) * scales[1][c] for c in range(2)]
