"""Which axis is the batch: files without one, with a fixed one, and with one that makes no sense."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.frontend import import_model, predict_float

Nodes = list[tuple[str, list[str], dict[str, Any]]]
I64 = np.int64
K = np.random.default_rng(0).uniform(-2, 2, (3, 4, 5)).astype(np.float32)


def model(nodes: Nodes, dims: tuple[Any, ...], **constants: np.ndarray) -> onnx.ModelProto:
    """A chain of nodes; node n makes ``t<n>``, the last one the output."""
    made = [helper.make_node(op, i, [f"t{n}"], name=f"n{n}", **a) for n, (op, i, a) in enumerate(nodes)]
    graph = helper.make_graph(
        made,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, dims)],
        [helper.make_tensor_value_info(f"t{len(nodes) - 1}", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(a, k) for k, a in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


# nodes, the input's dimensions, the shape of a sample, constants
ROWS: list[tuple[Nodes, tuple[Any, ...], tuple[int, ...], dict[str, Any]]] = [
    ([("Add", ["x", "k"], {})], (3, 4, 5), (3, 4, 5), {"k": K}),
    ([("Mul", ["x", "k"], {})], (1, 4), (1, 4), {"k": K[0, 0, :4].reshape(1, 1, 4)}),
    ([("Mul", ["x", "k"], {})], (5,), (5,), {"k": K[:, 0]}),
    ([("Add", ["x", "k"], {})], (), (), {"k": K[0, 0]}),
    ([("Relu", ["x"], {})], (), (), {}),
    ([("Transpose", ["x"], {"perm": [1, 0, 2]})], (3, 4, 5), (3, 4, 5), {}),
    ([("Transpose", ["x"], {})], (3, 4), (3, 4), {}),
    ([("Flatten", ["x"], {"axis": 0})], (3, 4), (3, 4), {}),
    ([("Reshape", ["x", "s"], {})], (3, 4), (3, 4), {"s": np.array([2, -1], I64)}),
    ([("Reshape", ["x", "s"], {})], (10, 4), (4,), {"s": np.array([10, 2, 2], I64)}),
    ([("Squeeze", ["x", "a"], {}), ("Unsqueeze", ["t0", "a"], {})], (1, 4), (4,), {"a": np.array([0], I64)}),
    ([("Squeeze", ["x"], {}), ("Mul", ["t0", "k"], {})], (1, 4, 5), (4, 5), {"k": K}),
    (
        [("Reshape", ["x", "s"], {}), ("Unsqueeze", ["t0", "a"], {}), ("MatMul", ["t1", "k"], {})],
        (1, 2, 2),
        (2, 2),
        {"s": np.array([-1], I64), "a": np.array([0], I64), "k": K[0]},
    ),
    ([("Concat", ["x", "x"], {"axis": 0})], (3, 4), (3, 4), {}),
    ([("Mul", ["x", "k"], {})], ("n", 4, 5), (4, 5), {"k": K[0]}),
    ([("Mul", ["x", "k"], {})], (0, 4, 5), (4, 5), {"k": K[0]}),
    ([("Mul", ["x", "k"], {})], (-1, 4, 5), (4, 5), {"k": K[0]}),
    ([("Mul", ["x", "k"], {})], (1 << 40, 4, 5), (4, 5), {"k": K[0]}),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{'-'.join(n[0] for n in r[0])} {r[1]}")
def test_against_onnx_runtime(row: tuple[Nodes, tuple[Any, ...], tuple[int, ...], dict[str, Any]]) -> None:
    nodes, dims, sample, constants = row
    proto = model(nodes, dims, **constants)
    graph = import_model(proto).graph
    assert graph.inputs[0].shape == sample
    x = np.random.default_rng(1).uniform(-3, 3, (12, *sample)).astype(np.float32)
    ours = graph.evaluate(x)[graph.outputs[0]].reshape(12, -1)
    theirs = predict_float(proto, f"t{len(nodes) - 1}", x)
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() < 1e-5


@pytest.mark.parametrize(
    ("nodes", "dims", "text"),
    [
        ([("Relu", ["x"], {})], (3, "h"), "input 'x': its shape is not fixed"),
        ([("Relu", ["x"], {})], ("n", 1 << 40), "a sample has 1099511627776 elements; use inputs of at most"),
        ([("Transpose", ["x"], {"perm": [1, 0]})], ("n", 4), r"n0.*: it mixes the samples of a batch"),
        ([("Squeeze", ["x"], {"axes": [0]})], ("n", 4), r"n0.*does not fit an input of shape \(4,\) for each sample"),
        ([("LSTM", ["x"], {}), ("Transpose", ["x"], {})], (3, 4), r"operator LSTM.*\n.*mixes the samples"),
    ],
)
def test_refused(nodes: Nodes, dims: tuple[Any, ...], text: str) -> None:
    with pytest.raises(CompileError, match=text):
        import_model(model(nodes, dims))
