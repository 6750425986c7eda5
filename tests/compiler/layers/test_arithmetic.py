"""Products and extremes of tensors and reductions: exact values and the smallest lattices, against brute force."""

from __future__ import annotations

import itertools
from fractions import Fraction
from math import gcd

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnfpga.compiler.circuit.ir import Builder
from nnfpga.compiler.exact import fractions
from nnfpga.compiler.graph import Layer, Tensor
from nnfpga.compiler.layers.extreme import Extreme
from nnfpga.compiler.layers.product import RealProduct
from nnfpga.compiler.layers.reduction import Reduce, ReduceExtreme, ReduceSum
from nnfpga.compiler.number import Number
from nnfpga.compiler.real import Op


def lattice(low: int, count: int, step: int) -> Number:
    return Number.of(low, low + count * step, step)


LATTICES = st.builds(lattice, st.integers(-9, 9), st.integers(0, 4), st.integers(1, 5))
SCALES = st.builds(Fraction, st.integers(1, 9), st.sampled_from([1, 2, 8, 9]))


def values_of(number: Number) -> range:
    return range(int(number.low), int(number.high) + 1, max(int(number.step), 1))


def is_smallest(number: Number, y: np.ndarray) -> bool:
    """Whether the lattice of one element has the ends and the step of the values that occur."""
    found = sorted({int(v) for v in y.reshape(-1)})
    return (int(number.low), int(number.high)) == (found[0], found[-1]) and int(number.step) == gcd(
        *(v - found[0] for v in found)
    )


def circuit_agrees(layer: Layer, inputs: list[Tensor], columns: list[np.ndarray], y: np.ndarray) -> bool:
    """The layer as scalars, on the same values (samples, elements)."""
    builder = Builder(tuple(n for x in inputs for n in x.number.elements(x.shape)))
    start = builder.start()
    ends = np.cumsum([0, *(x.size for x in inputs)])
    parts = [start[a:b] for a, b in itertools.pairwise(ends)]
    circuit = builder.finish(layer.expand(builder, *parts))
    return np.array_equal(circuit.evaluate(np.concatenate(columns, axis=1)), y.reshape(len(y), -1))


OPS: list[Op] = [RealProduct("y", ("a", "b")), Extreme("y", ("a", "b")), Extreme("y", ("a", "b"), True)]


@pytest.mark.parametrize("op", OPS, ids=["product", "greatest", "least"])
@given(a=LATTICES, b=LATTICES, scales=st.tuples(SCALES, SCALES))
def test_two_tensors(op: Op, a: Number, b: Number, scales: tuple[Fraction, Fraction]) -> None:
    inputs = [Tensor(k, (1,), n, fractions([s]), fractions([0])) for k, n, s in zip("ab", (a, b), scales, strict=True)]
    layer = op.lower(*inputs)
    result = layer.infer(*inputs)
    every = np.array(list(itertools.product(values_of(a), values_of(b))))
    columns = [every[:, :1], every[:, 1:]]
    y = layer.evaluate(*columns)
    real = op.evaluate(*(c.astype(object) * s for c, s in zip(columns, scales, strict=True)))
    assert (y.astype(object) * result.scale == real).all()
    assert is_smallest(result.number.union(), y)
    assert circuit_agrees(layer, inputs, columns, y)
    unit = op.unit(*scales)
    assert unit == result.scale[0]
    ends = [(c.min(axis=0) * float(s), c.max(axis=0) * float(s)) for c, s in zip(columns, scales, strict=True)]
    low, high = op.bounds_of(*ends)
    np.testing.assert_allclose([low[0], high[0]], [float(real.min()), float(real.max())])


@given(LATTICES)
def test_square(a: Number) -> None:
    op = RealProduct("y", ("a", "a"))
    x = Tensor("a", (1,), a, fractions([Fraction(1, 4)]), fractions([0]))
    layer = op.lower(x, x)
    column = np.array(values_of(a))[:, None]
    y = layer.evaluate(column, column)
    assert (y == column**2).all()
    number = layer.infer(x, x).number
    assert number.union().holds(y)
    assert (int(number.low.min()), int(number.high.max())) == (y.min(), y.max())
    low, high = op.bounds_of((column.min(axis=0), column.max(axis=0)), (column.min(axis=0), column.max(axis=0)))
    assert low <= y.min()
    assert high == y.max()


REDUCTIONS: list[Reduce] = [
    ReduceSum("y", ("x",), (0,), 3),
    ReduceSum("y", ("x",), (0, 1), 1),
    ReduceExtreme("y", ("x",), (0,)),
    ReduceExtreme("y", ("x",), (1,), True),
    ReduceExtreme("y", ("x",), (), True),
]


@pytest.mark.parametrize("op", REDUCTIONS, ids=lambda op: f"{type(op).__name__}{op.axes}")
@given(numbers=st.lists(LATTICES, min_size=4, max_size=4), scale=SCALES)
def test_reduction(op: Reduce, numbers: list[Number], scale: Fraction) -> None:
    sides = np.array([[int(n.low), int(n.high), int(n.step)] for n in numbers]).T.reshape(3, 2, 2)
    x = Tensor("x", (2, 2), Number.of(sides[0], sides[1], sides[2]), fractions([scale]), fractions([0]))
    every = np.array(list(itertools.product(*map(values_of, numbers))))
    layer = op.lower(x)
    result = layer.infer(x)
    y = layer.evaluate(every.reshape(-1, 2, 2))
    assert y.shape[1:] == result.shape == op.shape((2, 2))
    real = op.evaluate(every.reshape(-1, 2, 2) * float(scale))
    np.testing.assert_allclose(y * float(result.scale[0]), real, rtol=1e-12, atol=1e-12)
    for number, column in zip(result.number.elements(result.shape), y.reshape(len(y), -1).T, strict=True):
        assert is_smallest(number, column)
    assert circuit_agrees(layer, [x], [every], y)
    low, high = op.bounds(sides[0] * float(scale), sides[1] * float(scale))
    np.testing.assert_allclose(low, real.min(axis=0), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(high, real.max(axis=0), rtol=1e-12, atol=1e-12)


def test_large_numbers() -> None:
    wide = Tensor("x", (2,), Number.of(-(2**40), 2**40), fractions([1]), fractions([0]))
    x = np.array([[2**40, -(2**40)]])
    product = RealProduct("y", ("x", "z")).lower(wide, wide)
    assert product.evaluate(x, x).tolist() == [[2**80, 2**80]]
    total = ReduceSum("y", ("x",), (0,)).lower(wide)
    assert total.evaluate(np.full((1, 2), 2**61)).tolist() == [[2**62]]


def test_scales_by_channel() -> None:
    x = Tensor("x", (2, 2), Number.of(0, 3), fractions([1, 2]), fractions([0]))
    assert ReduceSum("y", ("x",), (0,), 2).lower(x).infer(x).scale.tolist() == [[Fraction(1, 2), Fraction(1)]]
    assert RealProduct("y", ("x", "x")).lower(x, x).infer(x, x).scale.tolist() == [1, 4]
    moved = Tensor("x", (2, 2), Number.of(0, 3), fractions([1]), fractions([0, 1]))
    assert [op.accepts(x) for op in (*REDUCTIONS, *OPS)] == [True, False, True, False, True, True, False, False]
    assert [op.accepts(moved) for op in (*REDUCTIONS, *OPS)] == [False, False, True, False, True, False, False, False]
