"""Image operators against ONNX Runtime, and what becomes of their layouts."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.frontend import import_model, predict_float
from nnfpga.compiler.passes import Calibration, lower, optimise, quantize, simplify

RNG = np.random.default_rng(0)
Nodes = list[tuple[str, list[str], dict[str, Any]]]


def array(*shape: int) -> np.ndarray:
    return RNG.uniform(-2, 2, shape).astype(np.float32)


def model(nodes: Nodes, shape: tuple[int, ...], opset: int = 17, /, **constants: np.ndarray) -> onnx.ModelProto:
    """Node n makes ``t<n>``; the last one is the output."""
    made = [helper.make_node(op, i, [f"t{n}"], name=f"n{n}", **a) for n, (op, i, a) in enumerate(nodes)]
    graph = helper.make_graph(
        made,
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *shape])],
        [helper.make_tensor_value_info(f"t{len(nodes) - 1}", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(a, k) for k, a in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def agrees(proto: onnx.ModelProto, shape: tuple[int, ...]) -> None:
    """The import, before and after the real-valued passes, computes what ONNX Runtime does."""
    x = array(5, *shape)
    expected = predict_float(proto, proto.graph.output[0].name, x)
    graph = import_model(proto).graph
    for form in (graph, simplify(graph)):
        ours = form.evaluate(x.reshape(-1, *form.inputs[0].shape))[form.outputs[0]].reshape(5, -1)
        np.testing.assert_allclose(ours, expected, rtol=1e-4, atol=1e-4)


W = {"w": array(4, 2, 3, 2), "b": array(4)}
CONV: list[dict[str, Any]] = [
    {},
    {"kernel_shape": [3, 2], "strides": [2, 1]},
    {"pads": [1, 0, 2, 1]},
    {"dilations": [2, 3], "pads": [1, 1, 1, 1]},
    *({"auto_pad": p, "strides": [2, 3], "dilations": d} for p in ("SAME_UPPER", "SAME_LOWER") for d in ([1, 1],)),
    {"auto_pad": "SAME_UPPER"},
    {"auto_pad": "SAME_LOWER"},
    {"auto_pad": "VALID", "strides": [2, 2]},
    {"auto_pad": "NOTSET", "pads": [0, 1, 0, 1]},
]


@pytest.mark.parametrize("attributes", CONV, ids=str)
def test_convolution(attributes: dict[str, Any]) -> None:
    agrees(model([("Conv", ["x", "w", "b"], attributes)], (2, 7, 6), **W), (2, 7, 6))


@pytest.mark.parametrize("group", [1, 2, 4])
def test_groups(group: int) -> None:
    weight = array(8, 4 // group, 3, 3)
    agrees(model([("Conv", ["x", "w"], {"group": group})], (4, 5, 6), w=weight), (4, 5, 6))


def test_sequences() -> None:
    attributes = {"strides": [2], "pads": [2, 1], "dilations": [2]}
    agrees(model([("Conv", ["x", "w", "b"], attributes)], (2, 9), w=array(4, 2, 3), b=array(4)), (2, 9))


NETWORK: Nodes = [
    ("Conv", ["x", "w1", "b1"], {"pads": [1, 1, 1, 1]}),
    ("BatchNormalization", ["t0", "s", "o", "m", "v"], {}),
    ("Relu", ["t1"], {}),
    ("Conv", ["t2", "w2"], {}),
    ("Add", ["t3", "b2"], {}),
    ("Relu", ["t4"], {}),
    ("Flatten", ["t5"], {}),
    ("Gemm", ["t6", "w3"], {}),
]
PARAMETERS = {
    "w1": array(3, 1, 3, 3),
    "b1": array(3),
    "s": array(3),
    "o": array(3),
    "m": array(3),
    "v": np.abs(array(3)) + 1,
    "w2": array(2, 3, 2, 2),
    "b2": array(2, 1, 1),
    "w3": array(24, 5),
}

FOLDED = """\
input %x: 4x5x1
%t0_2: 4x5x3 = convolve %x
%t1_2: 4x5x3 = apply %t0_2
%t2: 4x5x3 = apply %t1_2
%t3_2: 3x4x2 = convolve %t2
%t4_2: 3x4x2 = apply %t3_2
%t5: 3x4x2 = apply %t4_2
%t5_flat: 24 = realrearrange %t5
%t7: 5 = linear %t5_flat
output %t7
"""


def test_no_layout_change_is_left_in_a_network() -> None:
    proto = model(NETWORK, (1, 4, 5), **PARAMETERS)
    agrees(proto, (1, 4, 5))
    assert str(simplify(import_model(proto).graph)) == FOLDED


def test_normalisation_in_front_of_padding_is_kept() -> None:
    nodes: Nodes = [("Sub", ["x", "m"], {}), ("Conv", ["t0", "w"], {"pads": [1, 1, 1, 1]})]
    agrees(model(nodes, (2, 4, 4), m=array(2, 1, 1), w=array(3, 2, 3, 3)), (2, 4, 4))
    nodes[1][2]["pads"] = [0, 0, 0, 0]
    agrees(model(nodes, (2, 4, 4), m=array(2, 1, 1), w=array(3, 2, 3, 3)), (2, 4, 4))


REFUSED: list[tuple[Nodes, tuple[int, ...], dict[str, np.ndarray], str]] = [
    ([("Conv", ["x", "w"], {})], (2, 2, 2), {"w": array(1, 2, 3, 3)}, "window 3x3 is larger than the input"),
    ([("Conv", ["x", "w"], {})], (3, 4, 4), {"w": array(1, 2, 3, 3)}, "does not fit an input of shape"),
    ([("Conv", ["x", "w"], {"pads": [-1, 0, 0, 0]})], (2, 4, 4), {"w": array(1, 2, 3, 3)}, "out of range"),
    ([("Conv", ["x", "w"], {})], (2, 4, 4, 4, 4), {"w": array(1, 2, 3, 3, 3, 3)}, "not one to three spatial axes"),
    ([("Add", ["x", "k"], {})], (2, 3, 4), {"k": array(2, 2, 3, 4)}, "does not fit"),
]


@pytest.mark.parametrize(("nodes", "shape", "constants", "message"), REFUSED)
def test_refused(nodes: Nodes, shape: tuple[int, ...], constants: dict[str, np.ndarray], message: str) -> None:
    with pytest.raises(CompileError, match=message):
        import_model(model(nodes, shape, **constants))


POOL: list[dict[str, Any]] = [
    {"kernel_shape": [2, 2], "strides": [2, 2]},
    {"kernel_shape": [3, 2], "strides": [2, 1], "pads": [1, 0, 2, 1]},
    {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1},
    {"kernel_shape": [2, 2], "strides": [3, 3], "pads": [1, 1, 0, 0], "ceil_mode": 1},
    {"kernel_shape": [3, 3], "strides": [2, 2], "auto_pad": "SAME_UPPER"},
    {"kernel_shape": [2, 3], "strides": [1, 2], "auto_pad": "SAME_LOWER"},
    {"kernel_shape": [3, 3], "auto_pad": "VALID"},
    {"kernel_shape": [2, 2], "dilations": [2, 3]},
]


@pytest.mark.parametrize("attributes", POOL, ids=str)
def test_pooling(attributes: dict[str, Any]) -> None:
    agrees(model([("MaxPool", ["x"], attributes)], (2, 7, 6)), (2, 7, 6))
    for count in (0, 1):
        chosen = {**attributes, "count_include_pad": count}
        agrees(model([("AveragePool", ["x"], chosen)], (2, 7, 6), 19), (2, 7, 6))


@pytest.mark.parametrize("op", ["GlobalAveragePool", "GlobalMaxPool"])
def test_global_pooling(op: str) -> None:
    agrees(model([(op, ["x"], {}), ("Flatten", ["t0"], {})], (3, 4, 5)), (3, 4, 5))
    agrees(model([(op, ["x"], {})], (3, 7)), (3, 7))


def test_a_window_in_the_padding_is_refused() -> None:
    nodes: Nodes = [("AveragePool", ["x"], {"kernel_shape": [1, 1], "pads": [1, 0, 0, 0]})]
    with pytest.raises(CompileError, match="a window lies in the padding alone; use pads smaller than the kernel"):
        import_model(model(nodes, (1, 3, 3)))


def test_relu_moves_in_front_of_a_max_pool() -> None:
    nodes: Nodes = [
        ("Conv", ["x", "w"], {}),
        ("MaxPool", ["t0"], {"kernel_shape": [2, 2]}),
        ("Relu", ["t1"], {}),
        ("Flatten", ["t2"], {}),
    ]
    proto = model(nodes, (1, 4, 4), w=array(3, 1, 2, 2))
    agrees(proto, (1, 4, 4))
    kinds = [type(op).__name__ for op in simplify(import_model(proto).graph).ops]
    assert kinds == ["Convolve", "Apply", "MaxPool", "RealRearrange"]


def branches() -> onnx.ModelProto:
    """A residual sum, a difference and a concatenation of channels in front of a matrix."""
    nodes: Nodes = [
        ("Conv", ["x", "w1"], {"pads": [1, 1, 1, 1]}),
        ("Relu", ["t0"], {}),
        ("Conv", ["t1", "w2"], {"pads": [1, 1, 1, 1]}),
        ("Add", ["t2", "t1"], {}),
        ("Relu", ["t3"], {}),
        ("Sub", ["t4", "t1"], {}),
        ("Concat", ["t5", "t1", "t4"], {"axis": 1}),
        ("GlobalAveragePool", ["t6"], {}),
        ("Flatten", ["t7"], {}),
        ("Gemm", ["t8", "w3"], {}),
    ]
    return model(nodes, (1, 4, 5), w1=array(3, 1, 3, 3), w2=array(3, 3, 3, 3), w3=array(9, 4))


def test_branches() -> None:
    proto = branches()
    agrees(proto, (1, 4, 5))
    kinds = [type(op).__name__ for op in simplify(import_model(proto).graph).ops]
    assert kinds.count("RealRearrange") == 1  # the flattened vector in front of the matrix


def test_branches_of_integers() -> None:
    graph = simplify(import_model(branches()).graph)
    x = RNG.integers(0, 256, (200, *graph.inputs[0].shape)) / 256
    values = graph.evaluate(x)
    whole = optimise(lower(quantize(graph, Calibration(values, 8))))
    source, result = whole.inputs[0], whole.tensors[whole.outputs[0]]
    integers = (x / float(source.scale[0])).astype(np.int64)
    tensors = whole.evaluate(integers, keep=True)
    assert all(whole.tensors[name].number.holds(v) for name, v in tensors.items())
    expected = values[graph.outputs[0]]
    worst = np.abs(result.real(tensors[whole.outputs[0]]) - expected).max()
    assert worst < 0.03 * np.abs(expected).max()
    low, high = graph.bounds(0.0, 1.0)[graph.outputs[0]]
    assert (low <= expected).all()
    assert (expected <= high).all()


def test_a_reshape_by_the_batch_size() -> None:
    nodes: Nodes = [
        ("Shape", ["x"], {}),
        ("Gather", ["t0", "zero"], {"axis": 0}),
        ("Unsqueeze", ["t1", "zeros"], {}),
        ("Concat", ["t2", "rest"], {"axis": 0}),
        ("Reshape", ["x", "t3"], {}),
        ("Slice", ["t0", "one", "three"], {}),
        ("Squeeze", ["lead", "zeros"], {}),
        ("Concat", ["t2", "t6"], {"axis": 0}),
        ("Reshape", ["t4", "t7"], {}),
        ("Gemm", ["t8", "w"], {}),
    ]
    constants = {"zero": np.array(0), "zeros": np.array([0]), "rest": np.array([-1]), "one": np.array([1])}
    proto = model(nodes, (1, 2, 3), three=np.array([3]), lead=np.array([[6]]), w=array(6, 2), **constants)
    agrees(proto, (1, 2, 3))


def test_the_batch_size_is_no_number() -> None:
    nodes: Nodes = [("Shape", ["x"], {}), ("Gather", ["t0", "zero"], {}), ("Mul", ["t1", "t1"], {})]
    with pytest.raises(CompileError, match=r"Mul 'n2'.*it computes with the batch size"):
        import_model(model(nodes, (3,), zero=np.array(0)))
