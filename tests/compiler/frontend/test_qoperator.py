"""Operators on codes: the integers of ONNX Runtime's own integer kernels."""

from __future__ import annotations

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

from .quantised import compiled, differences, image_network, model_of, perceptron, quantised, with_dyadic_scales

U8, I8 = QuantType.QUInt8, QuantType.QInt8
CONTRIB = "com.microsoft"
node = helper.make_node


@pytest.mark.parametrize(
    ("network", "activations", "weights", "per_channel", "symmetric"),
    [
        (perceptron, U8, I8, False, False), (perceptron, I8, I8, True, True), (perceptron, U8, U8, False, True),
        (image_network, U8, I8, False, False), (image_network, I8, I8, True, True),
    ],
)  # fmt: skip
def test_networks_of_onnx_runtimes_quantiser(
    tmp_path: Path, network: Any, activations: QuantType, weights: QuantType, per_channel: bool, symmetric: bool
) -> None:
    model, x = network(np.random.default_rng(1))
    options = {"per_channel": per_channel, "symmetric": symmetric}
    model = quantised(model, x[:100], tmp_path, QuantFormat.QOperator, activations, weights, **options)
    assert any(n.op_type.startswith("Q") and n.op_type != "QuantizeLinear" for n in model.graph.node)
    wrong, of = differences(model, x, tmp_path)
    assert wrong <= of // 100  # float32 at boundaries
    wrong, _ = differences(with_dyadic_scales(model), x, tmp_path)
    assert wrong == 0


@pytest.mark.parametrize(
    ("kind", "attributes", "second"),
    [
        ("QLinearAdd", {}, True), ("QLinearSigmoid", {}, False), ("QLinearLeakyRelu", {"alpha": 0.25}, False),
        ("QLinearGlobalAveragePool", {}, False), ("QLinearAveragePool", {"kernel_shape": [3, 1]}, False),
        ("QLinearConcat", {"axis": 1}, True),
    ],
)  # fmt: skip
def test_operators_of_onnx_runtime(tmp_path: Path, kind: str, attributes: dict[str, Any], second: bool) -> None:
    first, other, result = ["q", "s", "z"], ["q", "s", "z"] if second else [], ["s2", "z2"]
    operands = [*result, *first, *other] if kind == "QLinearConcat" else [*first, *other, *result]
    nodes = [
        node("QuantizeLinear", ["x", "s", "z"], ["q"]), node(kind, operands, ["c"], domain=CONTRIB, **attributes),
        node("DequantizeLinear", ["c", "s2", "z2"], ["y"]),
    ]  # fmt: skip
    constants = {"s": 0.03125, "z": np.uint8(120), "s2": 0.015625, "z2": np.uint8(90)}
    model = model_of(nodes, (2, 3, 4), constants)
    model.opset_import.append(helper.make_opsetid(CONTRIB, 1))
    x = np.random.default_rng(2).normal(size=(60, 2, 3, 4)).astype(np.float32)
    wrong, _ = differences(model, x, tmp_path)
    assert wrong == 0


@pytest.mark.parametrize("zeros", [(0, 0), (7, -3)])
@pytest.mark.parametrize("kind", ["MatMulInteger", "ConvInteger"])
def test_integer_products(tmp_path: Path, kind: str, zeros: tuple[int, int]) -> None:
    image = kind == "ConvInteger"
    shape, weights = ((2, 5, 5), (3, 2, 3, 3)) if image else ((6,), (6, 4))
    constants = {
        "s": 0.03, "z": np.uint8(zeros[0]), "w": np.random.default_rng(3).integers(-128, 128, weights).astype(np.int8),
        "wz": np.int8(zeros[1]), "t": 0.001,
    }  # fmt: skip
    more: dict[str, Any] = {"pads": [1, 1, 1, 1], "strides": [2, 2]} if image else {}
    nodes = [
        node("QuantizeLinear", ["x", "s", "z"], ["q"]), node(kind, ["q", "w", "z", "wz"], ["i"], **more),
        node("Cast", ["i"], ["f"], to=TensorProto.FLOAT), node("Mul", ["f", "t"], ["y"]),
    ]  # fmt: skip
    model = model_of(nodes, shape, constants, 13)
    x = np.random.default_rng(4).random((50, *shape)).astype(np.float32) * 7
    design = compiled(model, x, tmp_path)
    integers = design.graph.evaluate(design.model.quantise(x), keep=True)
    (product,) = (layer for layer in design.graph.layers if type(layer).__name__ in ("Dense", "Convolution"))
    ours = integers[product.name]
    ours = np.moveaxis(ours, -1, 1) if image else ours
    assert np.array_equal(ours.reshape(50, -1), predict_float(model, "i", x))


def test_an_arg_max_of_codes(tmp_path: Path) -> None:
    constants = {
        "s": 0.05, "z": np.uint8(100), "w": np.random.default_rng(5).integers(-128, 128, (6, 4)).astype(np.int8),
        "sw": 0.01, "wz": np.int8(0), "s2": 0.02, "z2": np.uint8(128),
    }  # fmt: skip
    nodes = [
        node("QuantizeLinear", ["x", "s", "z"], ["q"]),
        node("QLinearMatMul", ["q", "s", "z", "w", "sw", "wz", "s2", "z2"], ["m"]),
        node("ArgMax", ["m"], ["y"], axis=1),
    ]
    model = model_of(nodes, (6,), constants, 13)
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.INT64
    x = np.random.default_rng(6).normal(size=(300, 6)).astype(np.float32)
    onnx.save(model, tmp_path / "m.onnx")
    design = nnfpga.compile(tmp_path / "m.onnx", x, emit="model")
    assert np.array_equal(design.predict(x).reshape(-1), predict_float(model, "y", x).reshape(-1))


def test_refusals() -> None:
    three = {"s3": np.ones(3), "z3": np.zeros(3, np.int8)}
    constants = {"s": 0.05, "z": np.uint8(0), "w": np.ones((6, 4), np.int8), **three}
    head = node("QuantizeLinear", ["x", "s", "z"], ["q"])
    for operands, text in (
        (["q", "s", "z", "w", "s3", "z3", "s", "z"], "3 scales do not fit axis -1 of shape (6, 4); check the model"),
        (["q", "s3", "z3", "w", "s", "z", "s", "z"], "axis -2 is the batch; keep the samples of a batch apart"),
        (["q", "s", "s", "w", "s", "z", "s", "z"], "codes of type float32 are not supported; quantise to integers"),
    ):
        with pytest.raises(CompileError) as caught:
            import_model(model_of([head, node("QLinearMatMul", operands, ["y"])], (6,), constants, 13))
        assert str(caught.value).startswith("QLinearMatMul 'y' (node 1): " + text)
