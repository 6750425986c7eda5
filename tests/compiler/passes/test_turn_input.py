"""The host sends an image in the order in which the hardware reads it."""

from __future__ import annotations

import numpy as np
import pytest

from nnfpga.compiler.exact import fractions
from nnfpga.compiler.layers.convolution import Convolve
from nnfpga.compiler.layers.rearrange import RealRearrange
from nnfpga.compiler.layers.scalar import Apply, Quantize
from nnfpga.compiler.layers.window import Window
from nnfpga.compiler.passes import Calibration, Entry, entry, lower, optimise, quantize
from nnfpga.compiler.passes.turn_input import turn_input
from nnfpga.compiler.real import Op, RealGraph, RealInput
from nnfpga.compiler.scalar.functions import Affine
from nnfpga.compiler.scalar.quantizer import Quantizer

RNG = np.random.default_rng(0)
TURN = np.moveaxis(np.arange(24).reshape(3, 2, 4), 0, -1)


def image(*front: Op) -> RealGraph:
    """Operations on a 3x2x4 image, then the channels become last, and a convolution reads them."""
    weight = RNG.integers(-7, 8, (2, 1, 1, 3)) / 8
    last = front[-1].name if front else "x"
    ops = (
        *front,
        RealRearrange("t", (last,), TURN),
        Convolve("c", ("t",), weight, Window((1, 1), (1, 1), (0, 0), (0, 0), (1, 1)), 1),
    )
    return RealGraph((RealInput("x", (3, 2, 4)),), ops, ("c",))


def normalised(slope: list[float]) -> RealGraph:
    norm = Apply("n", ("x",), Affine(np.array(slope), np.zeros(1)))
    return image(norm, Quantize("q", ("n",), Quantizer(fractions([0.25]), -8, 7)))


def test_text() -> None:
    graph = normalised([0.5])
    assert f"{graph}becomes\n{turn_input(graph)}" == (
        "input %x: 3x2x4\n"
        "%n: 3x2x4 = apply %x\n"
        "%q: 3x2x4 = quantize %n\n"
        "%t: 2x4x3 = realrearrange %q\n"
        "%c: 2x4x2 = convolve %t\n"
        "output %c\n"
        "becomes\n"
        "input %x: 3x2x4\n"
        "%x_turned: 2x4x3 = realrearrange %x\n"
        "%n: 2x4x3 = apply %x_turned\n"
        "%t: 2x4x3 = quantize %n\n"
        "%c: 2x4x2 = convolve %t\n"
        "output %c\n"
    )


def test_the_function_and_the_names_stay() -> None:
    graph = normalised([0.5])
    after, x = turn_input(graph), RNG.normal(size=(20, 3, 2, 4))
    was, now = graph.evaluate(x), after.evaluate(x)
    assert np.array_equal(was["c"], now["c"])
    assert {name: layout.name for name, (layout,) in after.layouts.items()} == {"n": "n", "t": "q"}
    for name, (layout,) in after.layouts.items():
        assert np.array_equal(was[layout.name].reshape(20, -1), now[name].reshape(20, -1)[:, layout.order])


@pytest.mark.parametrize("slope", [[0.5, 1.0, 2.0, 4.0], []])
def test_what_it_leaves(slope: list[float]) -> None:
    graph = normalised(slope) if slope else image()  # by column of the image; nothing in front
    assert str(turn_input(graph)) == str(graph)


@pytest.mark.parametrize("graph", [image(), normalised([0.5])], ids=["no quantiser", "quantiser"])
def test_the_host_turns_the_image(graph: RealGraph) -> None:
    turned, x = turn_input(graph), RNG.integers(-16, 16, (50, 3, 2, 4)) / 16
    real = quantize(turned, Calibration(turned.evaluate(x), 5))
    made, way_in = optimise(lower(real)), entry(real)
    (source,) = made.inputs
    assert source.shape == (2, 4, 3)
    assert [type(layer).__name__ for layer in made.layers] == ["Convolution"]
    codes = way_in.integers(x)
    assert np.array_equal(codes, Entry.of(way_in.to_json()).integers(x.reshape(50, -1)))
    slope, unit = (0.5, 0.25) if len(graph.ops) > 2 else (1.0, float(source.scale.item()))
    expected = np.clip(np.floor(slope * x / unit + 0.5), int(source.number.low), int(source.number.high))
    assert np.array_equal(codes, np.moveaxis(expected, 1, -1))
    result = made.tensors["c"].real(made.evaluate(codes)["c"])
    assert np.array_equal(result, real.evaluate(x)["c"])


def test_an_image_that_two_layouts_read_is_turned_in_hardware() -> None:
    graph = image()
    both = graph.replace([*graph.ops, Quantize("q", ("x",), Quantizer(fractions([1]), -8, 7))], ("c", "q"))
    x = RNG.integers(-4, 4, (50, 3, 2, 4))
    real = quantize(turn_input(both), Calibration(both.evaluate(x), 4))
    assert "Rearrange" in {type(layer).__name__ for layer in lower(real).layers}
