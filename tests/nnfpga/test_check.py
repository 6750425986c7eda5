"""``nnfpga check``: a line per node, true figures, exit status, and the JSON document."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from nnfpga.check import Check, Status, check
from nnfpga.compiler.frontend.importer import supported
from nnfpga.options import Options

Run = Callable[..., tuple[int, str, str]]


def write(path: Path, nodes: list[onnx.NodeProto], opset: int = 17, **weights: Any) -> Path:
    """A file with the input ``x`` of (n, 6) and the output ``y``."""
    tensors = [numpy_helper.from_array(np.asarray(w, dtype=np.float32), name) for name, w in weights.items()]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", s]) for n, s in (("x", 6), ("y", None))]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    path.write_bytes(model.SerializeToString())
    return path


def texts(result: Check) -> list[str]:
    return [node.text for node in result.nodes]


RNG = np.random.default_rng(0)


def test_every_node_of_a_network(tmp_path: Path) -> None:
    node = helper.make_node
    nodes = [
        node("Mul", ["x", "third"], ["small"]),
        node("Constant", [], ["turn"], value=numpy_helper.from_array(np.array([0, 6]))),
        node("Reshape", ["small", "turn"], ["same"]),
        node("Identity", ["w"], ["w2"]),
        node("Gemm", ["same", "w2", "b"], ["h"]),
        node("BatchNormalization", ["h", "one", "zero", "zero", "one"], ["n"]),
        node("Relu", ["n"], ["r"]),
        node("Dropout", ["r"], ["d"]),
        node("Tanh", ["d"], ["unused"]),
        node("MatMul", ["d", "v"], ["s"]),
        node("Softmax", ["s"], ["y"]),
    ]
    weights: dict[str, Any] = {"w": RNG.normal(size=(6, 8)), "b": RNG.normal(size=8), "v": RNG.normal(size=(8, 3))}
    path = write(tmp_path / "m.onnx", nodes, third=[1 / 3], one=np.ones(8), zero=np.zeros(8), **weights)
    result = check(path)
    assert result.supported
    assert texts(result) == [
        "folded into dense h",
        "a constant, folded into dense h",
        "folded into dense h",
        "a constant, folded into dense h",
        "used as dense h",
        "folded into scalar r_q",
        "used as scalar r_q",
        "folded into dense s",
        "folded away: no output needs it",
        "used as dense s",
        "left to the host",
    ]
    assert [layer.name for layer in result.layers] == ["h", "r_q", "s", "s_class"]
    first, _, second, _ = result.layers
    assert (first.parameters, first.macs, first.weight_bits) == (48, 48, 48 * 8)
    assert (second.parameters, second.macs, second.weight_bits) == (24, 24, 24 * 8)
    assert (result.summary.parameters, result.summary.macs, result.summary.gives) == (72, 72, "class")
    assert result.summary.hardware


def test_figures_of_a_convolution(shared: Path) -> None:
    """LeNet's, counted by hand: 6 kernels of 5x5 on 24x24, 16 of 6x5x5 on 8x8, then 256-120-84-10."""
    s = check(shared / "models" / "mnist" / "fyh620_lenet.onnx").summary
    weights = 6 * 25, 16 * 6 * 25, 256 * 120, 120 * 84, 84 * 10
    assert s.parameters == sum(weights)
    assert s.macs == 576 * weights[0] + 64 * weights[1] + sum(weights[2:])
    assert s.weight_bits == 8 * sum(weights)


def test_every_layer_comes_from_a_node(shared: Path) -> None:
    for name in ("mnist/cnn_max_mninst2", "mnist/mnist-8", "mlperf-tiny/resnet_ic", "qonnx/TFC_2W2A"):
        result = check(shared / "models" / f"{name}.onnx")
        assert result.supported
        reached = {layer for node in result.nodes for layer in (*node.used, *node.into)}
        made_at_the_end = {layer.name for layer in result.layers if layer.name.endswith("_class")}
        assert {layer.name for layer in result.layers} - reached <= made_at_the_end
        assert [node.number for node in result.nodes] == list(range(len(result.nodes)))


