"""One harness for every layer: ranges against brute force, and the unrolled circuit against the integers."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nnfpga.compiler.circuit.ir import Builder
from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.exact import fractions
from nnfpga.compiler.graph import Layer, Tensor
from nnfpga.compiler.layers.arg_max import ArgMax
from nnfpga.compiler.layers.convolution import Convolution
from nnfpga.compiler.layers.dense import Dense, Linear
from nnfpga.compiler.layers.extreme import Extremum
from nnfpga.compiler.layers.fill import Fill
from nnfpga.compiler.layers.join import Concatenation, Summation
from nnfpga.compiler.layers.pooling import AveragePooling, MaxPooling
from nnfpga.compiler.layers.product import Product
from nnfpga.compiler.layers.rearrange import Rearrange
from nnfpga.compiler.layers.reduction import ExtremeReduction, SumReduction
from nnfpga.compiler.layers.scalar import Apply, Scalar
from nnfpga.compiler.layers.sines import Sines, Waves
from nnfpga.compiler.layers.softmax import Softmax
from nnfpga.compiler.layers.top_k import TopIndices, TopValues
from nnfpga.compiler.layers.window import Window
from nnfpga.compiler.number import Number
from nnfpga.compiler.scalar.functions import Relu
from nnfpga.compiler.scalar.pieces import Line, Pieces
from nnfpga.compiler.weights import detect

ONE = fractions([1])


def tensor(shape: tuple[int, ...], number: Number) -> Tensor:
    return Tensor("x", shape, number, ONE, fractions([0]))


def dense(*rows: list[int]) -> Dense:
    return Dense("y", ("x",), detect(np.array(rows)), fractions(np.ones(len(rows))))


def scalar(*pieces: Pieces) -> Scalar:
    return Scalar("y", ("x",), pieces, ONE)


RELU = Pieces.of(-3, 3, [Line(-3, 0, 0, 0), Line(1, 1, 1, 1)])
LEFT = Pieces.of(-3, 3, [Line(-3, 4, 2, 0)])
BENT = Pieces.of(-3, 3, [Line(-3, 0, 5, 0), Line(-1, -2, 3, 0), Line(2, 3, -4, 1)])
STEPS = Pieces.of(-3, 3, [Line(-3, 0, -2, 0), Line(0, 0, 4, 0), Line(2, 0, 9, 0)])
PAIR = Window((2,), (1,), (0,), (0,), (1,))
EVEN_CHANNEL = Number.of([[-4], [1]], [[2], [5]], [[2], [4]])
EVEN = Number.of([-2, 0, 1], [2, 3, 1], [4, 1, 0])


@dataclass(frozen=True)
class Row:
    layer: Layer
    x: Tensor
    tight: bool = True


ROWS = [
    Row(dense([1, -2, 3], [0, 0, 0], [-1, -1, 5]), tensor((3,), Number.of(-3, 3))),
    Row(dense([2, 4, -6]), tensor((3,), Number.of(-1, 1, 2))),
    Row(dense([1, -1, 1], [-1, -1, 1]), tensor((3,), EVEN)),
    Row(dense([7, 0, 0]), tensor((3,), Number.of(2, 2))),
    *(
        Row(Sines("y", ("x",), np.array([[-4, 3, 0], [-1, 1, -2]]), Waves.of(2, size), Fraction(1)), tensor((3,), x))
        for size in (2, 5.5)
        for x in (Number.of(0, 3), Number.of([0, 1, 2], [3, 3, 2], [1, 2, 0]))
    ),
    Row(scalar(RELU), tensor((3,), Number.of(-3, 3))),
    Row(scalar(LEFT), tensor((2,), Number.of(-3, 3))),
    Row(scalar(BENT), tensor((2,), Number.of(-3, 3))),
    Row(scalar(RELU, STEPS, BENT), tensor((3,), Number.of(-3, 3))),
    Row(scalar(STEPS, LEFT), tensor((2, 2), Number.of(-3, 3))),
    Row(Convolution("y", ("x",), np.array([[[1], [-2]]]), PAIR, 1, ONE, (3, 1)), tensor((3, 1), Number.of(-1, 1))),
    Row(MaxPooling("y", ("x",), PAIR, (3, 1)), tensor((3, 1), Number.of(-1, 1))),
    Row(AveragePooling("y", ("x",), PAIR, np.array([1, 1]), 2, (3, 1)), tensor((3, 1), Number.of(-1, 1))),
    Row(Summation("y", ("x",), (np.array([-3]),)), tensor((2, 1), Number.of(-1, 1))),
    Row(Concatenation("y", ("x",), (2,), (1,)), tensor((2, 1), Number.of(-1, 1))),
    Row(Product("y", ("x", "x")), tensor((2, 1), EVEN_CHANNEL)),
    Row(Product("y", ("x", "x")), tensor((1,), Number.of(-200, 100))),
    Row(Extremum("y", ("x", "x"), (1, 1), False), tensor((2, 1), EVEN_CHANNEL)),
    Row(SumReduction("y", ("x",), (0, 1), (3, 1), 3), tensor((3, 1), Number.of(-1, 1))),
    Row(SumReduction("y", ("x",), (0,), (2, 2), 1), tensor((2, 2), Number.of([0, -3], [2, 3], [1, 6]))),
    Row(ExtremeReduction("y", ("x",), (1,), (2, 2), True), tensor((2, 2), Number.of([0, -3], [2, 3], [1, 6]))),
    Row(ExtremeReduction("y", ("x",), (0,), (2, 2), False), tensor((2, 2), Number.of([0, -3], [2, 3], [1, 6]))),
    Row(ArgMax("y", ("x",)), tensor((4,), Number.of(-2, 1))),
    Row(ArgMax("y", ("x",)), tensor((3,), Number.of([0, 5, 5], [4, 5, 7], [1, 0, 1])), tight=False),
    *(
        Row(TopIndices("y", ("x",), k, least, last, 3), tensor((3,), Number.of(-1, 1)))
        for k in (1, 3)
        for least in (False, True)
        for last in (False, True)
    ),
    Row(TopIndices("y", ("x",), 1, False, False, 2), tensor((2, 2), Number.of(-1, 1))),
    *(Row(TopValues("y", ("x",), 2, least, 3), tensor((3,), Number.of(-1, 1))) for least in (False, True)),
    Row(TopValues("y", ("x",), 2, True, 3), tensor((3,), EVEN)),
    Row(TopValues("y", ("x",), 1, False, 2), tensor((2, 2), Number.of([0, -3], [2, 3], [1, 6]))),
    Row(Rearrange("y", ("x",), np.array([[2, 0], [1, 1]])), tensor((3,), EVEN)),
    Row(Fill("y", ("x",), np.array([[2, -1], [0, 1]]), np.array([[0, -5], [0, 0]]), 3), tensor((3,), EVEN)),
    Row(Rearrange("y", ("x",), np.array([3, 1, 2, 0])), tensor((2, 2), Number.of(0, 2))),
]


def every_input(x: Tensor) -> np.ndarray:
    elements = [range(int(n.low), int(n.high) + 1, max(int(n.step), 1)) for n in x.number.elements(x.shape)]
    return np.array(list(itertools.product(*elements))).reshape(-1, *x.shape)


@pytest.mark.parametrize("row", ROWS, ids=lambda r: type(r.layer).__name__)
def test_range_and_circuit(row: Row) -> None:
    x = every_input(row.x)
    reads = len(row.layer.inputs)
    y = row.layer.evaluate(*[x] * reads)
    out = row.layer.infer(*[row.x] * reads)
    assert y.shape[1:] == out.shape
    assert out.number.holds(y)
    if row.tight:
        proven = out.number.broadcast(out.shape)
        assert np.array_equal(proven.low, y.min(axis=0))
        assert np.array_equal(proven.high, y.max(axis=0))
    builder = Builder(tuple(row.x.number.elements(row.x.shape)))
    circuit = builder.finish(row.layer.expand(builder, *[builder.start()] * reads))
    assert np.array_equal(circuit.evaluate(x.reshape(len(x), -1)), y.reshape(len(y), -1))
    for value, column in zip(circuit.outputs, y.reshape(len(y), -1).T, strict=True):
        r = circuit.ranges[value]
        assert r.low <= column.min()
        assert column.max() <= r.high


def test_every_layer_has_a_row() -> None:
    assert {type(row.layer) for row in ROWS} == {*Layer.__subclasses__()}


@given(arrays(np.int64, (3, 4), elements=st.integers(-9, 9)), st.integers(-4, 0), st.integers(0, 3), st.integers(1, 3))
def test_dense_lattices(matrix: np.ndarray, low: int, count: int, step: int) -> None:
    x = tensor((4,), Number.of(low, low + count * step, step))
    layer = dense(*matrix.tolist())
    y = layer.evaluate(every_input(x))
    number = layer.infer(x).number
    assert number.holds(y)
    assert np.array_equal(number.low, y.min(axis=0))
    assert np.array_equal(number.high, y.max(axis=0))


def test_wide_functions_become_comparisons() -> None:
    wide = Pieces.of(-5000, 5000, [Line(-5000, 0, -7, 0), Line(-40, 3, 1, 2), Line(900, 0, 680, 0)])
    layer = scalar(wide)
    builder = Builder((Number.of(-5000, 5000),))
    circuit = builder.finish(layer.expand(builder, builder.start()))
    x = np.arange(-5000, 5001)[:, None]
    assert np.array_equal(circuit.evaluate(x), layer.evaluate(x))


def test_scales_travel() -> None:
    x = Tensor("x", (2,), Number.of(-3, 3), fractions([Fraction(1, 4)]), fractions([0]))
    layer = Dense("y", ("x",), detect(np.array([[1, 2], [3, 4]])), fractions([Fraction(1, 2), Fraction(1, 8)]))
    assert layer.infer(x).scale.tolist() == [Fraction(1, 8), Fraction(1, 32)]
    assert layer.infer(x).real(np.array([[8, 32]])).tolist() == [[1.0, 1.0]]


@pytest.mark.parametrize(
    ("op", "x", "text"),
    [
        (
            Apply("y", ("x",), Relu(), node="Relu 'y' (node 1)"),
            tensor((2,), Number.of(0, 1)),
            "Relu 'y' (node 1): no quantiser follows it; quantise the model first",
        ),
        (
            Softmax("y", ("x",), node="Softmax 'y' (node 1)"),
            tensor((2,), Number.of(0, 1)),
            "Softmax 'y' (node 1): a softmax inside a network has no integer meaning; use it at the end only",
        ),
    ],
)
def test_what_cannot_be_lowered(op: Linear, x: Tensor, text: str) -> None:
    with pytest.raises(CompileError) as caught:
        op.lower(x)
    assert str(caught.value) == text


def test_linear_names_weights_that_are_no_multiples() -> None:
    with pytest.raises(ValueError, match=r"^the weights of 'y' are no multiples of their scales$"):
        _ = Linear("y", ("x",), np.array([[0.5, 0.3]]), scale=fractions([Fraction(1, 2)])).integers
    with pytest.raises(ValueError, match=r"^the weights of 'y' are not quantised$"):
        _ = Linear("y", ("x",), np.array([[0.5, 0.3]])).integers
