"""Networks that a file quantises: whatever stands between its quantisers, the integers have the file's exact value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnfpga.compiler.exact import fractions
from nnfpga.compiler.graph import Graph
from nnfpga.compiler.layers.arg_max import ArgMax, RealArgMax
from nnfpga.compiler.layers.convolution import Convolve
from nnfpga.compiler.layers.dense import Linear
from nnfpga.compiler.layers.join import Concatenate, Sum
from nnfpga.compiler.layers.pooling import AveragePool, MaxPool
from nnfpga.compiler.layers.rearrange import RealRearrange
from nnfpga.compiler.layers.scalar import Apply, Quantize
from nnfpga.compiler.layers.window import Window
from nnfpga.compiler.passes import Calibration, entry, lower, optimise, quantize, simplify
from nnfpga.compiler.real import Op, RealGraph, RealInput
from nnfpga.compiler.scalar.functions import Affine, Function, LeakyRelu, Relu, Sigmoid
from nnfpga.compiler.scalar.quantizer import Quantizer, Rounding

Scales = Sequence[float]
DYADIC = st.sampled_from([0.125, 0.25, 0.375, 0.5, 0.625, 1.0, 1.5])  # so that float64 is exact below
SHAPE = (4, 4, 3)


def quantizer(scale: Scales, low: int = -8, high: int = 7, rounding: Rounding = Rounding.HALF_EVEN) -> Quantizer:
    return Quantizer(fractions(np.array(scale)), low, high, rounding)


def kernel(seed: int, scales: Scales) -> Convolve:
    codes = np.random.default_rng(seed).integers(-3, 4, (3, 3, 3, 3)).astype(np.float64)
    each = np.resize(np.array(scales), 3)
    place = Window((3, 3), (1, 1), (1, 1), (1, 1), (1, 1))
    return Convolve("", (), codes * each[:, None, None, None], place, scale=fractions(each))


def named(op: Op, name: str, *inputs: str) -> Op:
    """The operation at a place in a graph."""
    return replace(op, name=name, inputs=inputs)


def integers(graph: RealGraph) -> Graph:
    """The integer graph; nothing may ask for calibration values."""
    return optimise(lower(quantize(simplify(graph), Calibration({}))))


def compare(graph: RealGraph, x: np.ndarray) -> Graph:
    """The integer graph, whose outputs have the real network's values."""
    whole = integers(graph)
    codes = entry(quantize(simplify(graph), Calibration({}))).integers(x)
    values = whole.evaluate(codes, keep=True)
    assert all(whole.tensors[name].number.holds(v) for name, v in values.items())
    expected = graph.evaluate(x)
    for ours, theirs in zip(whole.outputs, graph.outputs, strict=True):
        assert np.array_equal(whole.tensors[ours].real(values[ours]), expected[theirs])
    return whole


@st.composite
def branches(draw: st.DrawFn) -> list[Op]:
    """A residual block with anything exact between its ends."""
    per_channel = st.lists(DYADIC, min_size=3, max_size=3)
    scale = st.one_of(per_channel, st.lists(DYADIC, min_size=1, max_size=1))
    ops: list[Op] = [Quantize("q", ("x",), quantizer(draw(st.lists(DYADIC, min_size=1, max_size=1))))]
    last: list[str] = []
    for side in "ab":
        name = "q"
        if draw(st.booleans()):
            ops.append(named(kernel(draw(st.integers(0, 9)), draw(scale)), f"conv_{side}", name))
            name = ops[-1].name
        if draw(st.booleans()):
            slope, intercept = np.array(draw(scale)), np.array(draw(per_channel))
            ops.append(Apply(f"bias_{side}", (name,), Affine(slope * draw(st.sampled_from([-1, 1])), intercept)))
            name = ops[-1].name
        function = draw(st.sampled_from([None, Relu(), LeakyRelu(0.25)]))
        if function is not None:
            ops.append(Apply(f"bend_{side}", (name,), function))
            name = ops[-1].name
        if draw(st.booleans()):
            ops.append(
                Quantize(f"q_{side}", (name,), quantizer(draw(scale), -100, 100, draw(st.sampled_from(Rounding))))
            )
            name = ops[-1].name
        last.append(name)
    signs = draw(st.sampled_from([(1, 1), (1, -1)]))
    join = draw(st.sampled_from([Sum("", (), signs), Concatenate("", ())]))
    ops.append(named(join, "join", *last))
    channels = 3 if isinstance(join, Sum) else 6
    window = Window((2, 2), (2, 2), (0, 0), (0, 0), (1, 1))
    pool = draw(st.sampled_from([MaxPool("", (), window), AveragePool("", (), window, np.full((2, 2), 4)), None]))
    ops.append(named(pool, "pool", "join") if pool else Apply("pool", ("join",), Affine(np.ones(1), np.zeros(1))))
    if draw(st.booleans()):
        ops.append(Quantize("y", ("pool",), quantizer([0.25], -60, 60, draw(st.sampled_from(Rounding)))))
    else:
        index = np.arange(2 * 2 * channels if pool else 4 * 4 * channels)
        ops.append(RealRearrange("y", ("pool",), index[::-1].copy()))
    return ops


