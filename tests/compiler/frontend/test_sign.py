"""Networks of signs in plain ONNX: activations and weights of two values stay exact, in one bit."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

import nnfpga
from nnfpga.compiler.frontend import predict_float
from nnfpga.compiler.layers.convolution import Convolution
from nnfpga.compiler.layers.dense import Dense

from .quantised import compiled, model_of

node = helper.make_node


def signs(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return np.where(rng.random(shape) < 0.5, -1.0, 1.0)


def activation(kind: str, x: str, y: str) -> list[onnx.NodeProto]:
    """A sign of x in one of the ways in which exporters write it."""
    c = f"{y}_c"
    match kind:
        case "Sign":
            return [node("Sign", [x], [y])]
        case "Where":
            return [node("GreaterOrEqual", [x, "zero"], [c]), node("Where", [c, "one", "minus"], [y])]
        case "Less":
            return [node("Less", [x, "zero"], [c]), node("Where", [c, "minus", "one"], [y])]
        case _:
            return [
                node("Greater", [x, "zero"], [c]), node("Cast", [c], [f"{c}f"], to=TensorProto.FLOAT),
                node("Mul", [f"{c}f", "two"], [f"{c}2"]), node("Sub", [f"{c}2", "one"], [y]),
            ]  # fmt: skip


CONSTANTS = {"zero": 0.0, "one": 1.0, "minus": -1.0, "two": 2.0}


def network(rng: np.random.Generator, kind: str, falling: bool) -> onnx.ModelProto:
    """Larq's order: convolution, pooling, batch norm, sign; padding is zero, no code of a sign."""

    def norm(name: str, channels: int) -> dict[str, Any]:
        scale = rng.normal(size=channels) if falling else rng.random(channels) + 0.1
        more = {"m": rng.normal(size=channels) * 3, "v": rng.random(channels) + 0.5}
        return {f"{name}s": scale, f"{name}b": rng.normal(size=channels), **{f"{name}{k}": v for k, v in more.items()}}

    def normed(x: str, y: str, name: str) -> onnx.NodeProto:
        return node("BatchNormalization", [x, *(f"{name}{k}" for k in "sbmv")], [y])

    pads = [1, 1, 1, 1]
    nodes = [
        node("Conv", ["x", "k1"], ["c1"], pads=pads),
        node("MaxPool", ["c1"], ["m"], kernel_shape=[2, 2], strides=[2, 2]),
        normed("m", "n1", "f"), *activation(kind, "n1", "a1"), node("Conv", ["a1", "k2"], ["c2"], pads=pads),
        normed("c2", "n2", "g"), *activation(kind, "n2", "a2"), node("Flatten", ["a2"], ["flat"]),
        node("MatMul", ["flat", "w"], ["d"]), normed("d", "y", "h"),
    ]  # fmt: skip
    weights = {"k1": signs(rng, 5, 1, 3, 3), "k2": signs(rng, 5, 5, 3, 3), "w": signs(rng, 45, 4)}
    return model_of(nodes, (1, 6, 6), {**weights, **norm("f", 5), **norm("g", 5), **norm("h", 4), **CONSTANTS}, 16)


@pytest.mark.parametrize("falling", [False, True])
@pytest.mark.parametrize("kind", ["Sign", "Where", "Less", "Cast"])
def test_a_network_of_signs_is_exact(tmp_path: Path, kind: str, falling: bool) -> None:
    rng = np.random.default_rng(1)
    model = network(rng, kind, falling)
    x = rng.integers(0, 16, (200, 1, 6, 6)).astype(np.float32)
    design = compiled(model, x, tmp_path)
    reference = predict_float(model, "y", x)
    assert np.abs(design.predict(x) - reference).max() < 1e-4  # a wrong sign would be two units of about 1 off
    chosen = nnfpga.compile(tmp_path / "model.onnx", x, emit="model", output="class")
    assert np.array_equal(chosen.predict(x).reshape(-1), reference.argmax(axis=1))
    for layer in design.graph.layers:
        if isinstance(layer, Dense | Convolution):
            weights = layer.weights.to_dense() if isinstance(layer, Dense) else layer.weights
            assert set(np.unique(weights)) == {-1, 1}
    inner = [design.graph.tensors[layer.inputs[0]] for layer in design.graph.layers if isinstance(layer, Dense)]
    assert inner[0].number.union().max_abs == 1


@pytest.mark.parametrize(("inputs", "levels"), [(5, [-1, 1]), (6, [-1, 0, 1])])
def test_sums_of_an_odd_number_of_signs_are_never_zero(tmp_path: Path, inputs: int, levels: list[int]) -> None:
    rng = np.random.default_rng(2)
    nodes = [
        *activation("Where", "x", "a"), node("MatMul", ["a", "w"], ["m"]), node("Sign", ["m"], ["s"]),
        node("MatMul", ["s", "v"], ["y"]),
    ]  # fmt: skip
    model = model_of(nodes, (inputs,), {"w": signs(rng, inputs, 3), "v": signs(rng, 3, 2), **CONSTANTS}, 16)
    x = signs(rng, 200, inputs).astype(np.float32)
    design = compiled(model, x, tmp_path)
    assert np.array_equal(design.predict(x), predict_float(model, "y", x))
    number = design.graph.tensors[design.graph.layers[-1].inputs[0]].number.union()
    assert list(range(int(number.low), int(number.high) + 1, int(number.step))) == levels


def test_two_values_of_any_size_are_exact_and_one_bit(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    nodes = [
        node("MatMul", ["x", "w"], ["m"]), node("Greater", ["m", "zero"], ["c"]),
        node("Where", ["c", "up", "down"], ["s"]),
        node("MatMul", ["s", "v"], ["y"]),
    ]  # fmt: skip
    constants = {"w": signs(rng, 6, 5), "v": signs(rng, 5, 2), "zero": 0.0, "up": 0.3, "down": -0.7}
    model = model_of(nodes, (6,), constants, 16)
    x = rng.integers(-8, 8, (200, 6)).astype(np.float32)
    design = compiled(model, x, tmp_path)
    assert np.abs(design.predict(x) - predict_float(model, "y", x)).max() < 1e-6
    tensor = design.graph.tensors[design.graph.layers[-1].inputs[0]]
    number = tensor.number.union()
    assert number.wire.width == 1
    values = {Fraction(tensor.scale.reshape(-1)[0]) * v for v in (int(number.low), int(number.high))}
    assert values == {Fraction(float(np.float32(v))) for v in (0.3, -0.7)}


def test_quantisation_written_in_roundings_is_kept(tmp_path: Path) -> None:
    """Divide, round, clip, multiply: what fake quantisation becomes in plain ONNX."""
    rng = np.random.default_rng(4)
    nodes = [
        node("Div", ["x", "s"], ["a"]), node("Round", ["a"], ["b"]), node("Clip", ["b", "low", "high"], ["c"]),
        node("Mul", ["c", "s"], ["d"]), node("MatMul", ["d", "w"], ["m"]), node("Floor", ["m"], ["f"]),
        node("Clip", ["f", "low", "high"], ["g"]), node("MatMul", ["g", "v"], ["y"]),
    ]  # fmt: skip
    constants = {"s": 0.37, "low": -8.0, "high": 7.0, "w": signs(rng, 6, 5), "v": signs(rng, 5, 2)}
    model = model_of(nodes, (6,), constants, 16)
    x = rng.normal(size=(300, 6)).astype(np.float32)
    design = compiled(model, x, tmp_path)
    assert np.array_equal(design.predict(x), predict_float(model, "y", x))
    source = design.model.source
    assert (int(source.number.low), int(source.number.high)) == (-8, 7)
