"""``nnfpga function``: its text, its folder, its cache, what it refuses."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from nnfpga.cli import main
from nnfpga.compiler.circuit.ir import Circuit
from nnfpga.compiler.functions.target import Target
from nnfpga.function_ram import RamTable, ram_table
from nnfpga.function_table import to_text
from nnfpga.functions import Made

SIGMOID = ["function", "sigmoid(x)", "--in", "fixed<5,3>", "--error", "0.02", "-q"]

SLOW = {
    "numpy", "amaranth", "onnx", "mpmath", "llvmlite", "nnfpga.function_unit", "nnfpga.compiler", "nnfpga.rtl",
    "importlib.metadata", "subprocess", "tempfile", "email", "dataclasses",
}  # fmt: skip

MADE = Made(
    {
        "function": "exp(-x**2)",
        "input": "ufixed<8,2>",
        "output": "ufixed<9,0>",
        "error": "0.005",
        "greatest_error": 0.00492915,
        "codes": 256,
        "family": "xc3s",
        "yosys": "Yosys 0.70",
        "block_ram": {"inputs": 8, "outputs": 9, "rams": 1, "lut": 0},
        "in_luts": {"dsp": 320.0},
        "candidates": [
            {
                "lut": 31,
                "carry": 8,
                "bram": 0,
                "dsp": 0,
                "latency": 0,
                "method": "sum of tables of 6 and 7 bits",
                "output": "ufixed<9,0>",
                "chosen": True,
            },
            {
                "lut": 15,
                "carry": 0,
                "bram": 2,
                "dsp": 1,
                "latency": 1,
                "method": "lines",
                "output": "ufixed<8,0>",
                "chosen": False,
            },
        ],
    },
    "inputs 1 [0..255]\n%0 [0..255] = input index=0\noutput %0",
    "",
    "",
)

GOLDEN = """\
inputs 1 [0..255]
%0 [0..255] = input index=0
output %0

exp(-x**2): ufixed<8,2> to ufixed<9,0>, xc3s, Yosys 0.70
  *    31 LUTs   8 carries  sum of tables of 6 and 7 bits, ufixed<9,0>
       15 LUTs   0 carries  lines, ufixed<8,0>; 2 block RAMs; 1 multiplier; a cycle later
        0 LUTs and 1 block RAM, a cycle later: a table of 8 bits to 9
