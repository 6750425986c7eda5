"""Operators of several operands, reductions, comparisons and rankings: against ONNX Runtime, and as integers."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.frontend import import_model, predict_float
from nnfpga.compiler.layers.scalar import Apply
from nnfpga.compiler.passes import Calibration, entry, lower, optimise, quantize, simplify
from nnfpga.compiler.passes.drop_softmax import Want, drop_softmax
from nnfpga.compiler.scalar.logic import KinkedChoice

RNG = np.random.default_rng(3)
I64 = np.int64
Nodes = list[tuple[str, list[str], dict[str, Any]]]
SHAPE = (2, 3, 4)


def array(*shape: int) -> np.ndarray:
    return RNG.uniform(-2, 2, shape).astype(np.float32)


K = array(2, 3, 4)
NUMBERS = {
    "k": K, "c": array(2, 1, 1), "rows": array(3, 1), "long": array(1, 1, 1, 1), "mask": K > 0,
    "half": np.float32(0.5), "one": np.float32(1), "zero": np.float32(0), "minus": np.float32(-1),
    "tenth": np.float32(0.1), "twenty": np.float32(20), "none": np.zeros(0, I64),
    "last": np.array([3], I64), "first": np.array([1], I64), "both": np.array([-1, 1], I64), "two": np.array([2], I64),
}  # fmt: skip


def model(nodes: Nodes, opset: int = 18, kind: int = TensorProto.FLOAT) -> onnx.ModelProto:
    """Nodes n make ``t<n>``; the last one is the output."""
    made = [helper.make_node(op, i, [f"t{n}", f"u{n}"][: 1 + (op == "TopK")], name=f"n{n}", **a) for n, (op, i, a) in
            enumerate(nodes)]  # fmt: skip
    used = {name for _, inputs, _ in nodes for name in inputs}
    graph = helper.make_graph(
        made,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *SHAPE])],
        [helper.make_tensor_value_info(f"t{len(nodes) - 1}", kind, None)],
        [numpy_helper.from_array(np.asarray(a), k) for k, a in NUMBERS.items() if k in used],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def row(*nodes: Any, **options: Any) -> Any:
    chain: Nodes = [(op, list(inputs), dict(*more)) for op, inputs, *more in nodes]
    return pytest.param(chain, options, id="-".join(op for op, _, _ in chain) + str(chain[-1][2] or ""))


SCALE = ("Mul", ("x", "half"))
TENSORS = [
    row(("Add", ("x", "k"))),
    row(("Sub", ("rows", "x"))),
    row(("Mul", ("c", "x"))),
    row(("Mul", ("x", "x"))),
    row(("Div", ("x", "k"))),
    row(("Add", ("x", "long"))),
    row(SCALE, ("Mul", ("x", "t0"))),
    row(("ReduceMax", ("x", "last"), {"keepdims": 1}), ("Sub", ("x", "t0"))),
    row(("ReduceMax", ("x", "last"), {"keepdims": 1}), ("Mul", ("t0", "x"))),
    row(("Abs", ("x",)), ("Add", ("t0", "one")), ("Div", ("x", "t1"))),
    row(("Abs", ("x",)), ("Add", ("t0", "one")), ("Div", ("half", "t1"))),
    row(SCALE, ("Sum", ("x", "t0", "k", "one"))),
    row(("Sum", ("x",))),
    row(SCALE, ("Mean", ("x", "t0", "k"))),
    row(SCALE, ("Max", ("x", "t0", "half"))),
    row(("Max", ("k", "x", "half"))),
    row(SCALE, ("Neg", ("x",)), ("Min", ("x", "t0", "t1"))),
    row(("Min", ("x", "c"))),
    row(("ReduceMean", ("x",), {"axes": [-1]}), ("Add", ("x", "t0")), opset=17),
]
REDUCTIONS = [
    *(row((f"Reduce{kind}", ("x", axes), {"keepdims": keep})) for kind, axes, keep in [
        ("Sum", "last", 1), ("Sum", "both", 0), ("Mean", "last", 0), ("Mean", "both", 1), ("Mean", "first", 0),
        ("Max", "both", 0), ("Max", "two", 1), ("Min", "last", 1), ("SumSquare", "last", 0), ("SumSquare", "both", 1),
        ("L1", "both", 0), ("L2", "last", 1), ("L2", "both", 0),
    ]),
    row(("Exp", ("x",)), ("ReduceLogSum", ("t0", "last"))),
    row(("ReduceMean", ("x",), {"axes": [2, 3], "keepdims": 0}), opset=17),
    row(("ReduceSum", ("x",), {"noop_with_empty_axes": 1})),
    row(("ReduceSumSquare", ("x", "none"), {"noop_with_empty_axes": 1})),
]  # fmt: skip
LOGIC = [
    *(row((op, ("x", "half")), ("Cast", ("t0",), {"to": 1})) for op in
      ("Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal")),
    row(("Greater", ("half", "x")), ("Cast", ("t0",), {"to": 1})),
    row(SCALE, ("LessOrEqual", ("x", "t0")), ("Not", ("t1",)), ("Cast", ("t2",), {"to": 1})),
    *(row(("Greater", ("x", "half")), ("Less", ("x", "one")), (op, ("t0", "t1")), ("Cast", ("t2",), {"to": 1}))
      for op in ("And", "Or", "Xor")),
    *(row(("Greater", ("x", "half")), (op, ("t0", "mask")), ("Cast", ("t1",), {"to": 1}))
      for op in ("And", "Or", "Xor")),
    row(("Greater", ("x", "zero")), ("Mul", ("x", "tenth")), ("Where", ("t0", "x", "t1"))),
    row(("GreaterOrEqual", ("x", "zero")), ("Where", ("t0", "one", "minus"))),
    row(("Exp", ("x",)), ("Sub", ("t0", "one")), ("Less", ("x", "zero")), ("Where", ("t2", "t1", "x"))),
    row(("Exp", ("x",)), ("Add", ("t0", "one")), ("Log", ("t1",)), ("Less", ("x", "one")),
        ("Where", ("t3", "t2", "x"))),
    row(("Greater", ("x", "k")), ("Neg", ("x",)), ("Where", ("t0", "x", "t1"))),
    row(("Neg", ("x",)), ("Where", ("mask", "x", "t0"))),
    row(("Where", ("mask", "k", "x"))),
    row(("Greater", ("x", "zero")), ("Where", ("t0", "k", "x"))),
    row(("Mul", ("x", "twenty")), ("Cast", ("t0",), {"to": 6}), ("Cast", ("t1",), {"to": 1})),
    row(("Cast", ("x",), {"to": 9}), ("Cast", ("t0",), {"to": 1})),
]  # fmt: skip
RANKED = [
    *(row((op, ("x",), {"axis": axis, "keepdims": keep, "select_last_index": last}), kind=TensorProto.INT64)
      for op in ("ArgMax", "ArgMin") for axis, keep, last in [(1, 1, 0), (-1, 0, 1), (2, 1, 1)]),
    row(("TopK", ("x", "two"), {"axis": -1})),
    row(("TopK", ("x", "two"), {"axis": 2, "largest": 0})),
    *(row((op, ("x",), {"axis": axis}), opset=opset) for op in ("Softmax", "LogSoftmax")
      for axis in (1, -1) for opset in (11, 13)),
]  # fmt: skip


def agrees(proto: onnx.ModelProto, x: np.ndarray) -> None:
    """The import, before and after the real-valued passes, computes what ONNX Runtime does."""
    expected = predict_float(proto, proto.graph.output[0].name, x)
    graph = import_model(proto).graph
    for form in (graph, simplify(graph)):
        ours = form.evaluate(x.reshape(-1, *form.inputs[0].shape))[form.outputs[0]].reshape(len(x), -1)
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("nodes", "options"), [*TENSORS, *REDUCTIONS, *LOGIC, *RANKED])
def test_against_onnx_runtime(nodes: Nodes, options: dict[str, Any]) -> None:
    x = np.rint(array(6, *SHAPE) * 8).astype(np.float32) / 8  # so that some are equal
    agrees(model(nodes, **options), x)


@pytest.mark.parametrize(("nodes", "options"), [*TENSORS, *REDUCTIONS, *LOGIC, *RANKED[:-8]])
def test_integers(nodes: Nodes, options: dict[str, Any]) -> None:
    """The quantised network on inputs that are integers: near the float one, and every tensor on its lattice."""
    graph = simplify(import_model(model(nodes, **options)).graph)
    graph, _ = drop_softmax(graph, Want.SCORES)
    x = np.rint(array(40, *graph.inputs[0].shape) * 255) / 256
    values = graph.evaluate(x)
    quantised = quantize(graph, Calibration(values, 10))
    whole = optimise(lower(quantised))
    result = whole.tensors[whole.outputs[0]]
    tensors = whole.evaluate(entry(quantised).integers(x), keep=True)
    assert all(whole.tensors[name].number.holds(v) for name, v in tensors.items())
    expected = values[graph.outputs[0]]
    error = np.abs(result.real(tensors[result.name]).reshape(expected.shape) - expected).max()
    assert error <= 0.01 * max(1.0, np.abs(expected).max())


def test_a_choice_of_lines_is_one_function() -> None:
    nodes: Nodes = [("Greater", ["x", "zero"], {}), ("Mul", ["x", "tenth"], {}), ("Where", ["t0", "x", "t1"], {})]
    op = import_model(model(nodes)).graph.makers["t2"]
    assert isinstance(op, Apply)
    assert op.inputs == ("x",)
    assert isinstance(op.function, KinkedChoice)


def test_a_shape_that_does_not_broadcast_over_the_batch() -> None:
    nodes: Nodes = [("ReduceMax", ["x", "last"], {"keepdims": 0}), ("Add", ["x", "t0"], {})]
    with pytest.raises(CompileError, match=r"branches of shapes \(2, 3, 4\) and \(2, 3\) are joined"):
        import_model(model(nodes))
