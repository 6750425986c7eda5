"""Pooling against loops over every tap, its ranges against brute force, its circuit against its integers."""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnfpga.compiler.circuit.ir import Builder
from nnfpga.compiler.exact import fractions
from nnfpga.compiler.graph import Layer, Tensor
from nnfpga.compiler.layers.pooling import AveragePool, AveragePooling, MaxPool, MaxPooling
from nnfpga.compiler.layers.window import Window
from nnfpga.compiler.number import Number


def taps(x: np.ndarray, window: Window) -> dict[tuple[int, ...], list[int]]:
    """The elements of each window, by sample, position and channel."""
    found: dict[tuple[int, ...], list[int]] = {}
    for n, *place, c in np.ndindex(len(x), *window.positions(x.shape[1:-1]), x.shape[-1]):
        inside: list[int] = []
        for tap in np.ndindex(window.kernel):
            axes = zip(place, window.strides, tap, window.dilations, window.before, strict=True)
            at = [p * s + t * d - b for p, s, t, d, b in axes]
            if all(0 <= i < size for i, size in zip(at, x.shape[1:-1], strict=True)):
                inside.append(int(x[(n, *at, c)]))
        found[(n, *place, c)] = inside
    return found


@st.composite
def cases(draw: Any) -> tuple[Window, np.ndarray]:
    rank = draw(st.integers(1, 2))
    kernel = tuple(draw(st.integers(1, 3)) for _ in range(rank))
    before, after = (tuple(draw(st.integers(0, k - 1)) for k in kernel) for _ in range(2))
    strides, dilations = (tuple(draw(st.integers(1, 2)) for _ in kernel) for _ in range(2))
    window = Window(kernel, strides, before, after, dilations)
    spatial = tuple(e + draw(st.integers(0, 3)) for e in window.extent)
    large = draw(st.sampled_from([8, 2**61]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    return window, rng.integers(-large, large, (2, *spatial, 2))


def tensor(x: np.ndarray) -> Tensor:
    return Tensor("x", x.shape[1:], Number.of(x.min(axis=0), x.max(axis=0)), fractions([1]), fractions([0]))


@given(cases())
def test_max_equals_the_definition(case: tuple[Window, np.ndarray]) -> None:
    window, x = case
    y = MaxPooling("y", ("x",), window, x.shape[1:]).evaluate(x)
    for place, values in taps(x, window).items():
        assert y[place] == max(values)
    result = MaxPooling("y", ("x",), window, x.shape[1:]).infer(tensor(x))
    assert result.shape == y.shape[1:]
    assert result.number.holds(y)


@given(cases())
def test_average_equals_the_definition(case: tuple[Window, np.ndarray]) -> None:
    window, x = case
    expected = {place: (sum(v), len(v)) for place, v in taps(x, window).items()}
    divisors = np.zeros(window.positions(x.shape[1:-1]), dtype=np.int64)
    for (_, *place, _), (_, count) in expected.items():
        divisors[tuple(place)] = count
    op = AveragePool("y", ("x",), window, divisors)
    layer = op.lower(tensor(x))
    result, y = layer.infer(tensor(x)), layer.evaluate(x)
    for place, (sum_, count) in expected.items():
        assert result.scale[0] * int(y[place]) == Fraction(sum_, count)
    assert result.number.holds(y)
    exact = (y / op.divisor).astype(np.float64)
    np.testing.assert_allclose(op.evaluate(x.astype(np.float64)), exact, rtol=1e-9, atol=1e4)


ONE = Window((2,), (1,), (1,), (0,), (1,))
TWO = Window((2, 2), (2, 1), (0, 0), (0, 0), (1, 1))
SMALL: list[tuple[Layer, tuple[int, ...], Number]] = [
    (MaxPooling("y", ("x",), ONE, (3, 1)), (3, 1), Number.of(-2, 2, 2)),
    (MaxPooling("y", ("x",), TWO, (2, 2, 2)), (2, 2, 2), Number.of([0, 1], [1, 3], [1, 2])),
    (MaxPooling("y", ("x",), ONE, (2, 1)), (2, 1), Number.of([[1], [4]], [[3], [8]], [[2], [4]])),
    (AveragePooling("y", ("x",), ONE, np.array([2, 1, 1]), 2, (3, 1)), (3, 1), Number.of(-1, 1, 2)),
    (AveragePooling("y", ("x",), TWO, np.array([[1]]), 4, (2, 2, 2)), (2, 2, 2), Number.of([0, 4], [1, 8], [1, 4])),
]


@pytest.mark.parametrize(("layer", "shape", "number"), SMALL)
def test_ranges_are_those_of_brute_force(layer: Layer, shape: tuple[int, ...], number: Number) -> None:
    lattices = number.elements(shape)
    every = [range(int(n.low), int(n.high) + 1, max(int(n.step), 1)) for n in lattices]
    x = np.array(list(itertools.product(*every))).reshape(-1, *shape)
    y = layer.evaluate(x)
    inferred = layer.infer(Tensor("x", shape, number, fractions([1]), fractions([0]))).number
    assert inferred.holds(y)
    bounds = inferred.broadcast(shape[-1:])
    assert (bounds.low == y.reshape(-1, shape[-1]).min(axis=0)).all()
    assert (bounds.high == y.reshape(-1, shape[-1]).max(axis=0)).all()
    builder = Builder(tuple(lattices))
    circuit = builder.finish(layer.expand(builder, builder.start()))
    assert (circuit.evaluate(x.reshape(len(x), -1)) == y.reshape(len(y), -1)).all()


def test_bounds() -> None:
    low, high = np.array([[-1.0], [0.0], [-3.0]]), np.array([[1.0], [0.5], [2.0]])
    a, b = MaxPool("y", ("x",), ONE).bounds(low, high)
    assert (a.tolist(), b.tolist()) == ([[-1], [0], [0]], [[1], [1], [2]])
    a, b = AveragePool("y", ("x",), ONE, np.array([1, 2, 2])).bounds(low, high)
    assert (a.tolist(), b.tolist()) == ([[-1], [-0.5], [-1.5]], [[1], [0.75], [1.25]])
