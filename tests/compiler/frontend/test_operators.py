"""Every operator's function against ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.frontend import import_model, predict_float

RNG = np.random.default_rng(0)
Nodes = list[tuple[str, list[str], dict[str, Any]]]


def array(*shape: int, low: float = -2.0) -> np.ndarray:
    return RNG.uniform(low, 2.0, shape).astype(np.float32)


def model(
    nodes: Nodes, shape: tuple[Any, ...], opset: int = 17, domains: tuple[str, ...] = ("",), **constants: np.ndarray
) -> onnx.ModelProto:
    """A chain of nodes; node n makes ``t<n>``, the last one the output."""
    made = [
        helper.make_node(op, i, [f"t{n}"], name=f"n{n}", domain="" if "." not in op else "ai.x", **a)
        for n, (op, i, a) in enumerate(nodes)
    ]
    graph = helper.make_graph(
        made,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *shape])],
        [helper.make_tensor_value_info(f"t{len(nodes) - 1}", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(a, k) for k, a in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid(d, opset) for d in domains], ir_version=8)


BN = {"s": array(4, low=0.5), "b": array(4), "m": array(4), "v": array(4, low=0.1)}
I64 = np.int64
ROWS: list[tuple[Nodes, tuple[int, ...], int, dict[str, Any]]] = [
    ([("Gemm", ["x", "w"], {})], (4,), 17, {"w": array(4, 3)}),
    ([("Gemm", ["x", "w", "c"], {"transB": 1})], (4,), 17, {"w": array(3, 4), "c": array(3)}),
    ([("Gemm", ["x", "w", "c"], {"alpha": 0.5, "beta": 3.0})], (4,), 17, {"w": array(4, 3), "c": array(1)}),
    ([("Gemm", ["x", "w", "c"], {"alpha": -2.0})], (4,), 17, {"w": array(4, 3), "c": array(1, 3)}),
    ([("MatMul", ["x", "w"], {})], (3, 4), 17, {"w": array(4, 5)}),
    ([("MatMul", ["x", "w"], {})], (2, 3, 4), 17, {"w": array(4, 5)}),
    ([("MatMul", ["x", "w"], {})], (1, 3, 4), 17, {"w": array(6, 4, 5)}),
    ([("MatMul", ["x", "w"], {})], (2, 3, 4), 17, {"w": array(1, 2, 4, 5)}),
    ([("MatMul", ["x", "w"], {})], (2, 1, 4), 17, {"w": array(2, 4, 1)}),
    ([("MatMul", ["x", "w"], {})], (2, 3, 4), 17, {"w": array(4)}),
    ([("MatMul", ["x", "w"], {})], (1, 4), 17, {"w": array(4)}),
    ([("MatMul", ["x", "w"], {})], (4,), 17, {"w": array(4)}),
    ([("MatMul", ["w", "x"], {})], (3, 4), 17, {"w": array(5, 3)}),
    ([("MatMul", ["w", "x"], {})], (2, 3, 4), 17, {"w": array(2, 5, 3)}),
    ([("MatMul", ["w", "x"], {})], (2, 3, 4), 17, {"w": array(3)}),
    ([("MatMul", ["x", "w"], {}), ("Add", ["t0", "b"], {})], (4,), 17, {"w": array(4, 3), "b": array(3)}),
    ([("MatMul", ["x", "w"], {}), ("Add", ["b", "t0"], {})], (4,), 17, {"w": array(4, 3), "b": array(1, 3)}),
    ([("Add", ["x", "b"], {})], (2, 3, 4), 17, {"b": array(2, 3, 4)}),
    ([("Mul", ["x", "b"], {})], (2, 3, 4), 17, {"b": array(1, 1, 3, 1)}),
    ([("Sub", ["b", "x"], {})], (2, 1, 4), 17, {"b": array(3, 1)}),
    ([("PRelu", ["x", "b"], {})], (2, 3, 4), 17, {"b": array(2, 1, 4)}),
    ([("Flatten", ["x"], {"axis": -2})], (3, 2), 17, {}),
    ([("Squeeze", ["x"], {"axes": [2, -1]})], (3, 1, 4, 1), 11, {}),
    ([("Unsqueeze", ["x", "a"], {})], (3, 4), 17, {"a": np.array([1, -1], I64)}),
    ([("Relu", ["x"], {}), ("Concat", ["x", "t0"], {"axis": -1})], (2, 3, 4), 17, {}),
    ([("Relu", ["x"], {}), ("Concat", ["x", "t0"], {"axis": 2})], (2, 3, 4), 17, {}),
    ([("Sub", ["x", "b"], {})], (4,), 17, {"b": array(4)}),
    ([("Sub", ["b", "x"], {})], (4,), 17, {"b": array(4)}),
    ([("Mul", ["x", "b"], {}), ("Mul", ["b", "t0"], {})], (4,), 17, {"b": array(4)}),
    ([("Div", ["x", "b"], {})], (4,), 17, {"b": array(4, low=0.5)}),
    ([("BatchNormalization", ["x", "s", "b", "m", "v"], {"epsilon": 1e-3})], (4,), 17, BN),
    ([("Relu", ["x"], {})], (4,), 17, {}),
    ([("Sigmoid", ["x"], {})], (4,), 17, {}),
    ([("Tanh", ["x"], {})], (4,), 17, {}),
    ([("LeakyRelu", ["x"], {})], (4,), 17, {}),
    ([("LeakyRelu", ["x"], {"alpha": 0.3})], (4,), 17, {}),
    ([("Clip", ["x"], {"min": -0.5, "max": 1.0})], (4,), 6, {}),
    ([("Clip", ["x", "a", "b"], {})], (4,), 17, {"a": np.float32(-0.5), "b": np.float32(1)}),
    ([("Clip", ["x", "a", "b"], {})], (4,), 17, {"a": np.float32(1), "b": np.float32(-0.5)}),
    ([("Clip", ["x", "", "b"], {})], (4,), 17, {"b": np.float32(1)}),
    ([("Flatten", ["x"], {})], (2, 3), 17, {}),
    ([("Reshape", ["x", "s"], {})], (2, 6), 17, {"s": np.array([-1, 3, 4], I64)}),
    ([("Reshape", ["x", "s"], {})], (2, 6), 17, {"s": np.array([0, -1], I64)}),
    ([("Reshape", ["x", "s"], {})], (2, 6), 17, {"s": np.array([0, 0, 3, 2], I64)}),
    ([("Transpose", ["x"], {"perm": [0, 2, 1]}), ("Flatten", ["t0"], {})], (2, 3), 17, {}),
    ([("Transpose", ["x"], {"perm": [0, 3, 1, 2]})], (2, 3, 4), 17, {}),
    ([("Identity", ["x"], {})], (4,), 17, {}),
    ([("Dropout", ["x"], {})], (4,), 17, {}),
    ([("Constant", [], {"value_floats": [1.0, 2.0, 3.0, 4.0]}), ("Add", ["x", "t0"], {})], (4,), 17, {}),
    ([("Constant", [], {"value": numpy_helper.from_array(array(4))}), ("Mul", ["x", "t0"], {})], (4,), 17, {}),
    ([("Cast", ["x"], {"to": TensorProto.FLOAT})], (4,), 17, {}),
    ([("Softmax", ["x"], {})], (4,), 17, {}),
    ([("Softmax", ["x"], {"axis": 1})], (4,), 9, {}),
    ([("ArgMax", ["x"], {"axis": 1})], (4,), 17, {}),
    ([("ArgMax", ["x"], {"axis": -1, "keepdims": 0})], (4,), 17, {}),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda r: "-".join(n[0] for n in r[0]))
def test_against_onnx_runtime(row: tuple[Nodes, tuple[int, ...], int, dict[str, Any]]) -> None:
    nodes, shape, opset, constants = row
    proto = model(nodes, shape, opset, **constants)
    if nodes[-1][0] == "ArgMax":
        proto.graph.output[0].type.tensor_type.elem_type = TensorProto.INT64
    x = np.random.default_rng(1).uniform(-3, 3, (16, *shape)).astype(np.float32)
    graph = import_model(proto).graph
    ours = graph.evaluate(x)[graph.outputs[0]].reshape(16, -1)
    theirs = predict_float(proto, f"t{len(nodes) - 1}", x)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() < 1e-5


ELSE = "export other operators; 'nnfpga check --operators' lists them"


@pytest.mark.parametrize(
    ("nodes", "shape", "constants", "text"),
    [
        (
            [("LSTM", ["x"], {}), ("Relu", ["t0"], {}), ("GRU", ["x"], {})],
            (4,),
            {},
            f"LSTM 'n0' (node 0): operator LSTM is not supported; {ELSE}\n"
            f"GRU 'n2' (node 2): operator GRU is not supported; {ELSE}",
        ),
        (
            [("ReduceSum", ["x"], {"keepdims": 0}), ("Mul", ["x", "t0"], {})],
            (4,),
            {},
            "ReduceSum 'n0' (node 0): axis 0 is the batch; keep the samples of a batch apart",
        ),
        (
            [("Div", ["x", "zero"], {})],
            (4,),
            {"zero": np.zeros(1, np.float32)},
            "Div 'n0' (node 0): it divides by zero; divide by other constants",
        ),
        (
            [("MatMul", ["x", "w"], {}), ("Mul", ["x", "t0"], {})],
            (4,),
            {"w": np.ones((4, 3), np.float32)},
            "Mul 'n1' (node 1): branches of shapes (4,) and (3,) are joined; give them shapes that broadcast",
        ),
        (
            [("Relu", ["x"], {}), ("Concat", ["x", "t0"], {"axis": 0})],
            (4,),
            {},
            "Concat 'n1' (node 1): axis 0 is the batch; keep the samples of a batch apart",
        ),
        (
            [("Relu", ["x"], {})],
            ("features",),
            {},
            "input 'x': its shape is not fixed; export with fixed sizes but for the batch",
        ),
        (
            [("Gemm", ["x", "w"], {})],
            (4,),
            {"w": np.array([[np.nan], [np.inf], [1], [2]], np.float32)},
            "weight 'w': 2 of its 4 values are NaN or infinite; train again or repair the file",
        ),
        (
            [("Gemm", ["x", "w"], {})],
            (5,),
            {"w": np.ones((4, 2), np.float32)},
            "Gemm 'n0' (node 0): a matrix of shape (4, 2) does not fit an input of shape (5,); flatten first",
        ),
        (
            [("Gemm", ["x", "w"], {})],
            (4,),
            {"w": np.ones((4, 0), np.float32)},
            "Gemm 'n0' (node 0): its matrix of shape (4, 0) is empty; leave the node out",
        ),
        (
            [("MatMul", ["w", "x"], {})],
            (4,),
            {"w": np.ones((2, 4), np.float32)},
            "MatMul 'n0' (node 0): it adds up the samples of a batch; keep the samples of a batch apart",
        ),
        (
            [("Relu", ["x"], {}), ("MatMul", ["x", "t0"], {})],
            (4, 4),
            {},
            "MatMul 'n1' (node 1): both operands depend on the input; multiply by a constant matrix",
        ),
        (
            [("MatMul", ["x", "w"], {})],
            (3, 4),
            {"w": np.ones((2, 1, 4, 5), np.float32)},
            "MatMul 'n0' (node 0): a matrix of shape (2, 1, 4, 5) does not fit an input of shape (3, 4) for each sample"
            " of a batch; keep the samples of a batch apart",
        ),
        (
            [("Relu", ["nothing"], {})],
            (4,),
            {},
            "Relu 'n0' (node 0): it reads 'nothing', which nothing makes; export the model again",
        ),
        (
            [("Reshape", ["x", "s"], {})],
            (4,),
            {"s": np.array([-1, 2], np.int64)},
            "Reshape 'n0' (node 0): (4,) to [-1, 2] mixes the samples of a batch; keep the first dimension",
        ),
    ],
)
def test_refusals(nodes: Nodes, shape: tuple[Any, ...], constants: dict[str, Any], text: str) -> None:
    with pytest.raises(CompileError) as caught:
        import_model(model(nodes, shape, **constants))
    assert str(caught.value) == text


def test_two_inputs() -> None:
    proto = model([("Relu", ["x"], {})], (4,))
    proto.graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, ["n", 3]))
    with pytest.raises(CompileError, match=r"^the graph: it must have one input, not x, z; split the model$"):
        import_model(proto)
