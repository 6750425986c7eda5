"""Passes by their text, and by what they must not change."""

from __future__ import annotations

import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.exact import fractions
from nnfpga.compiler.graph import Graph
from nnfpga.compiler.layers.arg_max import RealArgMax
from nnfpga.compiler.layers.dense import Dense, Linear
from nnfpga.compiler.layers.rearrange import RealRearrange
from nnfpga.compiler.layers.scalar import Apply
from nnfpga.compiler.layers.softmax import BothClasses, Softmax
from nnfpga.compiler.passes import Calibration, drop_softmax, lower, optimise, quantize, simplify
from nnfpga.compiler.passes.drop_softmax import Want
from nnfpga.compiler.passes.fit import quantise_weights
from nnfpga.compiler.passes.fold_affine import fold_affine
from nnfpga.compiler.passes.fold_layout import fold_layout
from nnfpga.compiler.real import Op, RealGraph, RealInput
from nnfpga.compiler.scalar.functions import Affine, Relu, Sigmoid, Tanh

GOLDEN = Path(__file__).with_name("golden")


def matrix(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-7, 8, (rows, columns)) / 8


def affine(name: str, source: str, slope: list[float], intercept: list[float]) -> Apply:
    return Apply(name, (source,), Affine(np.array(slope), np.array(intercept)))


def classifier() -> RealGraph:
    """An image, flattened and normalised, two matrices with batch norm and ReLU, softmax and arg-max."""
    ops: tuple[Op, ...] = (
        RealRearrange("flat", ("x",), np.arange(6)),
        affine("norm", "flat", [2.0], [-1.0]),
        Linear("fc1", ("norm",), matrix(4, 6)),
        affine("fc1_b", "fc1", [1.0], [0.5, 0.25, -0.5, 0.0]),
        affine("bn", "fc1_b", [0.5, 2.0, 1.0, -1.0], [0.0, 0.125, 0.25, 0.5]),
        Apply("relu", ("bn",), Relu()),
        RealRearrange("turned", ("relu",), np.array([3, 2, 1, 0])),
        Linear("fc2", ("turned",), matrix(3, 4, 1)),
        affine("fc2_b", "fc2", [1.0], [0.5, -0.5, 0.25]),
        Softmax("prob", ("fc2_b",)),
        RealArgMax("label", ("prob",)),
    )
    return RealGraph((RealInput("x", (2, 3)),), ops, ("label", "prob"))


def curved() -> RealGraph:
    ops: tuple[Op, ...] = (
        Linear("fc1", ("x",), matrix(3, 4)),
        Apply("act", ("fc1",), Tanh()),
        Linear("fc2", ("act",), matrix(2, 3, 1)),
    )
    return RealGraph((RealInput("x", (4,)),), ops, ("fc2",))


def binary() -> RealGraph:
    ops: tuple[Op, ...] = (
        Linear("fc", ("x",), matrix(1, 4)),
        affine("fc_b", "fc", [1.0], [0.25]),
        Apply("p", ("fc_b",), Sigmoid()),
        BothClasses("both", ("p",)),
        RealArgMax("label", ("both",)),
    )
    return RealGraph((RealInput("x", (4,)),), ops, ("label", "both"))


NETWORKS: dict[str, Callable[[], RealGraph]] = {"classifier": classifier, "curved": curved, "binary": binary}


def samples(graph: RealGraph, count: int = 200) -> np.ndarray:
    """Samples on a lattice of four bits, so that an input format holds them exactly."""
    return np.random.default_rng(2).integers(0, 16, (count, *graph.inputs[0].shape)) / 16


def quantised(graph: RealGraph, bits: int = 8) -> RealGraph:
    cut, _ = drop_softmax(simplify(graph))
    x = samples(graph).reshape(-1, *cut.inputs[0].shape)
    return quantize(cut, Calibration(cut.evaluate(x), bits))


