"""A small trained-looking network, its data, and the command line as a function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from nnfpga.cli import main
from nnfpga.design import Design
from nnfpga.flow import compile

Run = Callable[..., tuple[int, str, str]]


def write_mlp(path: Path, sizes: Sequence[int] = (6, 8, 4), *, end: str = "Softmax", seed: int = 0) -> Path:
    """An ONNX file of a ReLU network with random weights; ``end`` is its last operator, or nothing."""
    rng = np.random.default_rng(seed)
    nodes: list[onnx.NodeProto] = []
    weights: list[onnx.TensorProto] = []
    x = "x"
    for n, (inputs, outputs) in enumerate(pairwise(sizes)):
        w = rng.normal(size=(outputs, inputs)) / inputs**0.5
        weights.append(numpy_helper.from_array(w.astype(np.float32), f"w{n}"))
        weights.append(numpy_helper.from_array(rng.normal(size=outputs).astype(np.float32) / 8, f"b{n}"))
        nodes.append(helper.make_node("Gemm", [x, f"w{n}", f"b{n}"], [f"fc{n}"], name=f"fc{n}", transB=1))
        x = f"fc{n}"
        if n < len(sizes) - 2:
            nodes.append(helper.make_node("Relu", [x], [f"relu{n}"]))
            x = f"relu{n}"
    if end:
        nodes.append(helper.make_node(end, [x], ["y"], axis=1))
        x = "y"
    kind = TensorProto.INT64 if end == "ArgMax" else TensorProto.FLOAT
    return write_graph(path, nodes, weights, sizes[0], x, kind)


def write_graph(
    path: Path,
    nodes: list[onnx.NodeProto],
    weights: list[onnx.TensorProto],
    inputs: int,
    output: str,
    kind: int = TensorProto.FLOAT,
) -> Path:
    """An ONNX file with the input ``x`` of (n, inputs) and one output."""
    ends = helper.make_tensor_value_info(output, kind, ["n", None])
    source = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", inputs])
    graph = helper.make_graph(nodes, "g", [source], [ends], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    path.write_bytes(model.SerializeToString())
    return path


def write_data(path: Path, count: int = 64, inputs: int = 6) -> Path:
    """A .npz file with samples in 0 .. 1 and labels."""
    rng = np.random.default_rng(1)
    np.savez(path, x=rng.random((count, inputs)), y=rng.integers(0, 4, count))
    return path


@pytest.fixture(scope="session")
def mlp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A 6-8-4 network that ends in a softmax."""
    return write_mlp(tmp_path_factory.mktemp("model") / "mlp.onnx")


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Samples for it."""
    return write_data(tmp_path_factory.mktemp("data") / "data.npz")


@pytest.fixture(scope="session")
def design(mlp: Path, data: Path) -> Design:
    """The network with verified RTL."""
    return compile(mlp, data, samples=64)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line: exit status, stdout, stderr."""

    def command(*arguments: object) -> tuple[int, str, str]:
        try:
            status = main([str(a) for a in arguments])
        except SystemExit as end:
            status = int(str(end.code))
        out, err = capsys.readouterr()
        return status, out, err

    return command
