"""A network with a sigmoid, unrolled on a chip: units in RTL and netlist, exact, and smaller with a curve error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from onnx import helper, numpy_helper

import nnfpga
from nnfpga.compiler.plan import Plan, Unrolled

from .conftest import write_graph

DEVICE = "lfe5u-12f"


def test_a_sigmoid_network_from_onnx_to_a_verified_netlist(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=s).astype(np.float32) for s in ((3, 2), (2,), (2, 2), (2,))]
    nodes = [
        helper.make_node("Gemm", ["x", "w0", "w1"], ["h"]),
        helper.make_node("Sigmoid", ["h"], ["s"]),
        helper.make_node("Gemm", ["s", "w2", "w3"], ["y"]),
    ]
    path = tmp_path / "model.onnx"
    write_graph(path, nodes, [numpy_helper.from_array(w, f"w{n}") for n, w in enumerate(weights)], 3, "y")
    data = {"x": rng.normal(size=(200, 3)).astype(np.float32)}
    common: dict[str, Any] = {"device": DEVICE, "bits": 4}
    graph = nnfpga.compile(path, data, emit="model", **common).graph
    plan = tmp_path / "plan.yaml"
    plan.write_text(Plan(DEVICE, 25.0, {layer.name: Unrolled() for layer in graph.layers}).to_yaml())
    common |= {"plan": plan, "samples": 64, "verify_seconds": 3}
    exact = nnfpga.compile(path, data, emit="rtl", **common)
    free = nnfpga.compile(path, data, curve_error=1, **common)
    assert exact.has_units
    assert free.has_units
    assert free.measured["exact"]["netlist"]
    assert free.component.estimate().lut.value < exact.component.estimate().lut.value
    assert (exact.integers(data["x"]) != free.integers(data["x"])).any()


def test_a_folded_network_has_no_units(tmp_path: Path) -> None:
    """Its functions are in memories."""
    model = Path(__file__).parents[1] / "models/torch_curved_torchscript.onnx"
    design = nnfpga.compile(model, device=DEVICE, input_range=(-2, 2), emit="rtl", samples=8, target="area")
    assert not all(isinstance(choice, Unrolled) for choice in design.plan.choices.values())
    assert not design.has_units
