"""Networks of sines from ONNX to RTL, with and without multipliers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper, numpy_helper

import nnfpga
from nnfpga.boards import find_device
from nnfpga.check import check
from nnfpga.compiler.device import GENERIC
from nnfpga.compiler.layers.dense import Dense
from nnfpga.compiler.layers.sines import Sines
from nnfpga.compiler.plan import Folded, Goal, Turns, make_plan
from nnfpga.model import read_model
from nnfpga.options import Options
from nnfpga.rtl import costs

from .conftest import write_graph

BATCH = np.random.default_rng(2).uniform(0, 2, (200, 6)).astype(np.float32)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """6-5-3, sines on inputs, activations and weights."""
    rng = np.random.default_rng(0)
    given: dict[str, Any] = {
        "a0": rng.uniform(-1.5, 1.5, (6, 5)), "a1": rng.uniform(-1.5, 1.5, (5, 3)),
        "b0": rng.uniform(-0.5, 1, 5), "zero": 0.0, "quarter": np.pi / 2,
    }  # fmt: skip
    nodes = [
        helper.make_node("Clip", ["x", "zero", "quarter"], ["c0"]),
        helper.make_node("Sin", ["c0"], ["s0"]),
        helper.make_node("Sin", ["a0"], ["w0"]),
        helper.make_node("MatMul", ["s0", "w0"], ["m0"]),
        helper.make_node("Add", ["m0", "b0"], ["h0"]),
        helper.make_node("Clip", ["h0", "zero", "quarter"], ["c1"]),
        helper.make_node("Sin", ["c1"], ["s1"]),
        helper.make_node("Sin", ["a1"], ["w1"]),
        helper.make_node("MatMul", ["s1", "w1"], ["y"]),
    ]
    arrays = [numpy_helper.from_array(np.asarray(v, np.float32), name) for name, v in given.items()]
    return write_graph(tmp_path / "sines.onnx", nodes, arrays, 6, "y")


def matrices(design: Any) -> set[tuple[type, type]]:
    """The kinds of its matrices and of their hardware."""
    layers = [layer for layer in design.graph.layers if isinstance(layer, Dense | Sines)]
    return {(type(layer), type(design.plan.choices[layer.name])) for layer in layers}


def test_the_smaller_form_is_taken(model: Path) -> None:
    """Angles, with the RTL equal to the integers and these near the float network."""
    design = nnfpga.compile(model, BATCH, emit="rtl", samples=32, bits=6)
    assert matrices(design) == {(Sines, Turns)}
    report = design.report()
    assert report["exact"]["rtl_vectors"] == 32
    assert [row["macs"] for row in report["layers"] if row["kind"] == "Sines"] == [30, 15]
    assert report["fixed"]["max_abs_error"] < 0.3


def test_angles_beyond_a_quarter_turn(tmp_path: Path) -> None:
    """Rectified sines of sums up to four half turns: still without products."""
    rng = np.random.default_rng(1)
    given: dict[str, Any] = {"w0": rng.normal(0, 2, (6, 5)), "a1": rng.uniform(-1.5, 1.5, (5, 3))}
    nodes = [
        helper.make_node("MatMul", ["x", "w0"], ["h0"]),
        helper.make_node("Sin", ["h0"], ["s0"]),
        helper.make_node("Relu", ["s0"], ["r0"]),
        helper.make_node("Sin", ["a1"], ["w1"]),
        helper.make_node("MatMul", ["r0", "w1"], ["y"]),
    ]
    arrays = [numpy_helper.from_array(np.asarray(v, np.float32), name) for name, v in given.items()]
    model = write_graph(tmp_path / "far.onnx", nodes, arrays, 6, "y")
    graph = read_model(model, BATCH, Options(bits=8), GENERIC, angles=True).graph
    file = tmp_path / "plan.yaml"
    file.write_text(make_plan(graph, GENERIC, Goal.AREA, 50.0, costs).to_yaml())
    design = nnfpga.compile(model, BATCH, emit="rtl", samples=32, bits=8, plan=file)
    assert matrices(design) == {(Dense, Folded), (Sines, Turns)}
    report = design.report()
    assert report["exact"]["rtl_vectors"] == 32
    assert report["fixed"]["max_abs_error"] < 0.3


def test_unrolled_products_of_constants(model: Path) -> None:
    """Everything at once: constants times sines are additions."""
    design = nnfpga.compile(model, BATCH, emit="model", target="latency")
    assert {type(layer) for layer in design.graph.layers if isinstance(layer, Dense | Sines)} == {Dense}
    assert design.report()["fixed"]["max_abs_error"] < 0.03


@pytest.mark.parametrize("angles", [False, True])
def test_a_plan_says_the_form(model: Path, angles: bool, tmp_path: Path) -> None:
    graph = read_model(model, BATCH, Options(bits=5), GENERIC, angles=angles).graph
    file = tmp_path / "plan.yaml"
    file.write_text(make_plan(graph, GENERIC, Goal.AREA, 50.0, costs).to_yaml())
    design = nnfpga.compile(model, BATCH, emit="rtl", samples=32, bits=5, plan=file)
    assert matrices(design) == {(Sines, Turns) if angles else (Dense, Folded)}
    assert str(design.graph) == str(graph)


def test_check_says_that_there_is_another_form(model: Path) -> None:
    assert [note.partition(": ")[0] for note in check(model).notes] == ["matrix of sines m0", "matrix of sines y"]


def test_a_plan_that_is_none(model: Path, tmp_path: Path) -> None:
    file = tmp_path / "plan.yaml"
    file.write_text("nothing")
    with pytest.raises(nnfpga.CompileError, match=r"^plan: the file is no plan; write one"):
        nnfpga.compile(model, BATCH, emit="rtl", plan=file)


def test_the_width_of_a_turn(model: Path) -> None:
    """That of the weights, layer by layer."""
    widths = {"m0": {"weights": 5}}
    graph = read_model(model, BATCH, Options(bits=7, layers=widths), GENERIC, angles=True).graph
    assert [layer.waves.bits for layer in graph.layers if isinstance(layer, Sines)] == [3, 5]


def test_logic_of_their_own(model: Path) -> None:
    """On a chip whose functions are mapped as they are found; of 4 bits to a turn a product is a LUT for each bit."""
    graph = read_model(model, BATCH, Options(bits=4), find_device("hx1k"), angles=True).graph
    waves = [layer.waves for layer in graph.layers if isinstance(layer, Sines)]
    assert [w.product is not None for w in waves] == [True, True]
    plain = read_model(model, BATCH, Options(bits=4), GENERIC, angles=True).graph
    assert not any(layer.waves.product for layer in plain.layers if isinstance(layer, Sines))