STEPS: dict[str, Callable[[RealGraph], object]] = {
    "fold_layout": fold_layout,
    "fold_affine": fold_affine,
    "drop_softmax": lambda g: drop_softmax(simplify(g))[0],
    "scores": lambda g: drop_softmax(simplify(g), Want.SCORES)[0],
    "quantize": lambda g: quantised(g, 5),
    "lower": lambda g: lower(quantised(g, 5)),
    "optimise": lambda g: optimise(lower(quantised(g, 5))),
}


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("step", STEPS)
def test_text(network: str, step: str) -> None:
    """``NNFPGA_GOLDEN=write pytest …`` writes the files anew."""
    graph = NETWORKS[network]()
    text = f"# {step}\n{graph}# becomes\n{STEPS[step](graph)}"
    path = GOLDEN / f"{network}_{step}.txt"
    if os.environ.get("NNFPGA_GOLDEN") == "write":
        path.write_text(text)
    assert text == path.read_text()


def test_no_golden_file_is_forgotten() -> None:
    assert {p.stem for p in GOLDEN.iterdir()} == {f"{n}_{s}" for n in NETWORKS for s in STEPS}


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("step", [fold_layout, fold_affine, simplify])
def test_the_real_function_stays(network: str, step: Callable[[RealGraph], RealGraph]) -> None:
    graph = NETWORKS[network]()
    after, x = step(graph), samples(graph)
    for a, b in zip(graph.outputs, after.outputs, strict=True):
        y = after.evaluate(x.reshape(-1, *after.inputs[0].shape))
        assert np.abs(graph.evaluate(x)[a] - y[b]).max() < 1e-12


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("bits", [5, 8, 11])
def test_integers_mean_the_quantised_reals(network: str, bits: int) -> None:
    real = quantised(NETWORKS[network](), bits)
    graph = optimise(lower(real))
    graph.verify()
    (source,) = graph.inputs
    x = samples(NETWORKS[network]()).reshape(-1, *source.shape)
    q = np.rint(x / float(source.scale.item())).astype(np.int64)
    assert source.number.holds(q)
    assert np.array_equal(source.real(q), x)
    values = graph.evaluate(q, keep=True)
    expected = real.evaluate(x)
    for name, tensor in graph.tensors.items():
        assert tensor.number.holds(values[name].reshape(-1, *tensor.shape)), name
    for name in graph.outputs:  # all is dyadic here, so float64 rounds nowhere
        assert np.array_equal(graph.tensors[name].real(values[name]), expected[name]), name


def test_weights_on_a_lattice_are_kept() -> None:
    graph = optimise(lower(quantised(curved(), 8)))
    dense = [n for n in graph.layers if isinstance(n, Dense)]
    for layer, weights in zip(dense, (matrix(3, 4), matrix(2, 3, 1)), strict=True):
        kept = layer.weights.to_dense() * np.broadcast_to(layer.row_scale, (len(weights),))[:, None].astype(float)
        assert np.array_equal(kept, weights)


@given(st.integers(2, 10), st.integers(0, 10**6))
def test_weights_stay_close(bits: int, seed: int) -> None:
    w = np.random.default_rng(seed).normal(size=(3, 5))
    result, scale = quantise_weights(w, bits)
    integers = result / scale.astype(float)[:, None]
    assert np.array_equal(integers, np.rint(integers))
    assert np.abs(integers).max() <= 2 ** (bits - 1) - 1
    assert all(Fraction(s).numerator & (Fraction(s).numerator - 1) == 0 for s in scale)


def test_lower_names_every_offender() -> None:
    graph = RealGraph(
        (RealInput("x", (2,)),),
        (Linear("a", ("x",), np.eye(2), node="Gemm 'a' (node 0)"), Softmax("b", ("x",), node="Softmax 'b' (node 1)")),
        ("a", "b"),
    )
    with pytest.raises(CompileError) as caught:
        lower(graph)
    assert str(caught.value).splitlines() == [
        "Gemm 'a' (node 0): its input is not quantised; quantise the model first",
        "Softmax 'b' (node 1): its input is not quantised; quantise the model first",
    ]


def test_verify() -> None:
    graph = optimise(lower(quantised(curved())))
    with pytest.raises(ValueError, match=r"^layer '.*' reads \['.*'\], which no earlier layer makes$"):
        Graph(graph.inputs, graph.layers[1:], graph.outputs).verify()
    with pytest.raises(ValueError, match=r"^no layer makes the output \['nothing'\]$"):
        Graph(graph.inputs, graph.layers, ("nothing",)).verify()
    with pytest.raises(ValueError, match=r"^'.*' is made twice$"):
        Graph(graph.inputs, (*graph.layers, graph.layers[-1]), graph.outputs).verify()
    assert fractions([1])[0] == 1