def test_hardware_of_branches(shared: Path) -> None:
    result = check(shared / "models" / "mlperf-tiny" / "resnet_ic.onnx")
    assert result.summary.hardware
    ways = {layer.kind: layer.hardware for layer in result.layers}
    assert (ways["summation"], ways["dense"]) == (("Unrolled",), ("Folded", "Unrolled"))


def test_several_outputs_have_no_hardware(tmp_path: Path) -> None:
    nodes = [helper.make_node("MatMul", ["x", "w"], [name]) for name in ("y", "z")]
    path = write(tmp_path / "m.onnx", nodes, w=np.eye(6))
    model = onnx.load(str(path))
    model.graph.output.add().name = "z"
    path.write_bytes(model.SerializeToString())
    result = check(path)
    assert (result.supported, result.summary.hardware) == (True, False)
    assert {(layer.hardware, layer.obstacle) for layer in result.layers} == {
        ((), "several outputs have no hardware yet")
    }


def test_what_is_not_supported(tmp_path: Path) -> None:
    node = helper.make_node
    nodes = [
        node("Relu", ["x"], ["a"]),
        node("LSTM", ["a"], ["b"], name="first"),
        node("MatMul", ["b", "w"], ["c"]),
        node("MatMul", ["a", "w"], ["d"], name="wrong"),
        node("If", ["x"], ["e"], then_branch=helper.make_graph([], "t", [], [])),
        node("Constant", [], ["f"], value_float=1.0),
        node("Magic", ["a"], ["y"], domain="my.own"),
    ]
    result = check(write(tmp_path / "m.onnx", nodes, w=np.ones((5, 3))))
    assert [n.status for n in result.nodes] == [
        Status.USED, Status.UNSUPPORTED, Status.UNREACHED, Status.UNSUPPORTED, Status.UNSUPPORTED, Status.FOLDED,
        Status.UNSUPPORTED,
    ]  # fmt: skip
    assert texts(result) == [
        "used as apply",
        "not supported because operator LSTM is not supported, try: export other operators; 'nnfpga check --operators' "
        "lists them",
        "not looked at: it reads what an unsupported node makes",
        "not supported because a matrix of shape (5, 3) does not fit an input of shape (6,), try: flatten first",
        "not supported because operator If runs graphs of its own, try: export without branches and loops",
        "folded into a constant",
        "not supported because operator Magic of domain my.own is not supported, try: export it as operators of ONNX; "
        "'nnfpga check --operators' lists those",
    ]


def test_what_has_no_integer_meaning(tmp_path: Path) -> None:
    node = helper.make_node
    nodes = [node("MatMul", ["x", "w"], ["a"]), node("Softmax", ["a"], ["b"]), node("MatMul", ["b", "w"], ["y"])]
    result = check(write(tmp_path / "m.onnx", nodes, w=np.eye(6)))
    assert [n.status for n in result.nodes] == [Status.USED, Status.UNSUPPORTED, Status.USED]
    assert texts(result)[1] == (
        "not supported because a softmax inside a network has no integer meaning, try: use it at the end only"
    )


def test_an_assumed_range_is_not_held_against_a_model(tmp_path: Path) -> None:
    nodes = [helper.make_node("Sqrt", ["x"], ["a"]), helper.make_node("MatMul", ["a", "w"], ["y"])]
    path = write(tmp_path / "m.onnx", nodes, w=np.eye(6))
    result = check(path)
    assert (result.supported, result.summary.input_range) == (True, (0.0, 1.0))
    stated = check(path, Options(input_range=(-1.0, 1.0)))
    assert [n.status for n in stated.nodes] == [Status.UNSUPPORTED, Status.USED]


def test_bits_and_output(mlp: Path) -> None:
    four = check(mlp, Options(bits=4, output="scores"))
    assert (four.summary.bits, four.summary.gives) == (4, "scores")
    assert four.summary.weight_bits == 4 * (6 * 8 + 8 * 4)


