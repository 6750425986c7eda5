"""The example and the README do what they say."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

import nnfpga
from nnfpga.cli import parser

ROOT = Path(__file__).parents[1]
DIGITS = ROOT / "examples" / "digits"
BORROWERS = ROOT / "examples" / "borrower-rating"
SIZE_LIMIT = 300_000
LEAST_ACCURACY = 0.96
MOST_POINTS_LOST = 0.005
RETRAINS = pytest.mark.skipif(
    not (find_spec("sklearn") and find_spec("skl2onnx")), reason="needs scikit-learn and skl2onnx"
)


def float_accuracy(model: Path, data: Path) -> float:
    """Share of the held-out samples that ONNX Runtime gets right."""
    session = onnxruntime.InferenceSession(model.read_bytes(), providers=["CPUExecutionProvider"])
    with np.load(data) as arrays:
        x, y = arrays["x_test"].astype(np.float32), arrays["y_test"]
    label = np.asarray(session.run(["label"], {session.get_inputs()[0].name: x})[0])
    return float((label == y).mean())


def blocks(file: Path, language: str) -> list[str]:
    """The fenced blocks of a language in a Markdown file."""
    return re.findall(rf"^```{language}\n(.*?)^```$", file.read_text(), re.DOTALL | re.MULTILINE)


def test_the_digits_files_are_small_and_whole() -> None:
    onnx.checker.check_model(onnx.load(DIGITS / "model.onnx"), full_check=True)
    assert max((DIGITS / name).stat().st_size for name in ("model.onnx", "data.npz")) < SIZE_LIMIT
    with np.load(DIGITS / "data.npz") as data:
        assert {key: data[key].shape for key in data.files} == {
            "x": (1437, 64), "y": (1437,), "x_test": (360, 64), "y_test": (360,),
        }  # fmt: skip


def test_the_readme_states_the_float_accuracy() -> None:
    stated = re.search(r"float accuracy \*\*([\d.]+) %\*\*", (DIGITS / "README.md").read_text())
    assert stated is not None
    assert f"{100 * float_accuracy(DIGITS / 'model.onnx', DIGITS / 'data.npz'):.2f}" == stated.group(1)


@pytest.mark.slow
def test_the_digits_model_compiles_exactly() -> None:
    design = nnfpga.compile(DIGITS / "model.onnx", DIGITS / "data.npz", emit="rtl", samples=64)
    report = design.report()
    assert report["exact"]["rtl"] is True
    assert report["exact"]["rtl_vectors"] == 64
    assert report["float"]["accuracy"] - report["fixed"]["accuracy"] <= MOST_POINTS_LOST


@pytest.mark.slow
@RETRAINS
def test_training_gives_the_same_data_and_a_model_as_good(tmp_path: Path) -> None:
    subprocess.run([sys.executable, DIGITS / "train.py", tmp_path], check=True, capture_output=True)
    with np.load(DIGITS / "data.npz") as committed, np.load(tmp_path / "data.npz") as made:
        assert committed.files == made.files
        for key in committed.files:
            np.testing.assert_array_equal(committed[key], made[key])
    assert float_accuracy(tmp_path / "model.onnx", tmp_path / "data.npz") >= LEAST_ACCURACY


@pytest.mark.slow
def test_the_snippets_of_the_readme_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    snippets = blocks(ROOT / "README.md", "python")
    assert snippets
    for snippet in snippets:
        exec(compile(snippet, "README.md", "exec"), {"__name__": "readme"})


@pytest.mark.parametrize("name", ["rbf-classifier", "sine-digits"])
def test_the_classifiers_lose_nothing(name: str) -> None:
    """What the README states, and the fixed-point network beside it."""
    folder = ROOT / "examples" / name
    session = onnxruntime.InferenceSession((folder / "model.onnx").read_bytes(), providers=["CPUExecutionProvider"])
    with np.load(folder / "data.npz") as arrays:
        x, y = arrays["x_test"].astype(np.float32), arrays["y_test"]
    accuracy = float((np.asarray(session.run(None, {"x": x})[0]).argmax(axis=1) == y).mean())
    assert f"float accuracy **{100 * accuracy:.2f} %**" in (folder / "README.md").read_text()
    report = nnfpga.compile(folder / "model.onnx", folder / "data.npz", emit="model", output="class").report()
    assert report["float"]["accuracy"] == accuracy
    assert accuracy - report["fixed"]["accuracy"] <= MOST_POINTS_LOST


def test_the_rbf_controller_keeps_the_pendulum_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The closed loop with the integer model is near that with the control law."""
    folder = ROOT / "examples" / "rbf-controller"
    monkeypatch.syspath_prepend(str(folder))
    plant = import_module("plant")
    design = nnfpga.compile(
        folder / "model.onnx", folder / "data.npz", emit="model", bits=10, input_format="fixed<16,1>"
    )
    assert design.report()["fixed"]["max_abs_error"] < 0.01
    start = np.array([0.6, 0.0])
    ours, _ = plant.closed_loop(lambda s: float(design.predict(plant.scaled(s)[None])[0, 0]), start, 150)
    law, _ = plant.closed_loop(lambda s: float(plant.law(s)), start, 150)
    assert np.abs(ours[:, 0] - law[:, 0]).max() < 0.005
    assert abs(ours[-1, 0]) < 0.01
    free, _ = plant.closed_loop(lambda _: 0.5, start, 150)
    assert np.abs(free[:, 0]).max() > 1  # without torque it falls


def test_the_borrowers_lose_nothing() -> None:
    """What its README states, and the fixed-point network beside it."""
    text = (BORROWERS / "README.md").read_text()
    accuracy = float_accuracy(BORROWERS / "model.onnx", BORROWERS / "data.npz")
    assert f"float accuracy **{100 * accuracy:.2f} %**" in text
    report = nnfpga.compile(BORROWERS / "model.onnx", BORROWERS / "data.npz", emit="model").report()
    assert report["float"]["accuracy"] == accuracy
    assert accuracy - report["fixed"]["accuracy"] <= MOST_POINTS_LOST


@pytest.mark.slow
@RETRAINS
def test_drawing_gives_the_same_borrowers_and_a_model_as_good(tmp_path: Path) -> None:
    subprocess.run([sys.executable, BORROWERS / "train.py", tmp_path], check=True, capture_output=True)
    with np.load(BORROWERS / "data.npz") as committed, np.load(tmp_path / "data.npz") as made:
        for key in committed.files:
            np.testing.assert_array_equal(committed[key], made[key])
    before = float_accuracy(BORROWERS / "model.onnx", BORROWERS / "data.npz")
    assert float_accuracy(tmp_path / "model.onnx", tmp_path / "data.npz") >= before - MOST_POINTS_LOST


READMES = [
    "README.md",
    *(
        f"examples/{name}/README.md"
        for name in ("digits", "rbf-classifier", "rbf-controller", "borrower-rating", "sine-digits")
    ),
]


@pytest.mark.parametrize("file", READMES)
def test_the_commands_of_the_readme_exist(file: str) -> None:
    lines = "".join(re.findall(r"^```(?:sh)?\n(.*?)^```$", (ROOT / file).read_text(), re.DOTALL | re.MULTILINE))
    commands = [shlex.split(line, comments=True) for line in lines.splitlines() if line.startswith("nnfpga ")]
    assert commands
    for command in commands:
        assert parser().parse_args(command[1:])


@pytest.mark.parametrize("file", ["README.md", "CONTRIBUTING.md"])
def test_the_links_lead_somewhere(file: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / file).read_text())
    missing = [link for link in links if "://" not in link and not (ROOT / link).exists()]
    assert links
    assert not missing
