"""The same small networks at every opset from 6 on, written as each opset wants them, against ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from nnfpga.compiler.frontend import import_model, predict_float
from nnfpga.compiler.passes import simplify

OPSETS = range(6, onnx.defs.onnx_opset_version() + 1)


class Writer:
    """Nodes and constants of a network at an opset."""

    def __init__(self, opset: int) -> None:
        self.opset = opset
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []
        self.last = "x"
        self.rng = np.random.default_rng(0)

    def constant(self, values: Any) -> str:
        """A constant's name; floats become float32."""
        array = np.asarray(values)
        name = f"k{len(self.constants)}"
        self.constants.append(
            numpy_helper.from_array(array.astype(np.float32) if array.dtype.kind == "f" else array, name)
        )
        return name

    def node(self, kind: str, *inputs: str, **attributes: Any) -> None:
        """A node on the last result and other inputs."""
        y = f"t{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, [self.last, *inputs], [y], **attributes))
        self.last = y

    def stated(self, kind: str, since: int, **integers: list[int]) -> None:
        """A node whose lists of integers are attributes before an opset, inputs from it on."""
        if self.opset < since:
            self.node(kind, **integers)
        else:
            self.node(kind, *(self.constant(np.array(v, np.int64)) for v in integers.values()))

    def normalise(self, channels: int) -> None:
        """Batch normalisation with statistics."""
        rows = [self.rng.random(channels) + 0.5, self.rng.normal(size=channels), self.rng.normal(size=channels)]
        names = [self.constant(v) for v in (*rows, self.rng.random(channels) + 0.5)]
        self.node("BatchNormalization", *names, epsilon=1e-3, **({"is_test": 1} if self.opset < 7 else {}))

    def gemm(self, weight: np.ndarray, bias: np.ndarray) -> None:
        """A matrix and a bias, which has to be said to broadcast before 7."""
        broadcast = {"broadcast": 1} if self.opset < 7 else {}
        self.node("Gemm", self.constant(weight), self.constant(bias), transB=1, **broadcast)

    def clip(self, low: float, high: float) -> None:
        """Bounds as attributes, from 11 on as inputs."""
        if self.opset < 11:
            self.node("Clip", min=low, max=high)
        else:
            self.node("Clip", self.constant(low), self.constant(high))

    def dropout(self) -> None:
        """Its ratio is an attribute, from 12 on an input."""
        if self.opset < 12:
            self.node("Dropout", ratio=0.25, **({"is_test": 1} if self.opset < 7 else {}))
        else:
            self.node("Dropout", self.constant(0.25))

    def twice(self) -> None:
        """The image at twice its size."""
        if self.opset < 7:
            return
        if self.opset < 9:
            self.node("Upsample", scales=[1.0, 1.0, 2.0, 2.0], mode="nearest")
        elif self.opset == 9:
            self.node("Upsample", self.constant([1.0, 1.0, 2.0, 2.0]), mode="nearest")
        elif self.opset == 10:
            self.node("Resize", self.constant([1.0, 1.0, 2.0, 2.0]), mode="nearest")
        else:
            region = self.constant(np.zeros(0)) if self.opset < 13 else ""
            self.node(
                "Resize", region, self.constant([1.0, 1.0, 2.0, 2.0]), mode="nearest", nearest_mode="floor",
                coordinate_transformation_mode="asymmetric",
            )  # fmt: skip

    def reduce(self, kind: str, since: int, axis: int) -> None:
        """A reduction over an axis, which is an attribute before an opset."""
        if self.opset < since:
            self.node(kind, axes=[axis], keepdims=0)
        else:
            self.node(kind, self.constant(np.array([axis], np.int64)), keepdims=0)

    def pad(self, pads: list[int]) -> None:
        """Zeros around, stated by attributes, from 11 on by inputs."""
        self.stated("Pad", 11, pads=pads)

    def cut(self) -> None:
        """All but the first row, stated by attributes, from 10 on by inputs."""
        self.stated("Slice", 10, starts=[1], ends=[100], axes=[2])

    def model(self, shape: tuple[int, ...]) -> onnx.ModelProto:
        """The model of a batch of samples."""
        ends = [(("x"), ["n", *shape]), (self.last, None)]
        x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, dims) for name, dims in ends)
        graph = helper.make_graph(self.nodes, "g", [x], [y], self.constants)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self.opset)], ir_version=8)


def perceptron(opset: int) -> onnx.ModelProto:
    """6-8-5-4 with everything between that changed over the opsets."""
    w = Writer(opset)
    w.gemm(w.rng.normal(size=(8, 6)), w.rng.normal(size=8))
    w.normalise(8)
    w.node("Relu")
    w.dropout()
    w.stated("Unsqueeze", 13, axes=[1])
    w.stated("Squeeze", 13, axes=[1])
    w.node("MatMul", w.constant(w.rng.normal(size=(8, 5))))
    w.clip(-0.5, 2.0)
    w.node("Reshape", w.constant(np.array([-1, 5], np.int64)))
    w.gemm(w.rng.normal(size=(4, 5)), w.rng.normal(size=4))
    w.node("Softmax", axis=1)
    return w.model((6,))


def images(opset: int) -> onnx.ModelProto:
    """An image network with two pools and a sum over positions."""
    w = Writer(opset)
    w.pad([0, 0, 1, 1, 0, 0, 1, 1])
    w.node("Conv", w.constant(w.rng.normal(size=(3, 2, 3, 3))), w.constant(w.rng.normal(size=3)), kernel_shape=[3, 3])
    w.normalise(3)
    w.node("LeakyRelu", alpha=0.125)
    w.node("MaxPool", kernel_shape=[2, 2], strides=[1, 1])
    w.twice()
    w.cut()
    w.node("AveragePool", kernel_shape=[2, 2], strides=[2, 2])
    w.reduce("ReduceMean", 18, 3)
    w.reduce("ReduceSum", 13, 2)
    w.node("Flatten", axis=1)
    w.node("MatMul", w.constant(w.rng.normal(size=(3, 4))))
    return w.model((2, 6, 6))


@pytest.mark.parametrize("opset", OPSETS)
@pytest.mark.parametrize("make", [perceptron, images])
def test_against_onnx_runtime(opset: int, make: Any) -> None:
    proto = make(opset)
    graph = import_model(proto).graph
    x = np.random.default_rng(1).normal(size=(5, *graph.inputs[0].shape)).astype(np.float32)
    known = make(7) if make is perceptron and opset == 6 else proto  # ONNX Runtime has no Gemm that old
    expected = predict_float(known, known.graph.output[0].name, x)
    for form in (graph, simplify(graph)):
        ours = form.evaluate(x.reshape(-1, *form.inputs[0].shape))[form.outputs[0]].reshape(len(x), -1)
        np.testing.assert_allclose(ours, expected.reshape(len(x), -1), rtol=1e-4, atol=1e-5)
