"""Fixtures for every room: the shared models and data, which may be absent, and the proof of a netlist."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from nnfpga.tools.recipes import Family
from nnfpga.tools.yosys import yosys

settings.register_profile("fuzz", deadline=None, max_examples=1000, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("nnfpga", settings.get_profile("fuzz"), max_examples=40, derandomize=True)
settings.load_profile("nnfpga")  # the same examples for everyone; `make fuzz` looks for others

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with ``models/`` and ``data/``: $NNFPGA_DATA or ../shared; the test is skipped where it is absent."""
    path = Path(os.environ.get("NNFPGA_DATA", ROOT.parent / "shared"))
    if not (path / "models").is_dir():
        pytest.skip(f"needs shared models and data, which are not in {path} (set NNFPGA_DATA to their folder)")
    return path


@pytest.fixture(scope="session")
def models() -> Path:
    """The small models that are committed here."""
    return ROOT / "tests" / "models"


CELLS: dict[Family, str] = {
    "ice40": "+/ice40/cells_sim.v",
    "ecp5": "+/ecp5/common_sim.vh +/ecp5/ccu2c_sim.vh",
    "xc7": "+/xilinx/cells_sim.v",
    "xc3s": "+/xilinx/cells_sim.v",
    "gowin": "+/gowin/cells_sim.v",
    "nexus": "+/lattice/cells_sim_nexus.v",
}
"""Yosys' own models of the cells."""

PROVE = """
read_verilog -defer {models}
read_verilog -overwrite netlist.v
hierarchy -top {top}
proc
flatten
opt_clean
rename {top} gate
design -stash gate
read_verilog gold.v
prep -top gold
design -copy-from gate gate
miter -equiv -flatten -make_outputs gold gate miter
sat -verify -prove trigger 0 -show-ports miter
"""


def prove(family: Family, top: str, folder: Path) -> None:
    """Prove by SAT that module ``top`` of ``netlist.v``, vendor cells, is module ``gold`` of ``gold.v`` in the folder.

    Raises
    ------
    ToolError
        It is not: "proof did fail".
    """
    (folder / "prove.ys").write_text(PROVE.format(models=CELLS[family], top=top))
    yosys("script prove.ys", folder, "prove.log")


@pytest.fixture(scope="session", name="prove")
def prove_fixture() -> Callable[[Family, str, Path], None]:
    """`prove`."""
    return prove
