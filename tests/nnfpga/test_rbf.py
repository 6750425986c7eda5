"""Radial-basis networks of every kernel: integers against ONNX Runtime, and RTL against integers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from onnx import helper, numpy_helper

import nnfpga
from nnfpga.compiler.plan import Folded, Unrolled
from nnfpga.model import read_model
from nnfpga.options import Options

from .conftest import write_graph

Steps = list[tuple[str, list[str], dict[str, Any]]]

UNITS, INPUTS = 3, 2
ROW: dict[str, Any] = {"axes": [2], "keepdims": 0}
GAUSSIAN: Steps = [("Mul", ["_", "width"], {}), ("Neg", ["_"], {}), ("Exp", ["_"], {})]
SQUARED: Steps = [("ReduceSumSquare", ["apart"], ROW)]
KERNELS: dict[str, Steps] = {
    "gaussian": SQUARED + GAUSSIAN,
    "gaussian of L1": [("Abs", ["apart"], {}), ("ReduceSum", ["_", "last"], {"keepdims": 0}), *GAUSSIAN],
    "gaussian of ReduceL1": [("ReduceL1", ["apart"], ROW), *GAUSSIAN],
    "gaussian of ReduceL2": [("ReduceL2", ["apart"], ROW), *GAUSSIAN],
    "ReduceL2 alone": [("ReduceL2", ["apart"], ROW)],
    "multiquadric": [*SQUARED, ("Add", ["_", "one"], {}), ("Sqrt", ["_"], {})],
    "inverse multiquadric": [*SQUARED, ("Add", ["_", "one"], {}), ("Sqrt", ["_"], {}), ("Reciprocal", ["_"], {})],
    "thin plate": [*SQUARED, ("Add", ["_", "tiny"], {}), ("Log", ["_"], {}), ("Mul", ["_", "_3"], {})],
    "normalised": [
        *SQUARED, *GAUSSIAN, ("ReduceSum", ["_", "first"], {"keepdims": 1}), ("Add", ["_", "tiny"], {}),
        ("Div", ["_3", "_"], {}),
    ],
}  # fmt: skip
"""``_`` is the result of the step before, ``_3`` that of the third before; ``apart`` are the differences."""


def write_rbf(path: Path, kernels: list[str], units: int = UNITS, inputs: int = INPUTS, seed: int = 0) -> Path:
    """A network of units of each kernel around the same centres, and a matrix on all of them."""
    rng = np.random.default_rng(seed)
    values = {
        "c": rng.uniform(-1, 1, (units, inputs)), "width": rng.uniform(1, 3, units), "tiny": 0.01, "one": 1.0,
        "out": rng.uniform(-1, 1, (units * len(kernels), 2)) / len(kernels),
    }  # fmt: skip
    known = [numpy_helper.from_array(np.asarray(v, dtype=np.float32), name) for name, v in values.items()]
    axes = {"first": 1, "last": 2}
    known += [numpy_helper.from_array(np.array([axis], dtype=np.int64), name) for name, axis in axes.items()]
    nodes = [helper.make_node("Unsqueeze", ["x", "first"], ["row"]), helper.make_node("Sub", ["row", "c"], ["apart"])]
    for k, kernel in enumerate(kernels):
        names: list[str] = []
        for n, (op, given, options) in enumerate(KERNELS[kernel]):
            before = {"_": names[-1:], "_3": names[-3:-2]}
            names.append(f"k{k}_{n}")
            read = [before[g][0] if g in before else g for g in given]
            nodes.append(helper.make_node(op, read, [names[-1]], **options))
        nodes.append(helper.make_node("Identity", names[-1:], [f"k{k}"]))
    nodes.append(helper.make_node("Concat", [f"k{k}" for k in range(len(kernels))], ["all"], axis=1))
    nodes.append(helper.make_node("MatMul", ["all", "out"], ["y"]))
    used = {name for node in nodes for name in node.input}
    return write_graph(path, nodes, [t for t in known if t.name in used], inputs, "y")


def samples(inputs: int = INPUTS, count: int = 300) -> Any:
    """Inputs around the centres."""
    return np.random.default_rng(2).uniform(-1, 1, (count, inputs)).astype(np.float32)


COARSE = {"gaussian of ReduceL2": 0.05, "normalised": 0.04}
"""Of the range of the result, at 8 bits: the root is steep at zero, the divisor is small far from all centres."""


@pytest.mark.parametrize("inputs", [2, 4])
@pytest.mark.parametrize("kernel", KERNELS)
def test_integers_are_near_onnxruntime(kernel: str, inputs: int, tmp_path: Path) -> None:
    """Of two inputs distances are sums of functions, of four shared squares."""
    path, x = write_rbf(tmp_path / "rbf.onnx", [kernel], inputs=inputs), samples(inputs)
    (expected,) = onnxruntime.InferenceSession(str(path)).run(["y"], {"x": x})
    made = read_model(path, x, Options(bits=8))
    name = made.graph.outputs[0]
    values = made.outside(name).real(made.graph.evaluate(made.quantise(x))[name])
    assert np.abs(values - np.asarray(expected)).max() < COARSE.get(kernel, 0.02) * np.ptp(np.asarray(expected))


def test_rtl_of_all_kernels_unrolled(tmp_path: Path) -> None:
    kernels = [
        k for k in KERNELS if k not in ("gaussian", "gaussian of L1", "ReduceL2 alone")
    ]  # others have their parts
    path, x = write_rbf(tmp_path / "rbf.onnx", kernels, units=1), samples()
    design = nnfpga.compile(path, x, bits=5, target="latency", emit="rtl", samples=32)
    assert all(isinstance(choice, Unrolled) for choice in design.plan.choices.values())
    assert len(np.unique(design.integers(x[:32]))) > 16
    np.testing.assert_array_equal(design.simulate(x[:32]).outputs, design.integers(x[:32]))


@pytest.mark.parametrize(
    ("kernel", "device", "inputs"),
    [("gaussian", "hx1k", 6), ("gaussian of L1", "up5k", 4), ("gaussian of ReduceL2", "up5k", 4)],
)
def test_rtl_folded(kernel: str, device: str, inputs: int, tmp_path: Path) -> None:
    path, x = write_rbf(tmp_path / "rbf.onnx", [kernel], units=12, inputs=inputs), samples(inputs)
    design = nnfpga.compile(path, x, device=device, bits=6, emit="rtl", samples=8)
    assert any(isinstance(choice, Folded) for choice in design.plan.choices.values())
    assert len(np.unique(design.integers(x[:32]))) > 16
    np.testing.assert_array_equal(design.simulate(x[:32]).outputs, design.integers(x[:32]))
