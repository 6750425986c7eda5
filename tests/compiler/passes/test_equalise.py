"""Channels scaled by powers of two: the same function of real numbers, and better use of one scale."""

from __future__ import annotations

import numpy as np
import pytest

from nnfpga.compiler.exact import fractions
from nnfpga.compiler.formats import Format
from nnfpga.compiler.layers.convolution import Convolve
from nnfpga.compiler.layers.dense import Linear
from nnfpga.compiler.layers.pooling import MaxPool
from nnfpga.compiler.layers.rearrange import RealRearrange
from nnfpga.compiler.layers.scalar import Apply, Quantize
from nnfpga.compiler.layers.window import Window
from nnfpga.compiler.passes import Calibration, quantize, sample_values
from nnfpga.compiler.passes.equalise import equalise
from nnfpga.compiler.real import RealGraph, RealInput, Weighted
from nnfpga.compiler.scalar.functions import Affine, PRelu, Relu, Sigmoid
from nnfpga.compiler.scalar.quantizer import Quantizer

RNG = np.random.default_rng(0)
UNEVEN = 2.0 ** np.array([0, -5, 3, 1, -2, 4])
DENSE = RealGraph(
    (RealInput("x", (8,)),),
    (
        Linear("a", ("x",), RNG.normal(size=(6, 8)) * UNEVEN[:, None]),
        Apply("b", ("a",), Affine(np.ones(1), RNG.normal(size=6) * UNEVEN)),
        Apply("r", ("b",), Relu()),
        Linear("c", ("r",), RNG.normal(size=(4, 6)) / UNEVEN),
    ),
    ("c",),
)
IMAGE = RealGraph(
    (RealInput("x", (6, 6, 2)),),
    (
        Convolve("a", ("x",), RNG.normal(size=(4, 3, 3, 2)) * UNEVEN[:4, None, None, None],
                 Window((3, 3), (1, 1), (1, 1), (1, 1), (1, 1))),
        Apply("r", ("a",), PRelu(np.array([0.1, 0.2, 0.3, 0.4]))),
        Convolve("d", ("r",), RNG.normal(size=(4, 2, 2, 1)), Window((2, 2), (1, 1), (0, 0), (0, 0), (1, 1)), 4),
        Apply("s", ("d",), Relu()),
        MaxPool("m", ("s",), Window((5, 1), (5, 1), (0, 0), (0, 0), (1, 1))),
        RealRearrange("flat", ("m",), np.arange(20)),
        Linear("c", ("flat",), RNG.normal(size=(3, 20))),
    ),
    ("c",),
)  # fmt: skip


def weight(graph: RealGraph, name: str) -> np.ndarray:
    op = graph.makers[name]
    assert isinstance(op, Weighted)
    return op.weight


def samples(graph: RealGraph) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(200, *graph.inputs[0].shape))


@pytest.mark.parametrize("graph", [DENSE, IMAGE], ids=["dense", "image"])
def test_the_function_stays_and_values_follow(graph: RealGraph) -> None:
    x = samples(graph)
    after, calibration = equalise(graph, Calibration(sample_values(graph, x)))
    assert any((weight(after, n) != weight(graph, n)).any() for n in ("a", "c"))
    assert np.abs(after.evaluate(x)["c"] - graph.evaluate(x)["c"]).max() < 1e-12
    for name, values in sample_values(after, x).items():
        assert np.allclose(calibration.values[name], values, rtol=1e-12, atol=1e-12), name


def test_uneven_channels_lose_less() -> None:
    x = samples(DENSE)
    plain = Calibration(sample_values(DENSE, x), 5)

    def error(graph: RealGraph) -> float:
        return float(np.square(graph.evaluate(x)["c"] - DENSE.evaluate(x)["c"]).mean())

    assert error(quantize(*equalise(DENSE, plain))) < error(quantize(DENSE, plain)) / 4


def test_what_is_left_alone() -> None:
    x = samples(DENSE)
    values = sample_values(DENSE, x)

    def stays(graph: RealGraph, calibration: Calibration) -> bool:
        after, _ = equalise(graph, calibration)
        return all(np.array_equal(weight(after, name), weight(graph, name)) for name in ("a", "c"))

    a, b, r, c = DENSE.ops
    coded = Linear("c", ("r",), np.rint(weight(DENSE, "c")), scale=fractions(np.ones(4)))
    held = Linear("c", ("r",), np.rint(weight(DENSE, "c") / np.abs(weight(DENSE, "c")).max() * 3))
    quantiser = Quantize("r", ("b",), Quantizer(fractions([1]), 0, 15))
    assert not stays(DENSE, Calibration(values))
    assert stays(DENSE.replace([a, b, r, coded]), Calibration(values))
    assert stays(DENSE.replace([a, b, r, held]), Calibration(values))
    assert stays(DENSE.replace([a, b, quantiser, c]), Calibration(values))
    assert stays(DENSE.replace([a, b, Apply("r", ("b",), Sigmoid()), c]), Calibration(values))
    assert stays(DENSE.replace([a, b, r, c], ("c", "r")), Calibration(values))
    assert stays(DENSE, Calibration(values, activations={"r": Format(8, 3, signed=False)}))