def test_a_newer_opset_is_noted(tmp_path: Path) -> None:
    path = write(tmp_path / "m.onnx", [helper.make_node("MatMul", ["x", "w"], ["y"])], 400, w=np.eye(6))
    result = check(path)
    assert result.supported
    (note,) = result.notes
    newest = onnx.defs.onnx_opset_version()
    assert note == f"opset 400 is newer than {newest}, the newest that the installed onnx knows"


def test_a_network_that_is_too_large_for_a_dry_run(mlp: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnfpga.check.MOST_PRODUCTS", 79)
    result = check(mlp)
    assert (result.supported, result.layers, result.summary.gives) == (True, (), "class")
    assert result.notes == ("it is large: its integer layers were not made",)
    assert texts(result)[0] == "used as linear and apply"


# --- the command line


def test_the_command_prints_it(run: Run, mlp: Path) -> None:
    status, out, err = run("check", mlp)
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[:4] == [
        "0  Gemm     fc0    used as dense fc0; folded into scalar relu0_q",
        "1  Relu     relu0  used as scalar relu0_q",
        "2  Gemm     fc1    used as dense fc1, scalar fc1_2_q",
        "3  Softmax  y      left to the host",
    ]
    assert lines[-1] == "supported; the hardware gives the class"


def test_all_nodes_and_sentences_where_some_are_not_supported(run: Run, tmp_path: Path) -> None:
    nodes = [helper.make_node("LSTM", ["x"], ["a"], name="a\nb\x1b[31m"), helper.make_node("Relu", ["a"], ["y"])]
    status, out, err = run("check", write(tmp_path / "m.onnx", nodes))
    assert status == 2
    assert out.startswith("0  LSTM  a\ufffdb\ufffd[31m  not supported because operator LSTM")
    assert out.splitlines()[-1] == "not supported: 1 problem"
    (line,) = err.splitlines()
    assert line.startswith("nnfpga: error: LSTM 'a\ufffdb\ufffd[31m' (node 0): operator LSTM is not supported; ")


def test_json(run: Run, mlp: Path, tmp_path: Path) -> None:
    status, out, err = run("check", mlp, "--json")
    assert (status, err) == (0, "")
    document = json.loads(out)
    assert list(document) == ["version", "model", "supported", "nodes", "layers", "summary", "problems", "notes"]
    assert (document["version"], document["supported"], document["model"]) == (1, True, str(mlp))
    assert document["nodes"][0] == {
        "number": 0, "operator": "Gemm", "name": "fc0", "domain": "", "status": "used", "used": ["fc0"],
        "into": ["relu0_q"], "text": "used as dense fc0; folded into scalar relu0_q", "problems": [],
    }  # fmt: skip
    assert list(document["layers"][0]) == [
        "name", "kind", "shape", "values", "parameters", "macs", "weight_bits", "activation_bits", "hardware",
        "obstacle",
    ]  # fmt: skip
    assert list(document["summary"]) == [
        "opset", "bits", "input_range", "parameters", "macs", "weight_bits", "activation_bits", "gives", "hardware",
    ]  # fmt: skip
    (tmp_path / "none.onnx").write_bytes(b"text")
    status, out, _ = run("check", tmp_path / "none.onnx", "--json")
    document = json.loads(out)
    assert (status, document["supported"], document["nodes"]) == (2, False, [])
    assert document["problems"] == [{
        "where": str(tmp_path / "none.onnx"), "what": "is not an ONNX model or is cut short",
        "remedy": "export or download it again",
    }]  # fmt: skip


def test_the_documentation_names_every_key(run: Run, mlp: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "check.md").read_text()
    document = json.loads(run("check", mlp, "--json")[1])
    for part in (document, document["nodes"][0], document["layers"][0], document["summary"]):
        assert [key for key in part if f"`{key}`" not in text] == []


def test_operators_are_listed(run: Run) -> None:
    assert run("check", "--operators") == (0, "\n".join(supported()) + "\n", "")


def test_no_model(run: Run) -> None:
    assert run("check") == (2, "", "nnfpga: error: no model is given; see 'nnfpga check --help'\n")
    status, _, err = run("check", "m.onnx", "--bits", "99")
    assert (status, err) == (2, "nnfpga: error: option bits: 99 is out of range; choose 2 to 16\n")
