"""Products of folded networks in the chip's multiplier blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import nnfpga
from nnfpga import CompileError
from nnfpga.tools.errors import ToolError
from nnfpga.tools.find import find


def resources(mlp: Path, data: Path, *, device: str, **options: Any) -> dict[str, int]:
    """What the checked netlist of the small network takes."""
    design = nnfpga.compile(mlp, data, device=device, samples=16, verify_seconds=2, **options)
    report = design.report()
    assert report["exact"]["netlist_vectors"] > 0
    return report["resources"]


@pytest.fixture
def tools() -> None:
    """Skips where the netlist cannot be made or simulated."""
    try:
        for name in ("yosys", "verilator", "g++"):
            find(name)
    except ToolError as error:
        pytest.skip(str(error))


@pytest.mark.slow
@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize("device", ["up5k", "lfe5u-25f"])
def test_blocks_are_taken_where_they_are_allowed(mlp: Path, data: Path, device: str) -> None:
    without, within = (resources(mlp, data, device=device, dsp=dsp) for dsp in (False, True))
    assert without["dsp"] == 0
    assert within["dsp"] == 2  # one for each matrix
    assert within["lut"] < without["lut"]


@pytest.mark.slow
@pytest.mark.usefixtures("tools")
def test_never_more_than_the_chip_has(mlp: Path, data: Path, tmp_path: Path) -> None:
    """Two matrices of 8 products a cycle each: UP5K has 8 blocks, and Yosys takes all or none."""
    plan = nnfpga.compile(mlp, data, device="up5k", emit="rtl", samples=1).plan.to_yaml()
    file = tmp_path / "plan.yaml"
    file.write_text(plan.replace("pe: 1\n      simd: 1", "pe: 4\n      simd: 2"))
    assert file.read_text() != plan
    assert resources(mlp, data, device="up5k", dsp=True, plan=file)["dsp"] == 0


def test_chips_without_blocks(mlp: Path, data: Path) -> None:
    with pytest.raises(CompileError, match=r"^option dsp: hx1k has no multiplier blocks; leave it out$"):
        nnfpga.compile(mlp, data, device="hx1k", dsp=True)
    with pytest.raises(CompileError, match=r"^option dsp: multiplier blocks are a chip's; add --board or --device$"):
        nnfpga.compile(mlp, data, dsp=True)
    with pytest.raises(CompileError, match=r"^option dsp: 1 is not true or false; give true or false$"):
        nnfpga.compile(mlp, data, device="up5k", dsp=1)
