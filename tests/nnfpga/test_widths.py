"""Formats of single layers and the search for widths, from the outside."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.formats import describe
from nnfpga.compiler.layers.dense import Dense
from nnfpga.flow import compile
from nnfpga.options import Options

from .conftest import Run, write_mlp


@pytest.fixture(scope="module")
def easy(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A network and samples that it labels itself, without those that it nearly calls something else."""
    folder = tmp_path_factory.mktemp("easy")
    model = write_mlp(folder / "mlp.onnx", (6, 8, 4), seed=3)
    x = np.random.default_rng(2).random((6000, 6))
    scores = np.sort(scored := compile(model, {"x": x}, emit="model", bits=16).scores(x), axis=1)
    clear = scores[:, -1] - scores[:, -2] > 0.05
    data = folder / "data.npz"
    np.savez(data, x=x[clear], y=scored.argmax(axis=1)[clear])
    return model, data


def test_layers_have_their_own_formats(mlp: Path, data: Path) -> None:
    """By our names, the file's and its nodes'; activations are what a layer gives behind its functions."""
    for first, second in (("fc0", "fc1"), ("relu0", "fc1")):
        layers = {first: {"activations": "ufixed<3,1>"}, second: {"weights": 3}, "x": {"activations": 5}}
        design = compile(mlp, data, emit="model", layers=layers)
        formats = {name: describe(tensor) for name, tensor in design.graph.tensors.items()}
        assert formats["relu0_q"] == "ufixed<3,1>"
        assert formats["x_q"].startswith("ufixed<5,")
        dense = {layer.name: layer.weights.to_dense() for layer in design.graph.layers if isinstance(layer, Dense)}
        assert np.abs(dense["fc1"]).max() == 3
        assert np.abs(dense["fc0"]).max() > 63


def test_all_wrong_names_at_once(mlp: Path, data: Path) -> None:
    """Unknown names list the known ones; what a layer lacks is said."""
    layers = {"nope": {"weights": 4}, "x": {"weights": 4}, "fc1": {"activations": 4}}
    with pytest.raises(CompileError) as caught:
        compile(mlp, data, emit="model", layers=layers)
    assert str(caught.value).splitlines() == [
        "option layers, 'nope': is no tensor or node of the model; choose from fc0, fc1, x",
        "option layers, 'x': has no weights that could be rounded; layers with weights are fc0, fc1",
        "option layers, 'fc1': gives sums that are not rounded; state activations for x, fc0",
    ]


def test_widths_that_are_none() -> None:
    """Before anything is read."""
    with pytest.raises(CompileError) as caught:
        Options().updated({"layers": {"a": {"weights": 1}, "b": {"bits": 3}, "c": {"activations": "fixed"}}})
    lines = "write lines like 'fc1: {weights: 4, activations: 6}'"
    assert str(caught.value).splitlines() == [
        "option layers, 'a': weights 1 are no width; give 2 to 16 bits, or a format like fixed<5,1>",
        f"option layers, 'b': {{'bits': 3}} are no widths; {lines}",
        "option layers, 'c': activations 'fixed' are no width; give 2 to 16 bits, or a format like fixed<5,1>",
    ]
    with pytest.raises(
        CompileError, match=r"^option max-drop: 100\.0 is out of range; give points from 0 to below 100$"
    ):
        Options(max_drop=100.0).check()


def test_a_format_in_braces(tmp_path: Path) -> None:
    """YAML takes the comma of an unquoted format for its own; it is put back."""
    path = tmp_path / "layers.yaml"
    path.write_text("layers:\n  a: {weights: fixed<5,1>, activations: 6}\n  b: {activations: 'ufixed<4,0>'}\n")
    layers = Options().updated({"layers": str(path)}).layers
    assert {n: {k: str(v) for k, v in w.items()} for n, w in layers.items()} == {
        "a": {"weights": "fixed<5,1>", "activations": "6"},
        "b": {"activations": "ufixed<4,0>"},
    }
    path.write_text("bits: 8\n")
    with pytest.raises(CompileError, match="holds no formats of layers"):
        Options().updated({"layers": str(path)})


def test_max_drop_and_its_widths_again(run: Run, easy: tuple[Path, Path], tmp_path: Path) -> None:
    """The search says what it found; its widths.yaml gives the same integers again."""
    model, data = easy
    common = ("compile", model, "--data", data, "--emit", "model", "-q", "-o")
    assert run(*common, tmp_path / "a", "--max-drop", 2)[0] == 0
    report = json.loads((tmp_path / "a" / "report.json").read_text())
    found = report["widths"]
    assert found["estimated_lut"] < 0.7 * found["estimated_lut_8_bits"]
    assert found["checked"]["points"] <= found["checked"]["bound"] <= 2
    assert found["against"] == "labels"
    assert report["float"]["accuracy"] - report["fixed"]["accuracy"] <= 0.02
    assert any("--max-drop 2:" in note for note in report["notes"])
    assert run(*common, tmp_path / "b", "--layers", tmp_path / "a" / "widths.yaml")[0] == 0
    texts = [(tmp_path / folder / "model.txt").read_text() for folder in "ab"]
    assert texts[0] == texts[1]


def test_what_max_drop_needs(run: Run, mlp: Path, data: Path, tmp_path: Path) -> None:
    """Samples, enough of them."""
    out = ("--emit", "model", "-q", "-o", tmp_path / "out", "--max-drop", 0.5)
    status, _, said = run("compile", mlp, "--input-range", "0,1", *out)
    assert (status, said) == (
        2, "nnfpga: error: option max-drop: there are no samples; give --data FILE.npz with x and y\n"
    )  # fmt: skip
    status, _, said = run("compile", mlp, "--data", data, *out)
    assert status == 2
    assert said.startswith(
        "nnfpga: error: option max-drop: 0.5 points cannot be kept for sure: 16 bits everywhere lose"
    )
