"""The command line: what each command prints, and how fast it starts."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import nnfpga

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def folder(mlp: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A compiled network."""
    from nnfpga.cli import main

    out = tmp_path_factory.mktemp("cli") / "out"
    arguments = ["compile", mlp, "--data", data, "--emit", "rtl", "--samples", 16, "-q", "-o", out]
    assert main([str(a) for a in arguments]) == 0
    return out


def test_compile_prints_a_summary_and_the_place(run: Run, mlp: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    status, printed, said = run("compile", mlp, "--data", data, "--samples", 16, "-o", out)
    assert status == 0
    assert printed.splitlines()[-1] == f"report: {out}/report.html"
    assert "exact: RTL equal on 16 vectors" in printed
    assert [line.split("] ")[1] for line in said.splitlines()] == [
        f"reading and quantising {mlp}",
        "planning for generic",
        "making the RTL",
        "comparing the RTL with the integer model on 16 vectors",
    ]


def test_quiet(run: Run, mlp: Path, data: Path, tmp_path: Path) -> None:
    status, _, said = run("compile", mlp, "--data", data, "--emit", "model", "-q", "-o", tmp_path / "out")
    assert (status, said) == (0, "")


def test_report_prints_the_same_table(run: Run, folder: Path) -> None:
    status, out, err = run("report", folder)
    assert (status, err) == (0, "")
    assert "exact: RTL equal on 16 vectors" in out


def test_a_compiled_folder_is_whole(folder: Path) -> None:
    report = json.loads((folder / "report.json").read_text())
    assert report["nnfpga"] == nnfpga.__version__
    for name in ("report.html", "model.txt", "plan.yaml", "rtl/top.v", "rtl/testbench.v"):
        assert (folder / name).stat().st_size > 0


def test_a_file_of_choices_and_the_command_line_wins(run: Run, mlp: Path, data: Path, tmp_path: Path) -> None:
    config = tmp_path / "c.yaml"
    config.write_text(f"bits: 5\nemit: model\ndata: {data}\ninput-format: ufixed<5,0>\n")
    for more, bits in (((), 5), (("--bits", "6"), 6)):
        assert run("compile", mlp, "--config", config, "-q", "-o", tmp_path / "out", *more)[0] == 0
        report = json.loads((tmp_path / "out" / "report.json").read_text())
        assert report["plan"]["bits"] == bits
        assert report["input"]["format"] == "ufixed<5,0>"
    other = tmp_path / "other.npz"
    np.savez(other, x=np.ones((3, 5)))
    status, _, said = run("compile", mlp, "--config", config, "--data", other, "-q", "-o", tmp_path / "out")
    assert status == 2
    assert said == f"nnfpga: error: {other}: a sample of 'x' has shape 5, the model wants 6; reshape the data\n"


def test_a_range_that_begins_with_a_minus(run: Run, mlp: Path, tmp_path: Path) -> None:
    for form in (("--input-range", "-1,1"), ("--input-range=-1,1",)):
        assert run("compile", mlp, "--emit", "model", "-q", "-o", tmp_path / "out", *form)[0] == 0
        assert json.loads((tmp_path / "out" / "report.json").read_text())["input"]["low"] < 0


def test_boards(run: Run) -> None:
    status, out, _ = run("boards")
    assert status == 0
    names = [line.split()[0] for line in out.splitlines()]
    assert names == ["icebreaker", "icestick", "ulx3s-12f", "ulx3s-25f", "ulx3s-45f", "ulx3s-85f"]


def test_doctor_names_every_tool(run: Run) -> None:
    from nnfpga.tools.find import names

    status, out, _ = run("doctor")
    assert status == 0
    assert [line.split()[0] for line in out.splitlines()] == [*names()]


def test_flashing_a_folder_without_a_bitstream(run: Run, folder: Path) -> None:
    assert run("flash", folder) == (
        2,
        "",
        f"nnfpga: error: {folder}: holds no bitstream; compile with --board\n",
    )


def test_no_command_prints_the_help(run: Run) -> None:
    status, out, err = run()
    assert (status, err) == (0, "")
    assert out.startswith("usage: nnfpga ")


def test_the_version(run: Run) -> None:
    assert run("--version") == (0, f"nnfpga {nnfpga.__version__}\n", "")


def test_interrupted(run: Run, mlp: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("nnfpga.flow.check_rtl", interrupt)
    status, out, err = run("compile", mlp, "--data", data, "-q", "-o", tmp_path / "out")
    assert (status, out, err) == (130, "", "nnfpga: interrupted; nothing was written\n")
    assert not list(tmp_path.iterdir())


def test_the_command_line_starts_fast_and_loads_nothing_heavy() -> None:
    heavy = "numpy", "onnx", "onnxruntime", "amaranth", "yaml", "mpmath"
    code = f"import sys, nnfpga.cli; nnfpga.cli.parser(); print([m for m in {heavy} if m in sys.modules])"
    seconds: list[float] = []
    for _ in range(3):
        start = time.monotonic()
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        seconds.append(time.monotonic() - start)
        assert done.stdout == "[]\n"
    assert min(seconds) < 0.5