a multiplier counts as 320 LUTs
greatest error over all 256 inputs: 0.00492915 (at most 0.005)"""


def test_the_text() -> None:
    assert to_text(MADE) == GOLDEN


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NNFPGA_CACHE", str(tmp_path / "cache"))


def test_a_function_is_made_written_and_remembered(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SIGMOID, "-o", str(tmp_path / "unit")]) == 0
    first = capsys.readouterr().out
    folder = tmp_path / "unit"
    assert {file.name for file in folder.iterdir()} == {"circuit.txt", "error.svg", "function.v", "report.json"}
    report = json.loads((folder / "report.json").read_text())
    x = np.arange(-16, 16)
    y = Circuit.parse((folder / "circuit.txt").read_text()).evaluate(x.reshape(-1, 1))[:, 0]
    unit = 2.0 ** -int(report["output"][len("ufixed<") : -len(",0>")])
    error = np.abs(y * unit - 1 / (1 + np.exp(-x / 4)))
    assert error.max() == pytest.approx(report["greatest_error"], rel=1e-4)
    assert error.max() <= 0.02
    assert ElementTree.parse(folder / "error.svg").getroot().tag.endswith("svg")
    assert "module unit(" in (folder / "function.v").read_text()
    assert report["resources"]["lut"] == min(c["lut"] for c in report["candidates"])
    again = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "nnfpga", *SIGMOID], capture_output=True, text=True, check=True
    )
    assert again.stdout == first
    read = {line.rpartition("|")[2].strip() for line in again.stderr.splitlines()}
    assert {"nnfpga.functions", "hashlib"} <= read
    assert not read & SLOW, "a cached answer is quick as it imports little"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ["foo(x)", "--in", "fixed<5,3>", "--error", "0.1"],
            "'foo(x)': the function 'foo' is not known; known are abs,",
        ),
        (["x", "--in", "fixed5", "--error", "0.1"], "format 'fixed5': is not known; write fixed<W,I>"),
        (["x", "--in", "fixed<5,3>", "--error", "-1"], "error '-1': is no positive number; write one such as 0.005"),
        (["x", "--in", "fixed<5,3>"], "neither the output's format nor an error is given; add --out, --error or both"),
        (
            ["x", "--in", "fixed<5,3>", "--error", "1", "--family", "z80"],
            "family 'z80': is not known; choose one of ice40",
        ),
        (["x", "--in", "fixed<5,3>", "--error", "1", "--use", "ram,rom"], "use 'rom': is not known; write ram or dsp"),
        (
            ["x", "--in", "fixed<5,3>", "--error", "1", "--use", "dsp=-1"],
            "use 'dsp=-1': is not known; write ram or dsp",
        ),
        (["x", "--in", "fixed<5,3>", "--error", "1", "--effort", "0"], "effort 0: is not in 1 .. 1000; choose one"),
        (
            ["sin(3000*x)", "--in", "ufixed<14,0>", "--error", "0.0001", "--family", "ecp5"],
            "'sin(3000*x)': no logic was found for so many inputs and so small an error; allow a greater one, or use a "
            "table of 14 bits in 15 block RAMs",
        ),
        (["log(x)", "--in", "fixed<5,3>", "--error", "1"], "'log(x)': log is not defined at x = -4"),
    ],
)
def test_what_it_refuses(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["function", *arguments]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"nnfpga: error: {sentence}")
    assert error.count("\n") == 1


def test_block_ram() -> None:
    """Rows of RAMs beside each other; a folded table takes LUTs; what one RAM cannot address has none."""
    x = np.arange(-512, 512)
    square, cube = x * x, x**3
    assert ram_table([Target(10, True, square, square)], "ecp5") == RamTable(10, 19, 2, 0)
    even = (2 * np.arange(-1024, 1024) + 1) ** 2 // 16
    assert ram_table([Target(11, True, even, even)], "ecp5") == RamTable(10, 18, 1, 10)
    assert ram_table([Target(10, True, cube, cube)], "ice40") == RamTable(10, 28, 7, 0)
    wide = np.arange(1 << 15) ** 2
    assert ram_table([Target(15, False, wide, wide)], "xc7") is None


def test_a_table_in_block_ram(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A RAM that is worth nothing is taken; where it is worth more than the LUTs that it saves it is not."""
    arguments = ["function", "sin(3*x)", "--in", "fixed<6,1>", "--error", "0.02", "-q"]
    assert main([*arguments, "--use", "ram=0", "-o", str(tmp_path / "unit")]) == 0
    assert "1 block RAM; a cycle later" in capsys.readouterr().out
    report = json.loads((tmp_path / "unit" / "report.json").read_text())
    assert (report["latency"], report["resources"]["bram"], report["resources"]["lut"]) == (1, 1, 0)
    assert report["greatest_error"] <= 0.02
    verilog = (tmp_path / "unit" / "function.v").read_text()
    assert verilog.startswith("// y is the result of the x before")
    assert "clk" in verilog
    assert main([*arguments, "--use", "ram", "-o", str(tmp_path / "again")]) == 0
    report = json.loads((tmp_path / "again" / "report.json").read_text())
    assert (report["latency"], report["resources"]["bram"]) == (0, 0)
    assert {c["latency"] for c in report["candidates"]} == {0, 1}


def test_all_that_is_wrong_is_said_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["foo(x)", "--in", "fixed5", "--out", "8", "--error", "-1", "--family", "z80", "--effort", "0"]
    assert main(["function", *arguments]) == 2
    places = [line.removeprefix("nnfpga: error: ").split(":")[0] for line in capsys.readouterr().err.splitlines()]
    assert places == ["family 'z80'", "effort 0", "'foo(x)'", "error '-1'", "format 'fixed5'", "format '8'"]


def test_nothing_is_written_where_it_fails(tmp_path: Path) -> None:
    arguments = ["function", "x", "--in", "fixed<5,3>", "--error", "1", "--family", "z80", "-o", str(tmp_path / "unit")]
    assert main(arguments) == 2
    assert not (tmp_path / "unit").exists()