@given(branches())
@settings(max_examples=60)
def test_nothing_is_rounded_but_by_the_file(ops: list[Op]) -> None:
    graph = RealGraph((RealInput("x", SHAPE),), tuple(ops), ("y",))
    compare(graph, np.random.default_rng(1).integers(-64, 64, (3, *SHAPE)) / 8)


def test_a_matrix_reads_scales_per_channel() -> None:
    weight = Linear("y", ("r",), np.array([[1.0, -2.0, 3.0], [0.0, 1.0, 1.0]]), scale=fractions([1, 1]))
    scales = fractions([0.5, 0.75, 2.0])
    ops: tuple[Op, ...] = (Quantize("q", ("x",), Quantizer(scales, 0, 7)), Apply("r", ("q",), Relu()), weight)
    whole = compare(RealGraph((RealInput("x", (3,)),), ops, ("y",)), np.random.default_rng(2).random((40, 3)) * 9)
    assert [type(layer).__name__ for layer in whole.layers] == ["Scalar", "Dense"]
    assert whole.tensors["y"].scale.tolist() == [Fraction(1, 4)] * 2


def test_an_arg_max_of_scales_per_channel_takes_the_lowest_index_of_equals() -> None:
    scales = [0.5, 0.75, 2.0]
    ops: tuple[Op, ...] = (
        Quantize("q", ("x",), quantizer([1.0], -4, 4)),
        Linear("fc", ("q",), np.eye(3) * np.array(scales)[:, None], scale=fractions(scales)),
        Apply("b", ("fc",), Affine(np.ones(1), np.array([0.25, 0.0, -1.0]))),
        RealArgMax("y", ("b",)),
    )
    x = np.stack(np.meshgrid(*[np.arange(-4, 5.0)] * 3), axis=-1).reshape(-1, 3)
    whole = compare(RealGraph((RealInput("x", (3,)),), ops, ("y",)), x)
    assert isinstance(whole.layers[-1], ArgMax)
    sums = x * scales + [0.25, 0.0, -1.0]
    assert any((row == row.max()).sum() > 1 for row in sums)


@pytest.mark.parametrize("function", [Sigmoid(), Affine(np.array([0.3]), np.array([0.1]))])
def test_a_function_in_front_of_a_quantiser_is_no_reason_to_quantise_before_it(function: Function) -> None:
    ops: tuple[Op, ...] = (
        Quantize("q", ("x",), quantizer([0.25])),
        named(kernel(3, [0.5]), "conv", "q"),
        Apply("f", ("conv",), function),
        Apply("g", ("f",), Relu()),
        Quantize("y", ("g",), quantizer([0.07])),
    )
    x = np.random.default_rng(3).normal(size=(4, *SHAPE))
    whole = compare(RealGraph((RealInput("x", SHAPE),), ops, ("y",)), x)
    assert [type(layer).__name__ for layer in whole.layers] == ["Convolution", "Scalar"]


def test_a_quantised_output_is_quantised_where_it_is_made() -> None:
    turn = np.moveaxis(np.arange(48).reshape(4, 4, 3), -1, 0)
    ops: tuple[Op, ...] = (
        Quantize("q", ("x",), quantizer([0.25])),
        named(kernel(4, [0.5]), "conv", "q"),
        RealRearrange("turned", ("conv",), turn),
        Quantize("y", ("turned",), quantizer([0.5])),
    )
    graph = RealGraph((RealInput("x", SHAPE),), ops, ("y",))
    whole = compare(graph, np.random.default_rng(5).normal(size=(4, *SHAPE)))
    assert [type(layer).__name__ for layer in whole.layers] == ["Convolution", "Scalar", "Rearrange"]
    layout = simplify(graph).layouts["y_unturned"][0]
    assert layout.name == "y"
    assert np.array_equal(layout.order, turn)
