"""Convolution against loops over every tap, its ranges against brute force, its circuit against its integers."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnfpga.compiler.circuit.adders import multiply
from nnfpga.compiler.circuit.ir import Add, Builder, Circuit
from nnfpga.compiler.exact import fractions
from nnfpga.compiler.graph import Tensor
from nnfpga.compiler.layers.convolution import Convolution, Convolve
from nnfpga.compiler.layers.window import Window
from nnfpga.compiler.number import Number


def loops(x: np.ndarray, weight: np.ndarray, window: Window, groups: int) -> np.ndarray:
    """The definition, one product at a time, in Python integers."""
    outputs, each = len(weight), weight.shape[-1]
    spatial = x.shape[1:-1]
    sizes = [
        (n + b + a - ((k - 1) * d + 1)) // s + 1
        for n, b, a, k, d, s in zip(
            spatial, window.before, window.after, window.kernel, window.dilations, window.strides, strict=True
        )
    ]
    y = np.zeros((len(x), *sizes, outputs), dtype=object)
    for n, *place, o in np.ndindex(y.shape):
        total = 0
        for tap in np.ndindex(window.kernel):
            at = [
                p * s + t * d - b
                for p, s, t, d, b in zip(place, window.strides, tap, window.dilations, window.before, strict=True)
            ]
            if any(i < 0 or i >= size for i, size in zip(at, spatial, strict=True)):
                continue
            for c in range(each):
                total += int(weight[(o, *tap, c)]) * int(x[(n, *at, o // (outputs // groups) * each + c)])
        y[(n, *place, o)] = total
    return y


@st.composite
def cases(draw: Any) -> tuple[Convolution, np.ndarray]:
    rank = draw(st.integers(1, 2))

    def per_axis(low: int, high: int) -> tuple[int, ...]:
        return tuple(draw(st.integers(low, high)) for _ in range(rank))

    window = Window(per_axis(1, 3), per_axis(1, 3), per_axis(0, 2), per_axis(0, 2), per_axis(1, 2))
    spatial = tuple(max(1, e - b - a) + draw(st.integers(0, 3)) for e, b, a in zip(
        window.extent, window.before, window.after, strict=True))  # fmt: skip
    groups, each, per_group = draw(st.integers(1, 3)), draw(st.integers(1, 2)), draw(st.integers(1, 2))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    large = draw(st.sampled_from([8, 2**30, 2**40]))  # float64, int64, Python integers
    weight = rng.integers(-large, large, (groups * per_group, *window.kernel, each))
    shape = (*spatial, groups * each)
    layer = Convolution("y", ("x",), weight, window, groups, fractions(np.ones(len(weight))), shape)
    return layer, rng.integers(-large, large, (2, *shape))


@given(cases())
def test_equals_the_definition(case: tuple[Convolution, np.ndarray]) -> None:
    layer, x = case
    expected = loops(x, layer.weights, layer.window, layer.groups)
    assert (layer.evaluate(x) == expected).all()
    real = Convolve("y", ("x",), layer.weights.astype(np.float64), layer.window, layer.groups)
    np.testing.assert_allclose(real.evaluate(x.astype(np.float64)), expected.astype(np.float64), rtol=1e-9, atol=1e17)
    assert real.shape(layer.source) == expected.shape[1:]
    number = Number.of(x.min(), x.max())
    result = layer.infer(Tensor("x", layer.source, number, fractions([1]), fractions([0])))
    assert result.shape == expected.shape[1:]
    assert result.number.holds(expected)


@given(cases())
def test_bounds_hold_the_results(case: tuple[Convolution, np.ndarray]) -> None:
    layer, x = case
    real = Convolve("y", ("x",), layer.weights / 2.0**20, layer.window, layer.groups)
    y = real.evaluate(x / 2.0**20)
    low, high = real.bounds(x.min(axis=0) / 2.0**20, x.max(axis=0) / 2.0**20)
    slack = 1e-9 * (1 + np.abs(y))
    assert (low - slack <= y).all()
    assert (y <= high + slack).all()


SMALL = [
    (Window((2,), (1,), (1,), (0,), (1,)), [[[1], [2]], [[-3], [1]]], (3, 1), Number.of(-1, 1, 2)),
    (Window((2, 2), (1, 1), (0, 0), (1, 1), (1, 1)), [[[[2], [4]], [[-6], [2]]]], (2, 2, 1), Number.of(1, 3, 2)),
    (Window((2,), (2,), (0,), (1,), (1,)), [[[1, 5], [2, -1]]], (3, 2), Number.of([0, 4], [1, 8], [1, 4])),
    (Window((3,), (1,), (1,), (1,), (1,)), [[[4], [0], [4]]], (2, 1), Number.of([[2], [3]], [[2], [5]], [[0], [2]])),
]


@pytest.mark.parametrize(("window", "weight", "shape", "number"), SMALL)
def test_ranges_are_those_of_brute_force(window: Window, weight: Any, shape: tuple[int, ...], number: Number) -> None:
    weights = np.array(weight)
    layer = Convolution("y", ("x",), weights, window, 1, fractions(np.ones(len(weights))), shape)
    lattices = number.elements(shape)
    every = [range(int(n.low), int(n.high) + 1, max(int(n.step), 1)) for n in lattices]
    x = np.array(list(itertools.product(*every))).reshape(-1, *shape)
    y = layer.evaluate(x)
    inferred = layer.infer(Tensor("x", shape, number, fractions([1]), fractions([0]))).number
    assert inferred.holds(y)
    for o in range(len(weights)):
        values = y[..., o]
        assert (inferred.low[o], inferred.high[o]) == (values.min(), values.max())
        assert inferred.step[o] == np.gcd.reduce(values.reshape(-1) - values.min())
    builder = Builder(tuple(lattices))
    circuit = builder.finish(layer.expand(builder, builder.start()))
    assert (circuit.evaluate(x.reshape(len(x), -1)) == y.reshape(len(y), -1)).all()


def test_padding_widens_a_lattice_without_zero() -> None:
    window = Window((1,), (1,), (1,), (0,), (1,))
    layer = Convolution("y", ("x",), np.array([[[1]]]), window, 1, fractions([1]), (1, 1))
    number = layer.infer(Tensor("x", (1, 1), Number.of(-1, 1, 2), fractions([1]), fractions([0]))).number
    assert str(number) == "[-1..1]"


def test_text() -> None:
    window = Window((3, 3), (2, 2), (0, 0), (1, 1), (2, 2))
    layer = Convolution("y", ("x",), np.ones((4, 3, 3, 1)), window, 2, fractions(np.ones(4)), (8, 8, 2))
    assert layer.describe() == "3x3, stride 2x2, pads 0x0..1x1, dilation 2x2, 2 to 4 channels, 2 groups"


@pytest.mark.parametrize("groups", [1, 2])
def test_sums_are_shared_across_positions(groups: int) -> None:
    """Windows that overlap need fewer additions together than a circuit for each of them."""
    window, shape = Window((2, 3), (1, 1), (1, 1), (0, 1), (1, 1)), (4, 5, 2)
    rng = np.random.default_rng(0)
    weight = rng.integers(-15, 16, (4, 2, 3, 2 // groups))
    layer = Convolution("y", ("x",), weight, window, groups, fractions(np.ones(4)), shape)
    inputs = tuple(Number.of(0, 7).elements(shape))
    together, alone = Builder(inputs), Builder(inputs)
    circuit = together.finish(layer.expand(together, together.start()))
    x = alone.start()
    index = window.patches(np.arange(len(x)).reshape(1, *shape), -1).reshape(-1, 6, groups, 2 // groups)
    values = [
        y
        for position in index
        for g, matrix in enumerate(layer.matrices)
        for y in multiply(
            alone, [x[i] for i in position[:, g].flat if i >= 0], matrix[:, position[:, g].reshape(-1) >= 0]
        )
    ]
    assert additions(circuit) < 0.95 * additions(alone.finish(values))
    batch = rng.integers(0, 8, (50, *shape))
    assert (circuit.evaluate(batch.reshape(50, -1)) == layer.evaluate(batch).reshape(50, -1)).all()


def additions(circuit: Circuit) -> int:
    return sum(isinstance(node, Add) for node in circuit.nodes)
