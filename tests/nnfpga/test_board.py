"""The whole way for a board, as a user goes it: bitstream, checked netlist, a chip that answers on a serial port."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest

import nnfpga
from nnfpga.design import Design
from nnfpga.tools.errors import ToolError
from nnfpga.tools.find import find

from .conftest import Run

pytestmark = pytest.mark.slow
SAMPLES = 6


@pytest.fixture(scope="module", params=["icestick", "ulx3s-25f"])
def built(request: pytest.FixtureRequest, mlp: Path, data: Path) -> Design:
    """The small network for a board; unrolled on the ULX3S."""
    board = str(request.param)
    try:
        for name in ("verilator", "g++", "nextpnr-ice40" if board == "icestick" else "nextpnr-ecp5"):
            find(name)
    except ToolError as error:
        pytest.skip(str(error))
    target = "area" if board == "icestick" else "latency"
    return nnfpga.compile(mlp, data, board=board, target=target, samples=32, verify_seconds=2)


@pytest.fixture
def folder(built: Design, tmp_path: Path) -> Path:
    """Everything about it, written."""
    built.save(tmp_path / "built")
    return tmp_path / "built"


@pytest.fixture
def port(folder: Path) -> Generator[str, None, None]:
    """The serial port of the simulated chip."""
    command = [sys.executable, "-m", "nnfpga", "sim", str(folder), "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().removeprefix("serving on ").strip()
        finally:
            process.terminate()


def test_the_bitstream_is_checked(built: Design, folder: Path) -> None:
    report = json.loads((folder / "report.json").read_text())
    assert report["timing_met"]
    assert report["fmax_mhz"] >= report["clock_mhz"]
    assert report["exact"]["rtl"] is report["exact"]["netlist"] is True
    assert report["exact"]["netlist_vectors"] >= 32  # as many as the seconds given allow
    assert report["exact"]["framed"] >= 1
    assert (folder / report["bitstream"]).stat().st_size > 10_000
    if report["board"] == "ulx3s-25f":
        assert report["interval_cycles"] == 1
        assert {layer["implementation"] for layer in report["layers"]} == {"Unrolled()"}


def test_a_served_chip_answers(built: Design, folder: Path, port: str, data: Path, tmp_path: Path, run: Run) -> None:
    with np.load(data) as arrays:
        x = arrays["x"][:SAMPLES]
    np.savez(tmp_path / "few.npz", x=x)
    status, out, err = run("run", folder, "--port", port, "--data", tmp_path / "few.npz")
    assert status == 0, err
    assert [line.split(": ")[1] for line in out.splitlines()[:SAMPLES]] == [str(p) for p in built.predict(x)]


def test_a_simulated_chip_predicts(built: Design, data: Path) -> None:
    with np.load(data) as arrays:
        x = arrays["x"][:SAMPLES]
    with built.simulated_chip() as chip:
        assert [chip.predict(sample) for sample in x] == list(built.predict(x))
        chip.count = 255  # the next one's number is zero again
        assert [chip.predict(sample) for sample in x[:2]] == list(built.predict(x[:2]))
