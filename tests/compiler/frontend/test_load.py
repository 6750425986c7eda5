"""Files that are no model, or one that cannot be taken: one sentence each, and nothing hangs."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import FunctionProto, NodeProto, TensorProto, helper

from nnfpga.compiler.errors import CompileError, printable
from nnfpga.compiler.frontend import import_model, load
from nnfpga.compiler.frontend.functions import MOST_NODES

NOT_ONNX = "is not an ONNX model or is cut short; export or download it again"


def refused(path: Path) -> str:
    with pytest.raises(CompileError) as caught:
        load(path)
    return str(caught.value).removeprefix(f"{printable(str(path))}: ")


def save(path: Path, nodes: list[NodeProto], functions: list[FunctionProto] | None = None, opset: int = 17) -> Path:
    """A file with the input ``x`` and the output ``y`` of (n, 4)."""
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 4]) for name in "xy"]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:])
    imports = [helper.make_opsetid("", opset), helper.make_opsetid("own", 1)]
    model = helper.make_model(graph, functions=functions or [], opset_imports=imports, ir_version=10)
    path.write_bytes(model.SerializeToString())
    return path


def function(name: str, *nodes: NodeProto) -> FunctionProto:
    """A function of ``a`` that gives ``b``."""
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    return helper.make_function("own", name, ["a"], ["b"], list(nodes), imports)


def node(kind: str, x: str = "a", y: str = "b") -> NodeProto:
    return helper.make_node(kind, [x], [y], domain="" if kind in onnx_operators else "own")


onnx_operators = {"Relu", "Neg", "Sigmoid"}


def test_not_onnx(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    for data in (b"PK\x03\x04 this is no model", b"", b"hello world" * 100, b"\x0a" * 10_000, b"\x3a\x80" * 500):
        path.write_bytes(data)
        assert refused(path) == NOT_ONNX


def test_truncated(tmp_path: Path, models: Path) -> None:
    data = (models / "torch_image_torchscript.onnx").read_bytes()
    path = tmp_path / "model.onnx"
    for size in (len(data) // 3, len(data) // 2, len(data) - 1):
        path.write_bytes(data[:size])
        assert refused(path) == NOT_ONNX


def test_empty_graph(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    onnx.save(helper.make_model(helper.make_graph([], "g", [], [])), str(path))
    assert refused(path) == "the graph has no nodes; export a trained network"


def test_no_regular_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    for name, reason in (
        ("none.onnx", "No such file or directory"),
        (".", "Is a directory"),
        ("fifo", "it is not a regular file"),
        ("/dev/zero", "it is not a regular file"),
        ("loop", "Too many levels of symbolic links"),
        ("a\0b", "embedded null byte"),
        ("a" * 3000, "File name too long"),
    ):
        assert refused(tmp_path / name) == f"cannot be read ({reason}); give the path of an ONNX file"


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    with path.open("wb") as handle:
        handle.truncate(3 << 30)  # sparse
    what = "cannot be read (it has 3221225472 bytes, more than 536870912)"
    assert refused(path) == f"{what}; give the path of an ONNX file"


def test_opsets(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    for opset in (6, 13, 28, 400):
        assert len(load(save(path, [node("Relu", "x", "y")], opset=opset)).graph.node) == 1
    for opset in (5, 1, 0, -3):
        remedy = "convert it to opset 6 or newer with onnx.version_converter"
        assert refused(save(path, [node("Relu", "x", "y")], opset=opset)) == f"it uses opset {opset} of ONNX; {remedy}"


def test_names_that_are_no_text(tmp_path: Path) -> None:
    path = save(tmp_path / "model.onnx", [helper.make_node("Relu", ["x"], ["y"], name="abcdef")])
    path.write_bytes(path.read_bytes().replace(b"abcdef", b"\xff\xfe\xfd\x80ef"))
    assert refused(path) == "holds names that are no text; export or download it again"


def test_functions_are_written_out(tmp_path: Path) -> None:
    functions = [function("F", node("G", "a", "t"), node("Relu", "t")), function("G", node("Neg"))]
    model = load(save(tmp_path / "m.onnx", [node("F", "x", "y")], functions))
    assert [n.op_type for n in model.graph.node] == ["Neg", "Relu"]
    graph = import_model(model).graph
    x = np.array([[1.0, -2.0, 0.0, 3.0]])
    assert graph.evaluate(x)[graph.outputs[0]].tolist() == [[0, 2, 0, 0]]


def test_functions_that_cannot_be_written_out(tmp_path: Path) -> None:
    path, call = tmp_path / "m.onnx", [node("F0", "x", "y")]
    ring = [function("F0", node("F1")), function("F1", node("F0"))]
    what = "the functions of the file: they call themselves"
    assert refused(save(path, call, ring)).startswith(what)
    assert refused(save(path, call, [function("F0", node("F0"))])).startswith(what)
    doubling = [function(f"F{i}", node(f"F{i + 1}", "a", "t"), node(f"F{i + 1}", "t")) for i in range(40)]
    doubling.append(function("F40", node("Relu")))
    sentence = f"the graph: it has {1 << 40} nodes, more than {MOST_NODES}; use a smaller network"
    assert refused(save(path, call, doubling)) == sentence
    deep = [function(f"F{i}", node(f"F{i + 1}")) for i in range(5000)] + [function("F5000", node("Relu"))]
    sentence = "the functions of the file: they call each other 5001 deep, more than 64; export without functions"
    assert refused(save(path, call, deep)) == sentence


def test_foreign_operators(shared: Path) -> None:
    with pytest.raises(CompileError) as caught:
        import_model(load(shared / "models" / "bad" / "logreg_iris.onnx"))
    lines = str(caught.value).splitlines()
    assert [line.split(";")[0] for line in lines] == [
        "LinearClassifier 'LinearClassifier' (node 0): operator LinearClassifier of domain ai.onnx.ml is not supported",
        "Normalizer 'Normalizer' (node 1): operator Normalizer of domain ai.onnx.ml is not supported",
    ]
