"""The estimate of an unrolled layer against its circuit, made and counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nnfpga.compiler.device import GENERIC
from nnfpga.compiler.exact import fractions
from nnfpga.compiler.graph import Graph, Layer, Tensor
from nnfpga.compiler.layers.convolution import Convolution
from nnfpga.compiler.layers.dense import Dense
from nnfpga.compiler.layers.scalar import Scalar
from nnfpga.compiler.layers.window import Window
from nnfpga.compiler.number import Number
from nnfpga.compiler.plan import Unrolled
from nnfpga.compiler.scalar.pieces import Line, Pieces
from nnfpga.compiler.weights import detect
from nnfpga.rtl import costs
from nnfpga.rtl.unrolled_cost import expanded

RNG = np.random.default_rng(0)
ONE = fractions([1])


def source(shape: tuple[int, ...], bits: int, signed: bool = False) -> Tensor:
    """An input of some bits."""
    return Tensor("x", shape, Number.bits(bits, signed), ONE, fractions([0]))


def dense(rows: int, columns: int, bits: int, density: float = 1.0) -> Dense:
    """Weights that are normal, rounded so that the largest fills the bits."""
    rng = np.random.default_rng(1)
    weights = rng.normal(size=(rows, columns))
    whole = np.rint(weights / np.abs(weights).max() * ((1 << (bits - 1)) - 1)).astype(np.int64)
    whole *= rng.random(whole.shape) < density
    return Dense("y", ("x",), detect(whole), np.full(rows, ONE[0]))


def estimated(layer: Layer, x: Tensor) -> float:
    """LUTs by the cost model."""
    return costs(Graph((x,), (layer,), (layer.name,)), layer, Unrolled(), GENERIC).lut.value


@pytest.mark.parametrize(("rows", "columns"), [(1, 60), (10, 16), (12, 40), (32, 12)])
@pytest.mark.parametrize("bits", [3, 5, 8])
@pytest.mark.parametrize("density", [0.25, 1.0])
def test_matrices(rows: int, columns: int, bits: int, density: float) -> None:
    """The stated error holds for matrices of many shapes."""
    layer, x = dense(rows, columns, bits, density), source((columns,), 6)
    assert estimated(layer, x) == pytest.approx(expanded(layer, GENERIC, x).lut.value, rel=0.3)


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("signed", [False, True])
def test_convolutions(groups: int, signed: bool) -> None:
    """Padding, strides and groups are counted."""
    window = Window((3, 3), (2, 1), (1, 1), (1, 1), (1, 1))
    weights = RNG.integers(-31, 32, (4, 3, 3, 4 // groups))
    layer = Convolution("y", ("x",), weights, window, groups, np.full(4, ONE[0]), (5, 4, 4))
    x = source((5, 4, 4), 5, signed)
    assert estimated(layer, x) == pytest.approx(expanded(layer, GENERIC, x).lut.value, rel=0.3)


def test_functions_are_counted_at_every_position() -> None:
    """A function per channel costs the same at each position."""
    pieces = tuple(Pieces(-50, 50, (Line(-50, 1, b, 2),)) for b in (0, 3, 9))
    layer, x = Scalar("y", ("x",), pieces, ONE), Tensor("x", (4, 5, 3), Number.of(-50, 50), ONE, fractions([0]))
    assert estimated(layer, x) == expanded(layer, GENERIC, x).lut.value > 0


def test_more_bits_cost_more() -> None:
    """Of weights, and of inputs."""
    by_weight = [estimated(dense(16, 40, bits), source((40,), 6)) for bits in range(2, 17)]
    by_input = [estimated(dense(16, 40, 6), source((40,), bits)) for bits in range(1, 17)]
    assert by_weight == sorted(by_weight)
    assert by_input == sorted(by_input)


def test_nothing_to_add_costs_nothing() -> None:
    """One term a row is wires."""
    layer = Dense("y", ("x",), detect(np.eye(4, dtype=np.int64) * 4), np.full(4, ONE[0]))
    assert estimated(layer, source((4,), 8)) == 0
    assert estimated(replace(layer, weights=detect(np.zeros((4, 4), np.int64))), source((4,), 8)) == 0
