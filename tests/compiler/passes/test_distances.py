"""Distances to centres, in every spelling, against ONNX Runtime."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.frontend import import_model
from nnfpga.compiler.layers.dense import Linear
from nnfpga.compiler.layers.product import RealProduct
from nnfpga.compiler.layers.reduction import ReduceSum
from nnfpga.compiler.layers.scalar import Apply
from nnfpga.compiler.passes import simplify
from nnfpga.compiler.passes.distances import Ways, distances, forms_of
from nnfpga.compiler.passes.square_roots import square_roots
from nnfpga.compiler.real import RealGraph
from nnfpga.compiler.scalar.rational import PerChannel
from nnfpga.model import read_model
from nnfpga.options import Options

Nodes = list[tuple[str, list[str], dict[str, Any]]]

SQUARED: dict[str, Nodes] = {
    "product": [("Mul", ["d", "d"], {}), ("ReduceSum", ["_", "last"], {"keepdims": 0})],
    "power": [("Pow", ["d", "two"], {}), ("ReduceSum", ["_", "last"], {"keepdims": 0})],
    "sum of squares": [("ReduceSumSquare", ["d"], {"axes": [2], "keepdims": 0})],
    "weighted before": [
        ("Mul", ["d", "d"], {}), ("Mul", ["_", "w"], {}), ("ReduceSum", ["_", "last"], {"keepdims": 0}),
    ],
    "weighted inside": [("Mul", ["d", "w"], {}), ("ReduceSumSquare", ["_"], {"axes": [2], "keepdims": 0})],
}  # fmt: skip
APART: Nodes = [("Unsqueeze", ["x", "one"], {}), ("Sub", ["_", "c"], {})]
KERNELS: dict[str, Nodes] = {
    "gaussian": [("Mul", ["_", "g"], {}), ("Neg", ["_"], {}), ("Exp", ["_"], {})],
    "multiquadric": [("Add", ["_", "g"], {}), ("Sqrt", ["_"], {})],
    "inverse multiquadric": [("Add", ["_", "g"], {}), ("Sqrt", ["_"], {}), ("Reciprocal", ["_"], {})],
    "thin plate": [("Add", ["_", "tiny"], {}), ("Log", ["_"], {}), ("Mul", ["_", "s"], {})],
}
EXPANDED: Nodes = [
    ("MatMul", ["x", "back"], {}), ("ReduceSumSquare", ["x"], {"axes": [1], "keepdims": 1}), ("Add", ["_", "_1"], {}),
    ("Add", ["_", "norms"], {}),
]  # fmt: skip


def model(inputs: int, centres: int, nodes: Nodes, tail: Nodes, seed: int = 0) -> onnx.ModelProto:
    """An RBF network; ``_`` is the result of the node before, ``_1`` that of the one before it, ``_2`` before that."""
    rng = np.random.default_rng(seed)
    c = rng.uniform(-1, 1, (centres, inputs)).astype(np.float32)
    values = {
        "c": c, "back": -2 * c.T, "norms": (c**2).sum(axis=1), "w": rng.uniform(0.5, 2, (1, inputs)),
        "g": rng.uniform(1, 3, centres), "tiny": 0.01, "two": 2.0, "out": rng.uniform(-1, 1, (centres, 2)),
    }  # fmt: skip
    known = [numpy_helper.from_array(np.asarray(v, dtype=np.float32), name) for name, v in values.items()]
    known += [numpy_helper.from_array(np.array([k], dtype=np.int64), name) for name, k in (("one", 1), ("last", 2))]
    made: list[onnx.NodeProto] = []
    names = ["x"]
    for n, (op, given, options) in enumerate(nodes + tail):
        back = {"_": names[-1]} | {f"_{k}": names[-1 - k] for k in (1, 2) if len(names) > k}
        names.append("d" if op == "Sub" else "s" if n == len(nodes) - 1 else f"t{n}")
        made.append(helper.make_node(op, [back.get(g, g) for g in given], [names[-1]], **options))
    made.append(helper.make_node("MatMul", [names[-1], "out"], ["y"]))
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", k]) for n, k in (("x", inputs), ("y", 2)))
    opset = helper.make_opsetid("", 13)
    return helper.make_model(helper.make_graph(made, "rbf", [x], [y], known), opset_imports=[opset], ir_version=8)


def compared(proto: onnx.ModelProto, inputs: int) -> RealGraph:
    """The simplified network, after comparing it with ONNX Runtime."""
    graph = simplify(import_model(proto).graph)
    x = np.random.default_rng(1).uniform(-1.5, 1.5, (200, inputs)).astype(np.float32)
    (expected,) = onnxruntime.InferenceSession(proto.SerializeToString()).run(["y"], {"x": x})
    result = graph.evaluate(x.reshape(-1, *graph.inputs[0].shape))[graph.outputs[0]]
    assert np.abs(result - np.asarray(expected)).max() < 1e-5 * np.abs(np.asarray(expected)).max()
    return graph


def functions(graph: RealGraph) -> list[int]:
    """How many different functions each operation has that has more than one."""
    return [op.function.channels for op in graph.ops if isinstance(op, Apply) and isinstance(op.function, PerChannel)]


def squares(graph: RealGraph) -> list[tuple[int, ...]]:
    """The shapes of what is squared."""
    products = [op for op in graph.ops if isinstance(op, RealProduct) and op.inputs[0] == op.inputs[1]]
    return [graph.shapes[op.name] for op in products]


@pytest.mark.parametrize("spelling", SQUARED)
@pytest.mark.parametrize("kernel", KERNELS)
def test_few_terms_become_functions_of_one_element(spelling: str, kernel: str) -> None:
    graph = compared(model(2, 3, APART + SQUARED[spelling], KERNELS[kernel]), 2)
    (sums,) = (op for op in graph.ops if isinstance(op, ReduceSum))
    assert graph.shapes[sums.inputs[0]] == (3, 2)
    assert (functions(graph), squares(graph)) == ([6], [])


@pytest.mark.parametrize("nodes", [EXPANDED, *(APART + tail for tail in SQUARED.values())])
def test_more_terms_share_the_squares(nodes: Nodes) -> None:
    graph = compared(model(5, 30, nodes, KERNELS["gaussian"]), 5)
    first = next(op for op in graph.ops if isinstance(op, Linear))
    assert first.weight.shape == (30, 10)
    assert (functions(graph), squares(graph)) == ([], [(5,)])


@pytest.mark.parametrize("nodes", [EXPANDED, APART + SQUARED["product"]])
def test_squares_of_many_elements_are_functions(nodes: Nodes) -> None:
    graph = compared(model(12, 3, nodes, KERNELS["gaussian"]), 12)
    first = next(op for op in graph.ops if isinstance(op, Linear))
    assert first.weight.shape == (3, 24)
    assert (functions(graph), squares(graph)) == ([24], [])


@pytest.mark.parametrize("square", [("Mul", ["_", "_"], {}), ("Pow", ["_", "two"], {})])
def test_a_squared_root_of_squares_is_no_root(square: tuple[str, list[str], dict[str, Any]]) -> None:
    nodes: Nodes = [*APART, ("ReduceL2", ["_"], {"axes": [2], "keepdims": 0}), square]
    graph = compared(model(2, 3, nodes, KERNELS["gaussian"]), 2)
    plain = compared(model(2, 3, APART + SQUARED["sum of squares"], KERNELS["gaussian"]), 2)
    assert [type(op) for op in graph.ops] == [type(op) for op in plain.ops]


def test_a_squared_root_of_anything_stays() -> None:
    nodes: Nodes = [*APART, ("ReduceSum", ["_", "last"], {"keepdims": 0}), ("Sqrt", ["_"], {}), ("Mul", ["_", "_"], {})]
    graph = import_model(model(2, 3, nodes, KERNELS["gaussian"])).graph
    assert square_roots(graph) is graph


def test_ways_are_chosen_and_named() -> None:
    imported = import_model(model(2, 4, APART + SQUARED["product"], KERNELS["gaussian"])).graph
    for most, form in ((8, "8 functions of one element each"), (7, "2 squares that all sums share")):
        assert forms_of(simplify(imported, Ways(most, 0))) == [form]
    assert forms_of(simplify(imported, Ways(7, 8))) == []


def test_expanded_squares_are_completed() -> None:
    """Each function is zero at its centre, so no bits go into constants that cancel."""
    proto = model(2, 3, EXPANDED, KERNELS["gaussian"])
    graph = compared(proto, 2)
    assert all(not isinstance(op, Linear) or op.weight.shape == (2, 3) for op in graph.ops)
    centres = next(numpy_helper.to_array(t) for t in proto.graph.initializer if t.name == "c")
    (applied,) = (op for op in graph.ops if isinstance(op, Apply) and isinstance(op.function, PerChannel))
    values = applied.evaluate(centres.reshape(1, -1).astype(np.float64))
    assert np.abs(values).max() < 1e-6


def test_a_normalised_network_needs_a_divisor_that_is_not_zero(tmp_path: Path) -> None:
    x = np.random.default_rng(2).uniform(-1, 1, (500, 2))
    total: Nodes = [*KERNELS["gaussian"], ("ReduceSum", ["_", "one"], {"keepdims": 1})]
    bare = model(2, 3, APART + SQUARED["product"], [*total, ("Div", ["_1", "_"], {})])
    compared(bare, 2)
    onnx.save(bare, tmp_path / "bare.onnx")
    with pytest.raises(CompileError, match=r"^Div 't8' .* takes only numbers other than 0; put a Clip in front of it$"):
        read_model(tmp_path / "bare.onnx", x, Options(bits=10))
    above = model(2, 3, APART + SQUARED["product"], [*total, ("Add", ["_", "tiny"], {}), ("Div", ["_2", "_"], {})])
    onnx.save(above, tmp_path / "above.onnx")
    made = read_model(tmp_path / "above.onnx", x, Options(bits=12))
    name = made.graph.outputs[0]
    values = made.outside(name).real(made.graph.evaluate(made.quantise(x))[name])
    (expected,) = onnxruntime.InferenceSession(above.SerializeToString()).run(["y"], {"x": x.astype(np.float32)})
    assert np.abs(values - np.asarray(expected)).max() < 0.05


def test_squares_around_zero_stay() -> None:
    nodes: Nodes = [("MatMul", ["x", "back"], {}), ("Mul", ["_", "_"], {}), ("Mul", ["_", "g"], {})]
    graph = import_model(model(3, 4, nodes, [])).graph
    assert str(distances(graph)) == str(graph)
