"""The networks that are compared, each as an integer graph with stored inputs and outputs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from nnfpga.compiler.exact import Ints, fractions
from nnfpga.compiler.graph import Graph, Tensor
from nnfpga.compiler.layers.dense import Dense
from nnfpga.compiler.number import Number
from nnfpga.compiler.weights import detect
from nnfpga.model import read_model
from nnfpga.options import Options

__all__ = ["CASES", "Case", "Problem", "own"]

HERE = Path(__file__).parents[1]
SHARED = Path(os.environ.get("NNFPGA_DATA", HERE.parents[1] / "shared")) / "bench"
MATRIX_INPUT = Number.of(-32, 31)
"""6 bits, as in the reference figures for the 16x16 matrix."""


@dataclass(frozen=True)
class Problem:
    """An integer function: the graph, and (samples, inputs) and (samples, outputs) that it must agree on."""

    graph: Graph
    x: Ints
    y: Ints


@dataclass(frozen=True)
class Case:
    """A network's file, its vectors (``xte`` and ``ref`` of a .npz), and the format of its input."""

    model: Path
    vectors: Path
    input_format: str

    def read(self) -> Problem:
        """The integer graph, checked: its real outputs are the stored ones."""
        with TemporaryDirectory() as folder:
            bipolar = self.input_format == "bipolar"
            path = with_signs(self.model, Path(folder)) if bipolar else self.model
            options = Options(input_range=(-1.0, 1.0)) if bipolar else Options(input_format=self.input_format)
            model = read_model(path, None, options)
        with np.load(self.vectors) as file:
            real, stored = file["xte"].astype(np.float64), file["ref"]
        x = model.quantise(real)
        y = model.graph.evaluate(x)[model.graph.outputs[0]]
        if not np.array_equal(model.result.real(y), stored):
            raise SystemExit(f"{self.model.name}: the integer graph differs from the stored outputs")
        return Problem(model.graph, x.reshape(len(x), -1), y.reshape(len(y), -1))


@dataclass(frozen=True)
class Matrix:
    """A random square matrix of 8-bit constants."""

    side: int

    def read(self) -> Problem:
        """The product as a graph of one layer, with 360 random inputs."""
        rng = np.random.default_rng(0)
        weights = rng.integers(-128, 128, (self.side, self.side))
        one = fractions(np.ones(self.side))
        source = Tensor("x", (self.side,), MATRIX_INPUT, fractions([1]), fractions([0]))
        graph = Graph((source,), (Dense("y", ("x",), detect(weights), one),), ("y",))
        x = rng.integers(int(MATRIX_INPUT.low), int(MATRIX_INPUT.high) + 1, (360, self.side))
        return Problem(graph, x, x @ weights.T)


def with_signs(path: Path, folder: Path) -> Path:
    """The network with a QONNX ``BipolarQuant`` in front, which says that its inputs are -1 or 1."""
    model = onnx.load(path)
    graph = model.graph
    name = graph.input[0].name
    for node in graph.node:
        node.input[:] = ["signs" if i == name else i for i in node.input]
    graph.initializer.append(numpy_helper.from_array(np.ones((), np.float32), "sign_scale"))
    graph.node.insert(
        0, helper.make_node("BipolarQuant", [name, "sign_scale"], ["signs"], domain="qonnx.custom_op.general")
    )
    model.opset_import.append(helper.make_opsetid("qonnx.custom_op.general", 1))
    assert graph.input[0].type.tensor_type.elem_type == TensorProto.FLOAT
    onnx.save(model, folder / path.name)
    return folder / path.name


def shared(name: str, model: str, input_format: str) -> Case:
    """A network of the folder ``bench`` of ``NNFPGA_DATA``."""
    return Case(SHARED / model, SHARED / f"{name}.npz", input_format)


def own(name: str, input_format: str) -> Case:
    """A network of ``benchmarks/networks``."""
    return Case(HERE / f"networks/{name}.onnx", HERE / f"networks/{name}.npz", input_format)


CASES: dict[str, Case | Matrix] = {
    "mlp_a": shared("mlp_a_q6", "mlp_a_q6_int.onnx", "ufixed<4,4>"),
    "mlp_b": shared("mlp_b_q6", "mlp_b_q6_int.onnx", "ufixed<4,4>"),
    "cnn_c": shared("cnn_c_q6", "cnn_c_q6_int.onnx", "ufixed<4,4>"),
    "bnn_d": shared("bnn_d", "bnn_d.onnx", "bipolar"),
    "cancer_e": own("cancer_e", "ufixed<8,8>"),
    "fashion_f": own("fashion_f", "ufixed<4,4>"),
    "m16": Matrix(16),
    "m32": Matrix(32),
}
