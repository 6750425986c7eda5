"""Small image networks go the whole way to RTL, unrolled and mixed, branches included."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import nnfpga
from nnfpga.compiler.frontend import predict_float
from nnfpga.compiler.layers.convolution import Convolution
from nnfpga.compiler.layers.join import Summation
from nnfpga.compiler.layers.pooling import AveragePooling, MaxPooling
from nnfpga.compiler.plan import Unrolled


def image_network(path: Path, pool: str, *, skip: bool = False) -> Path:
    """Two 3x3 kernels on a 6x6 image, a 2x2 pooling, three outputs; with ``skip`` the sums are added to themselves."""
    rng = np.random.default_rng(0)
    weights = {"k": rng.normal(size=(2, 1, 3, 3)), "kb": rng.normal(size=2), "w": rng.normal(size=(3, 8)) / 3}
    nodes = [
        helper.make_node("Conv", ["x", "k", "kb"], ["c"], kernel_shape=[3, 3]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node(pool, ["r"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        *([helper.make_node("Add", ["p", "p2"], ["q"])] if skip else []),
        helper.make_node("Flatten", ["q" if skip else "p"], ["f"]),
        helper.make_node("Gemm", ["f", "w"], ["y"], transB=1),
    ]
    if skip:
        other = "AveragePool" if pool == "MaxPool" else "MaxPool"
        nodes.insert(3, helper.make_node(other, ["r"], ["p2"], kernel_shape=[2, 2], strides=[2, 2]))
    constants = [numpy_helper.from_array(v.astype(np.float32), k) for k, v in weights.items()]
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in (("x", ["n", 1, 6, 6]), ("y", ["n", 3])))
    graph = helper.make_graph(nodes, "g", [x], [y], constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


@pytest.mark.parametrize("target", ["latency", "area"])
@pytest.mark.parametrize(("pool", "layer"), [("MaxPool", MaxPooling), ("AveragePool", AveragePooling)])
def test_an_image_network_becomes_exact_rtl(tmp_path: Path, pool: str, layer: type, target: str) -> None:
    x = np.random.default_rng(1).random((60, 1, 6, 6)).astype(np.float32)
    model = image_network(tmp_path / "m.onnx", pool)
    design = nnfpga.compile(model, x, emit="rtl", samples=24, target=target, bits=5)
    assert {Convolution, layer} < {type(n) for n in design.graph.layers}
    assert design.report()["exact"]["rtl"] is True
    if target == "latency":
        assert design.report()["interval_cycles"] == 1


@pytest.mark.parametrize("target", ["latency", "area"])
def test_branches_become_one_unrolled_unit(tmp_path: Path, target: str) -> None:
    x = np.random.default_rng(1).random((60, 1, 6, 6)).astype(np.float32)
    model = image_network(tmp_path / "m.onnx", "MaxPool", skip=True)
    design = nnfpga.compile(model, x, emit="rtl", samples=24, target=target, bits=5)
    assert Summation in {type(n) for n in design.graph.layers}
    assert design.report()["exact"]["rtl"] is True
    choices = [design.plan.choices[n.name] for n in design.graph.layers]
    assert (choices[-1] == Unrolled()) == (target == "latency")


NODE = helper.make_node
ENDS = {
    "softmax over channels": [NODE("Relu", ["c"], ["r"]), NODE("Softmax", ["r"], ["y"], axis=1)],
    "softmax over columns": [NODE("Sigmoid", ["c"], ["r"]), NODE("Softmax", ["r"], ["y"], axis=3)],
    "channels last": [NODE("Transpose", ["c"], ["r"], perm=[0, 2, 3, 1]), NODE("Softmax", ["r"], ["y"], axis=-1)],
}


@pytest.mark.parametrize("end", ENDS)
def test_scores_of_every_position(tmp_path: Path, end: str) -> None:
    rng = np.random.default_rng(0)
    weight = numpy_helper.from_array(rng.normal(size=(3, 1, 2, 2)).astype(np.float32), "k")
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in (("x", ["n", 1, 5, 5]), ("y", None)))
    graph = helper.make_graph([NODE("Conv", ["x", "k"], ["c"]), *ENDS[end]], "g", [x], [y], [weight])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, tmp_path / "m.onnx")
    samples = rng.normal(size=(40, 1, 5, 5)).astype(np.float32)
    design = nnfpga.compile(tmp_path / "m.onnx", samples, emit="model", bits=12)
    reference = predict_float(model, "r", samples)
    assert np.abs(design.predict(samples).reshape(reference.shape) - reference).max() < 2**-8 * np.abs(reference).max()


def test_scores_behind_a_scale(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    arrays = {"w": rng.normal(size=(4, 3)), "two": np.array(2.0)}
    constants = [numpy_helper.from_array(v.astype(np.float32), k) for k, v in arrays.items()]
    nodes = [
        NODE("Relu", ["x"], ["r"]), NODE("Mul", ["r", "two"], ["m"]), NODE("MatMul", ["m", "w"], ["z"]),
        NODE("Softmax", ["z"], ["y"], axis=1),
    ]  # fmt: skip
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", s]) for n, s in (("x", 4), ("y", 3)))
    model = helper.make_model(
        helper.make_graph(nodes, "g", [x], [y], constants), opset_imports=[helper.make_opsetid("", 13)], ir_version=8
    )
    onnx.save(model, tmp_path / "m.onnx")
    samples = rng.normal(size=(60, 4)).astype(np.float32)
    design = nnfpga.compile(tmp_path / "m.onnx", samples, emit="model", bits=12)
    assert (design.predict(samples) == predict_float(model, "z", samples).argmax(axis=1)).mean() > 0.9
