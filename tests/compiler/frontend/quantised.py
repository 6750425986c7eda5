"""Small networks, quantised by ONNX Runtime's own tool, and their integers beside those of ONNX Runtime."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

import nnfpga
from nnfpga.compiler.frontend import predict_float


class Samples(CalibrationDataReader):
    """Calibration data in one batch."""

    def __init__(self, x: np.ndarray) -> None:
        self.batches: Iterator[dict[str, np.ndarray]] = iter([{"x": x}])

    def get_next(self) -> Any:
        return next(self.batches, None)


def model_of(
    nodes: list[onnx.NodeProto], shape: tuple[int, ...], constants: dict[str, Any], opset: int = 21
) -> onnx.ModelProto:
    """A model from x, a batch of a shape, to y; floats become float32, other arrays keep their type."""
    arrays = {k: np.asarray(v) for k, v in constants.items()}
    arrays = {k: v.astype(np.float32) if v.dtype == np.float64 else v for k, v in arrays.items()}
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *shape])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "g", [x], [y], [numpy_helper.from_array(v, k) for k, v in arrays.items()])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def perceptron(rng: np.random.Generator) -> tuple[onnx.ModelProto, np.ndarray]:
    """6-10-4 with a Gemm and a MatMul, and samples."""
    nodes = [
        helper.make_node("Gemm", ["x", "w1", "b1"], ["h"]), helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("MatMul", ["r", "w2"], ["m"]), helper.make_node("Add", ["m", "b2"], ["y"]),
    ]  # fmt: skip
    weights = {"w1": (6, 10), "b1": 10, "w2": (10, 4), "b2": 4}
    constants = {k: rng.normal(size=s) for k, s in weights.items()}
    return model_of(nodes, (6,), constants), rng.normal(size=(300, 6)).astype(np.float32)


def image_network(rng: np.random.Generator) -> tuple[onnx.ModelProto, np.ndarray]:
    """Two convolutions with a branch around the second, both poolings, a matrix; and samples."""
    nodes = [
        helper.make_node("Conv", ["x", "k1", "b1"], ["c1"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c1"], ["r1"]),
        helper.make_node("Conv", ["r1", "k2", "b2"], ["c2"], pads=[1, 1, 1, 1]),
        helper.make_node("Add", ["c2", "r1"], ["s"]), helper.make_node("Relu", ["s"], ["r2"]),
        helper.make_node("MaxPool", ["r2"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("AveragePool", ["p"], ["a"], kernel_shape=[2, 2]),
        helper.make_node("Flatten", ["a"], ["f"]), helper.make_node("Gemm", ["f", "w", "b3"], ["y"]),
    ]  # fmt: skip
    weights = {"k1": (4, 2, 3, 3), "b1": 4, "k2": (4, 4, 3, 3), "b2": 4, "w": (16, 5), "b3": 5}
    constants = {k: rng.normal(size=s) for k, s in weights.items()}
    return model_of(nodes, (2, 6, 6), constants), rng.normal(size=(120, 2, 6, 6)).astype(np.float32)


def quantised(
    model: onnx.ModelProto,
    x: np.ndarray,
    folder: Path,
    form: QuantFormat,
    activations: QuantType,
    weights: QuantType,
    *,
    per_channel: bool = False,
    symmetric: bool = False,
) -> onnx.ModelProto:
    """What ONNX Runtime's static quantisation makes of a float model."""
    onnx.save(model, folder / "float.onnx")
    quantize_static(
        folder / "float.onnx", folder / "quantised.onnx", Samples(x), quant_format=form, per_channel=per_channel,
        activation_type=activations, weight_type=weights, extra_options={"ActivationSymmetric": symmetric},
    )  # fmt: skip
    return onnx.load(folder / "quantised.onnx")


def with_dyadic_scales(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same file with powers of two for scales: float32 is then exact, and ties are everywhere."""
    for tensor in model.graph.initializer:
        if tensor.name.endswith("_scale"):
            scale = numpy_helper.to_array(tensor)
            tensor.CopyFrom(numpy_helper.from_array((2.0 ** np.rint(np.log2(scale))).astype(scale.dtype), tensor.name))
    return model


def compiled(model: onnx.ModelProto, x: np.ndarray, folder: Path) -> nnfpga.Design:
    """The integer model of a file."""
    path = folder / "model.onnx"
    onnx.save(model, path)
    return nnfpga.compile(path, x, emit="model", output="scores")


def differences(model: onnx.ModelProto, x: np.ndarray, folder: Path) -> tuple[int, int]:
    """How many elements of the result differ from ONNX Runtime's by more than float32 may, and how many there are."""
    y, reference = compiled(model, x, folder).predict(x), predict_float(model, "y", x)
    wrong = np.abs(y.reshape(reference.shape) - reference) > 1e-5 * max(1.0, float(np.abs(reference).max()))
    return int(wrong.sum()), wrong.size
