"""Widths and formats of single matrices and tensors."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from nnfpga.compiler.formats import Format
from nnfpga.compiler.layers.dense import Linear
from nnfpga.compiler.layers.rearrange import RealRearrange
from nnfpga.compiler.layers.scalar import Apply, Quantize
from nnfpga.compiler.passes import Calibration, quantize
from nnfpga.compiler.real import RealGraph, RealInput
from nnfpga.compiler.scalar.functions import Relu

RNG = np.random.default_rng(0)
X = RNG.random((100, 6)) * 2
A, B = RNG.normal(size=(5, 6)), RNG.normal(size=(4, 5))
GRAPH = RealGraph(
    (RealInput("x", (6,)),),
    (
        Linear("a", ("x",), A),
        Apply("r", ("a",), Relu()),
        Linear("b", ("r",), B),
    ),
    ("b",),
)


def levels(graph: RealGraph, name: str) -> int:
    """How many levels a tensor's quantiser has."""
    (found,) = [op.quantizer for op in graph.ops if op.name == f"{name}_q" and isinstance(op, Quantize)]
    assert found.low is not None
    assert found.high is not None
    return found.high - found.low + 1


def weights(graph: RealGraph, name: str) -> np.ndarray:
    """A matrix's integers."""
    (found,) = [op for op in graph.ops if op.name == name and isinstance(op, Linear)]
    return found.integers


@pytest.mark.parametrize("bits", [2, 3, 5, 12])
def test_each_has_its_own_width(bits: int) -> None:
    """What is named gets its width, all else the common one."""
    graph = quantize(GRAPH, Calibration(GRAPH.evaluate(X), 8, weights={"a": bits}, activations={"r": bits}))
    assert 2 ** (bits - 2) <= np.abs(weights(graph, "a")).max() < 2 ** (bits - 1)
    assert 2**6 <= np.abs(weights(graph, "b")).max() < 2**7
    assert levels(graph, "r") == 2**bits
    assert levels(graph, "x") == 2**8


def test_formats() -> None:
    """A format says the scale, too, and both bounds hold."""
    narrow = Format(4, 1, True)
    graph = quantize(
        GRAPH, Calibration(GRAPH.evaluate(X), weights={"b": narrow}, activations={"x": Format(3, 1, False)})
    )
    (b,) = [op for op in graph.ops if op.name == "b" and isinstance(op, Linear)]
    assert b.scale is not None
    assert {*b.scale.flat} == {Fraction(1, 8)}
    assert np.array_equal(weights(graph, "b"), np.clip(np.floor(B * 8 + 0.5), -8, 7))
    assert levels(graph, "x") == 8


def test_sums_that_are_only_moved_leave_as_they_are() -> None:
    moved = GRAPH.replace([*GRAPH.ops, RealRearrange("y", ("b",), np.array([[3, 1], [0, 2]]))], ("y",))
    quantised = quantize(moved, Calibration(moved.evaluate(X), 8))
    assert quantised.outputs == ("y",)
    assert quantised.makers["y"].inputs == ("b",)
