"""A compiled design: its predictions agree with each other and with the simulated RTL; it is saved as a whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, load, numpy_helper, save

from nnfpga.compiler.circuit.dais import read_dais, write_dais
from nnfpga.compiler.circuit.ir import Circuit
from nnfpga.compiler.errors import CompileError
from nnfpga.design import Design
from nnfpga.flow import compile
from nnfpga.sim.amaranth_engine import AmaranthEngine

X = np.random.default_rng(5).random((20, 6))


def test_predictions_agree(design: Design) -> None:
    scores, probabilities, classes = design.scores(X), design.probabilities(X), design.predict(X)
    assert scores.shape == probabilities.shape == (20, 4)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert np.array_equal(classes, scores.argmax(axis=1))
    assert np.array_equal(classes, probabilities.argmax(axis=1))
    assert np.array_equal(design.integers(X)[:, 0], classes)
    assert np.array_equal(design.predict(X.reshape(20, 1, 6)), classes)


def test_the_logarithms_of_a_log_softmax(mlp: Path, data: Path, design: Design, tmp_path: Path) -> None:
    model = load(mlp)
    next(n for n in model.graph.node if n.op_type == "Softmax").op_type = "LogSoftmax"
    save(model, tmp_path / "log.onnx")
    other = compile(tmp_path / "log.onnx", data, emit="model")
    assert np.allclose(np.exp(other.probabilities(X)), design.probabilities(X))
    assert np.array_equal(other.predict(X), design.predict(X))


def test_a_network_without_an_end_gives_its_outputs(mlp: Path, data: Path, design: Design) -> None:
    other = compile(mlp, data, emit="model", output="scores")
    assert np.array_equal(other.predict(X), other.scores(X))
    assert np.array_equal(other.scores(X), design.scores(X))
    unit = other.model.result.scale.astype(np.float64)
    assert np.array_equal(other.integers(X) * unit, other.scores(X))


def test_the_simulated_hardware_gives_the_same(design: Design) -> None:
    for engine, stall in ((AmaranthEngine(), 0.3), (None, 0.0)):
        simulation = design.simulate(X[:5], engine, stall)
        assert np.array_equal(simulation.outputs, design.integers(X[:5]))
    assert simulation.run.delivered.shape == (5,)
    first, last = simulation.run.accepted[0], simulation.run.delivered[0]
    assert last - first + 1 == design.measured["latency_cycles"]


def test_without_a_board_there_are_no_pins(design: Design) -> None:
    with pytest.raises(CompileError, match="compile for a board"), design.simulated_chip():
        pass


def test_circuits_of_unrolled_layers_compute_the_same_in_both_forms(mlp: Path, data: Path, design: Design) -> None:
    unrolled = compile(mlp, data, target="latency", emit="rtl")
    (circuit,) = unrolled.circuits.values()
    x = unrolled.quantise(X)
    assert list(unrolled.circuits) == [unrolled.graph.layers[-1].name]
    assert np.array_equal(circuit.evaluate(x), unrolled.integers(X))
    assert np.array_equal(Circuit.parse(str(circuit)).evaluate(x), unrolled.integers(X))
    assert np.array_equal(read_dais(write_dais(circuit)).circuit.evaluate(x), unrolled.integers(X))
    assert design.circuits == {}  # folded


def test_labels_come_from_the_file(mlp: Path, data: Path, tmp_path: Path) -> None:
    model = load(mlp)
    names = np.array(["north", "east", "south", "west"])
    labels = numpy_helper.from_array(names.astype(object), "labels")
    model.graph.initializer.append(labels)
    model.graph.node.append(helper.make_node("ArgMax", ["y"], ["index"], axis=1, keepdims=0))
    extractor = helper.make_node("ArrayFeatureExtractor", ["labels", "index"], ["label"], domain="ai.onnx.ml")
    model.graph.node.append(extractor)
    model.graph.output.insert(0, helper.make_tensor_value_info("label", TensorProto.STRING, ["n"]))
    model.opset_import.append(helper.make_opsetid("ai.onnx.ml", 1))
    save(model, tmp_path / "labelled.onnx")
    design = compile(tmp_path / "labelled.onnx", data, emit="model")
    assert np.array_equal(design.predict(X), names[design.integers(X)[:, 0]])
    assert design.report()["output"]["labels"] == names.tolist()


@pytest.mark.parametrize(
    ("x", "sentence"),
    [
        (np.zeros((2, 5)), "x of shape (2, 5): a sample has 6 elements; reshape it"),
        (np.zeros(6), "x of shape (6,): a sample has 6 elements; reshape it"),
        (np.zeros((0, 6)), "x of shape (0, 6): a sample has 6 elements; reshape it"),
        (np.full((1, 6), np.nan), "x: holds NaN or infinite values; clean the data"),
    ],
)
def test_samples_that_do_not_fit(design: Design, x: np.ndarray, sentence: str) -> None:
    uses: tuple[Callable[..., object], ...] = (design.predict, design.scores, design.integers, design.simulate)
    for use in uses:
        with pytest.raises(CompileError) as caught:
            use(x)
        assert str(caught.value) == sentence


def test_flashing_needs_a_bitstream(design: Design) -> None:
    with pytest.raises(CompileError) as caught:
        design.flash()
    assert str(caught.value) == "there is no bitstream to flash; compile for a board and build first"


def test_saving(design: Design, tmp_path: Path) -> None:
    design.save(tmp_path / "out")
    written = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*") if p.is_file()}
    assert {"report.json", "report.html", "model.txt", "plan.yaml", "rtl/top.v", "rtl/testbench.v"} <= written
    assert json.loads((tmp_path / "out" / "report.json").read_text()) == json.loads(json.dumps(design.report()))
    assert (tmp_path / "out" / "model.txt").read_text() == str(design.graph)


def has(report: dict[str, object], dotted: str) -> bool:
    value: object = report
    for key in dotted.split("."):
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True


MEASURED = (
    "model", "float.accuracy", "fixed.accuracy", "fixed.agreement", "fixed.max_abs_error", "exact.vectors",
    "exact.rtl", "latency_cycles", "interval_cycles", "clock_mhz", "latency_us", "inferences_per_second.core",
    "input.format", "input.order", "input.frame", "device", "layers", "seconds", "versions",
)  # fmt: skip
NOT_MEASURED = (
    "exact.netlist", "fmax_mhz", "timing_met", "inferences_per_second.link", "resources", "board", "device.lut",
)  # fmt: skip


def test_the_report_holds_what_was_measured_and_nothing_else(design: Design) -> None:
    report = design.report()
    assert [key for key in MEASURED if not has(report, key)] == []
    assert [key for key in NOT_MEASURED if has(report, key)] == []
    for layer in report["layers"]:
        assert {*layer} >= {
            "name", "kind", "implementation", "input_shape", "output_shape", "input_format", "output_format", "cycles",
            "estimated_lut",
        }  # fmt: skip
    assert report["exact"]["rtl"] is True
    assert report["exact"]["vectors"] == 64
    assert {*report["estimate"]} >= {"lut", "lut_error", "ff", "ff_error"}
    assert report["latency_us"] == report["latency_cycles"] / report["clock_mhz"]


def test_the_report_without_data_or_rtl(mlp: Path) -> None:
    report = compile(mlp, emit="model", input_range=(0, 1)).report()
    absent = ("float", "fixed", "exact", "latency_cycles", "clock_mhz", "latency_us", "inferences_per_second")
    assert [key for key in absent if key in report] == []
    assert report["notes"] == ["no data: formats cover all inputs in 0 .. 1, which is wider than data would need"]
