"""Bias correction brings a quantised network nearer to the float one, and leaves a file's own integers alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnfpga.compiler.exact import fractions
from nnfpga.compiler.formats import Format
from nnfpga.compiler.layers.dense import Linear
from nnfpga.compiler.layers.scalar import Apply, Quantize
from nnfpga.compiler.passes import Calibration, quantize, sample_values, to_fixed_point
from nnfpga.compiler.passes.correct_bias import correct_bias
from nnfpga.compiler.real import Op, RealGraph, RealInput
from nnfpga.compiler.scalar.functions import Affine, Function, LeakyRelu, Relu, Sigmoid
from nnfpga.compiler.scalar.quantizer import Quantizer


def network(*behind: Function, seed: int = 0) -> RealGraph:
    rng = np.random.default_rng(seed)
    ops: list[Op] = [
        Linear("fc", ("x",), rng.normal(size=(5, 12))),
        Apply("bias", ("fc",), Affine(np.ones(1), rng.normal(size=5))),
    ]
    ops += [Apply(f"f{i}", (ops[-1].name,), f) for i, f in enumerate(behind, start=2)]
    return RealGraph((RealInput("x", (12,)),), tuple(ops), (ops[-1].name,))


def samples(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).gamma(2.0, size=(300, 12)) * 3


def error(graph: RealGraph, quantised: RealGraph, x: np.ndarray) -> np.ndarray:
    """Squared error of each channel."""
    return np.square(quantised.evaluate(x)[quantised.outputs[0]] - graph.evaluate(x)[graph.outputs[0]]).sum(axis=0)


def test_the_mean_of_a_linear_layer_is_that_of_float() -> None:
    graph, x = network(LeakyRelu(1.0)), samples()  # so that the sums do not leave as they are, in a coarse unit
    before = quantize(graph, Calibration(sample_values(graph, x), 4))
    after = correct_bias(graph, before, x)
    wanted = graph.evaluate(x)["bias"].mean(axis=0)
    was, left = (np.abs(g.evaluate(x)["bias"].mean(axis=0) - wanted) for g in (before, after))
    assert was.sum() > 1
    assert left.sum() < was.sum() / 4


@given(st.integers(0, 10**6), st.sampled_from([(), (Relu(),), (Sigmoid(),), (Relu(), Affine(np.ones(1), np.ones(1)))]))
def test_no_channel_gets_worse(seed: int, behind: tuple[Function, ...]) -> None:
    graph, x = network(*behind, seed=seed), samples(seed)
    before = quantize(graph, Calibration(sample_values(graph, x), 4))
    assert (error(graph, correct_bias(graph, before, x), x) <= error(graph, before, x) + 1e-12).all()


def test_a_clipped_input_does_not_shift_an_open_relu() -> None:
    """Where large inputs are cut, the errors of sums far below zero outweigh; the plain mean would close the ReLU."""
    graph = network(Relu())
    rng = np.random.default_rng(3)
    weight = np.concatenate([np.full((5, 11), -1.0), np.full((5, 1), 0.5)], axis=1)
    bias = Apply("bias", ("fc",), Affine(np.ones(1), np.full(5, 3.0)))
    graph = graph.replace([replace(graph.ops[0], weight=weight), bias, graph.ops[2]])
    x = rng.random((400, 12)) * np.where(rng.random((400, 1)) < 0.2, 40.0, 0.5)
    calibration = Calibration(sample_values(graph, x), 8, input_format=Format(6, 2, signed=False))
    before = quantize(graph, calibration)
    plain = np.mean(graph.evaluate(x)["fc"] - before.evaluate(x)["fc"], axis=0)
    shifted = before.replace(
        [replace(op, function=Affine(np.ones(1), 3.0 + plain)) if op.name == "bias" else op for op in before.ops]
    )
    after = correct_bias(graph, before, x)
    assert (error(graph, shifted, x) > 2 * error(graph, before, x)).all()  # what the simple form does
    assert (error(graph, after, x) <= error(graph, before, x)).all()


def test_what_the_file_quantises_stays() -> None:
    graph, x = network(Relu()), samples()
    matrix, *rest = graph.ops
    assert isinstance(matrix, Linear)
    unit = Quantizer(fractions([1]), 0, 15)
    coded = Linear("fc", ("x_q",), np.rint(matrix.weight), scale=fractions(np.ones(5)))
    own = graph.replace([Quantize("x_q", ("x",), unit), coded, *rest, Quantize("y", ("f2",), unit)], ("y",))
    after = to_fixed_point(own, Calibration(sample_values(own, x), samples=x))
    assert all(np.array_equal(v, own.evaluate(x)[name]) for name, v in after.evaluate(x).items())


@pytest.mark.parametrize("bits", [3, 5, 8])
def test_without_samples_biases_stay(bits: int) -> None:
    graph, x = network(Relu()), samples()
    made = to_fixed_point(graph, Calibration(sample_values(graph, x), bits))
    assert made.makers["bias"].evaluate(x[:, :5]).tolist() == graph.makers["bias"].evaluate(x[:, :5]).tolist()
