"""QuantizeLinear and DequantizeLinear: the file's codes, integer for integer those of ONNX Runtime."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnxruntime.quantization import QuantFormat, QuantType

import nnfpga
from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.frontend import import_model, predict_float
from nnfpga.compiler.layers.dense import Dense, Linear
from nnfpga.compiler.layers.scalar import Quantize, Scalar
from nnfpga.compiler.passes import simplify

from .quantised import (
    compiled,
    differences,
    image_network,
    model_of,
    perceptron,
    quantised,
    with_dyadic_scales,
)

Q, QDQ = QuantType, QuantFormat.QDQ
U8, I8, U4, I4 = Q.QUInt8, Q.QInt8, Q.QUInt4, Q.QInt4
node = helper.make_node


@pytest.mark.parametrize(
    ("network", "activations", "weights", "per_channel", "symmetric"),
    [
        (perceptron, U8, I8, False, False), (perceptron, I8, U4, True, True), (perceptron, U8, U8, True, False),
        (perceptron, I8, I8, False, True), (perceptron, U8, I4, True, False), (image_network, U8, I8, False, False),
        (image_network, I8, I8, True, True), (image_network, U8, I4, True, False),
    ],
)  # fmt: skip
def test_networks_of_onnx_runtimes_quantiser(
    tmp_path: Path, network: Any, activations: QuantType, weights: QuantType, per_channel: bool, symmetric: bool
) -> None:
    model, x = network(np.random.default_rng(1))
    options = {"per_channel": per_channel, "symmetric": symmetric}
    model = with_dyadic_scales(quantised(model, x[:100], tmp_path, QDQ, activations, weights, **options))
    wrong, _ = differences(model, x, tmp_path)
    assert wrong == 0


@pytest.mark.parametrize(
    ("activations", "weights"), [(Q.QUInt8, Q.QInt8), (Q.QInt16, Q.QInt8), (Q.QUInt16, Q.QInt16), (Q.QInt8, Q.QInt4)]
)
def test_any_scales_but_for_float32_at_boundaries(tmp_path: Path, activations: QuantType, weights: QuantType) -> None:
    model, x = perceptron(np.random.default_rng(2))
    model = quantised(model, x[:100], tmp_path, QDQ, activations, weights, per_channel=True)
    wrong, of = differences(model, x, tmp_path)
    assert wrong <= of // 100


def test_each_layer_has_the_integers_of_onnx_runtime(tmp_path: Path) -> None:
    model, x = image_network(np.random.default_rng(3))
    model = with_dyadic_scales(quantised(model, x[:100], tmp_path, QDQ, Q.QUInt8, Q.QInt8))
    design = compiled(model, x, tmp_path)
    names = import_model(model).onnx_names
    values = design.graph.evaluate(design.model.quantise(x), keep=True)
    compared = 0
    for layer in design.graph.layers:
        if layer.name in names and isinstance(layer, Scalar):
            tensor = design.graph.tensors[layer.name]
            real = tensor.real(values[layer.name])
            real = np.moveaxis(real, -1, 1) if len(tensor.shape) == 3 else real
            assert np.array_equal(real.reshape(len(x), -1), predict_float(model, names[layer.name], x)), layer.name
            compared += 1
    assert compared >= 4


@pytest.mark.parametrize(
    ("dtype", "zero", "opset"),
    [
        (np.uint8, 0, 10), (np.uint8, 13, 10), (np.int8, -5, 13), (np.uint8, 255, 19),
        (np.int16, 3, 21), (np.uint16, 40000, 21), (np.int8, 0, 25), (np.uint8, None, 13),
    ],
)  # fmt: skip
def test_a_quantiser_is_that_of_onnx_runtime(dtype: Any, zero: int | None, opset: int) -> None:
    point = {} if zero is None else {"z": np.array(zero, dtype)}
    operands = ["s", *point]
    nodes = [node("QuantizeLinear", ["x", *operands], ["q"]), node("DequantizeLinear", ["q", *operands], ["y"])]
    model = model_of(nodes, (8,), {"s": 0.25, **point}, min(opset, 23))
    x = (np.arange(-1600, 1600).reshape(-1, 8) / 16).astype(np.float32)  # every boundary is met exactly
    graph = simplify(import_model(model).graph)
    assert [type(op).__name__ for op in graph.ops] == ["Quantize"]
    assert np.array_equal(graph.evaluate(x)[graph.outputs[0]], predict_float(model, "y", x))


def test_clips_of_codes_are_bounds_of_the_quantiser() -> None:
    """QCDQ: few-bit codes in eight."""
    nodes = [
        node("QuantizeLinear", ["x", "s", "z"], ["q"]), node("Clip", ["q", "low", "high"], ["c"]),
        node("DequantizeLinear", ["c", "s", "z"], ["y"]),
    ]  # fmt: skip
    codes = {"z": np.int8(2), "low": np.int8(-6), "high": np.int8(5)}
    model = model_of(nodes, (8,), {"s": 0.5, **codes})
    x = (np.arange(-160, 160).reshape(-1, 8) / 16).astype(np.float32)
    graph = simplify(import_model(model).graph)
    (op,) = graph.ops
    assert isinstance(op, Quantize)
    assert (op.quantizer.low, op.quantizer.high) == (-8, 3)
    assert np.array_equal(graph.evaluate(x)[graph.outputs[0]], predict_float(model, "y", x))


@pytest.mark.parametrize("apart", [0, 50])
@pytest.mark.parametrize("axis", [1, -1, 3])
def test_activations_per_channel(axis: int, apart: int) -> None:
    channels = 3 if axis == 1 else 4
    nodes = [
        node("QuantizeLinear", ["x", "s", "z"], ["q"], axis=axis),
        node("DequantizeLinear", ["q", "s", "z"], ["y"], axis=axis),
    ]
    scales = 2.0 ** -np.arange(channels)
    model = model_of(nodes, (3, 2, 4), {"s": scales, "z": (7 + apart * np.arange(channels)).astype(np.uint8)})
    x = np.random.default_rng(0).integers(-80, 80, (20, 3, 2, 4)).astype(np.float32) / 16
    graph = import_model(model).graph
    assert np.array_equal(graph.evaluate(x)[graph.outputs[0]].reshape(20, -1), predict_float(model, "y", x))


@pytest.mark.parametrize(
    ("dtype", "axis"),
    [(np.int8, None), (np.uint8, 0), (np.int16, 1), (TensorProto.INT4, 0), (TensorProto.UINT4, None),
     (TensorProto.INT2, 0), (TensorProto.UINT2, None), (np.int32, None)],
)  # fmt: skip
def test_weights_keep_their_codes(dtype: Any, axis: int | None) -> None:
    kind = np.dtype(helper.tensor_dtype_to_np_dtype(dtype)) if isinstance(dtype, int) else np.dtype(dtype)
    rng = np.random.default_rng(4)
    codes = rng.integers(0 if kind.name.startswith("u") else -2, 2, (5, 6)).astype(kind)
    count = () if axis is None else (codes.shape[axis],)
    constants = {"w": codes, "s": rng.random(count) + 0.5, "z": np.zeros(count, kind) + np.ones((), kind)}
    if kind == np.int32:
        constants.pop("z")
    operands = [k for k in ("w", "s", "z") if k in constants]
    more: dict[str, Any] = {} if axis is None else {"axis": axis}
    nodes = [node("DequantizeLinear", operands, ["v"], **more), node("Gemm", ["x", "v"], ["y"], transB=1)]
    model = model_of(nodes, (6,), constants, 25)
    if axis == 1:
        with pytest.raises(CompileError, match="codes of more than 16 bits"):
            import_model(model)
        return
    (op,) = simplify(import_model(model).graph).ops
    zero = constants.get("z", np.zeros((), np.int64)).astype(np.int64).reshape(-1, *[1] * bool(count))
    scale = constants["s"].astype(np.float32).astype(np.float64).reshape(-1, *[1] * bool(count))
    exact = scale * (codes.astype(np.int64) - zero)
    assert isinstance(op, Linear)
    assert np.array_equal(op.weight, exact)
    assert np.abs(op.integers).max() <= 3


def test_large_biases_are_exact(tmp_path: Path) -> None:
    scale = np.float32(0.1)
    nodes = [
        node("QuantizeLinear", ["x", "one"], ["q"]), node("DequantizeLinear", ["q", "one"], ["d"]),
        node("DequantizeLinear", ["w", "one"], ["v"]), node("DequantizeLinear", ["b", "s"], ["bias"]),
        node("Gemm", ["d", "v", "bias"], ["y"]),
    ]  # fmt: skip
    big = np.array([2**31 - 1, -(2**31), 3], np.int32)
    model = model_of(nodes, (2,), {"one": 1.0, "w": np.ones((2, 3), np.int8), "s": scale, "b": big})
    design = compiled(model, np.zeros((4, 2), np.float32), tmp_path)
    offsets = design.model.result.offset.reshape(-1).tolist()
    assert offsets == [int(v) * Fraction(float(scale)) for v in big]


@pytest.mark.parametrize(
    ("kind", "constants", "attributes", "text"),
    [
        ("QuantizeLinear", {"s": 0.0, "z": np.uint8(0)}, {}, "its scale is not positive; train again "),
        ("QuantizeLinear", {"s": np.inf, "z": np.uint8(0)}, {}, "weight 's': 1 of its 1 values are NaN or infinite; "),
        ("QuantizeLinear", {"s": 1.0, "z": 0.0}, {}, "codes of type float32 are not supported; quantise to integers"),
        ("QuantizeLinear", {"s": [1.0, 2.0], "z": np.zeros(2, np.uint8)}, {"axis": 0}, "axis 0 is the batch; "),
        ("QuantizeLinear", {"s": [1.0, 2.0], "z": np.zeros(2, np.uint8)}, {}, "2 scales do not fit axis 1 of samples "),
        ("QuantizeLinear", {"s": [1.0, 2.0], "z": np.zeros(3, np.uint8)}, {}, "3 zero points do not fit 2 scales; "),
        ("QuantizeLinear", {"s": np.ones((2, 3)), "z": np.zeros((2, 3), np.uint8)}, {"block_size": 2},
         "a scale per block is not supported; quantise per tensor or per channel"),
        ("QuantizeLinear", {"s": 1.0}, {"output_dtype": TensorProto.FLOAT8E4M3FN}, "codes of type float8_e4m3fn "),
        ("DynamicQuantizeLinear", {}, {}, "its scale depends on each sample, which hardware cannot follow; quan"),
    ],
)  # fmt: skip
def test_refusals(kind: str, constants: dict[str, Any], attributes: dict[str, Any], text: str) -> None:
    model = model_of([node(kind, ["x", *constants], ["y"], **attributes)], (6,), constants)
    with pytest.raises(CompileError) as caught:
        import_model(model)
    assert text in str(caught.value)


def test_a_network_with_codes_at_both_ends(tmp_path: Path) -> None:
    nodes = [
        node("DequantizeLinear", ["x", "s", "z"], ["d"]), node("DequantizeLinear", ["w", "s"], ["v"]),
        node("MatMul", ["d", "v"], ["m"]), node("QuantizeLinear", ["m", "s2", "z2"], ["y"]),
    ]  # fmt: skip
    rng = np.random.default_rng(5)
    w = rng.integers(-128, 128, (6, 4)).astype(np.int8)
    model = model_of(nodes, (6,), {"s": 2.0**-6, "z": np.uint8(100), "w": w, "s2": 2.0**-4, "z2": np.int8(-3)})
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.UINT8
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.INT8
    x = rng.integers(0, 256, (200, 6)).astype(np.uint8)
    design = compiled(model, x, tmp_path)
    assert np.array_equal(design.predict(x), predict_float(model, "y", x))
    assert (int(design.model.source.number.low), int(design.model.source.number.high)) == (-100, 155)


def test_the_class_of_quantised_scores(tmp_path: Path) -> None:
    model, x = perceptron(np.random.default_rng(6))
    model = with_dyadic_scales(quantised(model, x[:100], tmp_path, QDQ, Q.QUInt8, Q.QInt8))
    model.graph.node.append(node("ArgMax", ["y"], ["class"], axis=1))
    model.graph.output[0].CopyFrom(helper.make_tensor_value_info("class", TensorProto.INT64, None))
    onnx.save(model, tmp_path / "model.onnx")
    design = nnfpga.compile(tmp_path / "model.onnx", x, emit="model")
    assert np.array_equal(design.predict(x).reshape(-1), predict_float(model, "class", x).reshape(-1))


def test_a_perceptron_of_four_bits_becomes_exact_rtl(tmp_path: Path) -> None:
    """QCDQ with scales that are no powers of two: the hardware has the file's codes."""
    rng = np.random.default_rng(7)
    nodes = [
        node("QuantizeLinear", ["x", "s1", "z"], ["q1"]), node("Clip", ["q1", "low", "high"], ["c1"]),
        node("DequantizeLinear", ["c1", "s1", "z"], ["d1"]), node("DequantizeLinear", ["w1", "sw"], ["v1"], axis=1),
        node("Gemm", ["d1", "v1", "b1"], ["h"]), node("Relu", ["h"], ["r"]),
        node("QuantizeLinear", ["r", "s2", "z"], ["q2"]), node("Clip", ["q2", "low", "high"], ["c2"]),
        node("DequantizeLinear", ["c2", "s2", "z"], ["d2"]), node("DequantizeLinear", ["w2", "s3"], ["v2"]),
        node("MatMul", ["d2", "v2"], ["y"]),
    ]  # fmt: skip
    codes = {"w1": rng.integers(-7, 8, (6, 5)).astype(np.int8), "w2": rng.integers(-7, 8, (5, 3)).astype(np.int8)}
    bounds = {"z": np.int8(-3), "low": np.int8(-8), "high": np.int8(7)}
    scales = {"s1": 0.21, "sw": rng.random(5) / 5 + 0.1, "s2": 0.37, "s3": 0.19, "b1": rng.normal(size=5)}
    model = model_of(nodes, (6,), {**codes, **bounds, **scales})
    onnx.save(model, tmp_path / "model.onnx")
    x = rng.normal(size=(200, 6)).astype(np.float32)
    design = nnfpga.compile(tmp_path / "model.onnx", x, emit="rtl", samples=32)
    assert design.report()["exact"]["rtl"] is True
    assert np.abs(design.predict(x) - predict_float(model, "y", x)).max() < 1e-5
    first, second = (layer for layer in design.graph.layers if isinstance(layer, Dense))
    assert np.array_equal(first.weights.to_dense(), codes["w1"].T)
    assert np.array_equal(second.weights.to_dense(), codes["w2"].T)
