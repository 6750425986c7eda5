"""Netlists for simulation: a family's cells become Yosys' own gates, which Verilator builds quickly.

Logic, flip-flops, pads, PLLs and the ECP5's RAMs and multiplier have models of ours (``cells/``); iCE40 block RAM and
multipliers have Yosys' (``cells_sim.v``). A cell without either is named.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from nnfpga.tools.errors import ToolError
from nnfpga.tools.find import find
from nnfpga.tools.run import Progress
from nnfpga.tools.yosys import Netlist, yosys

from .harness import Engine, Verilog
from .icarus_engine import IcarusEngine
from .native import Options
from .verilator_engine import VerilatorEngine

CELLS = Path(__file__).parent / "cells"
BLACK_BOXES = {"PDPW16KD", "ALU54B"}
"""ECP5 cells that nobody here has a model of yet."""
MEMORIES = {"ice40": "+/ice40/cells_sim.v", "ecp5": "ecp5_models.v"}
PLL = "nnfpga_pll_clock"


class NoModelError(ToolError):
    """A netlist holds cells that cannot be simulated."""


@dataclass(frozen=True)
class Gates:
    """A netlist that a Verilog simulator takes.

    Members
    -------
    text: one flat module and the RAM models that it needs.
    models: file names of our cell models that were used.
    """

    text: str
    models: tuple[str, ...]


def gates(netlist: Netlist, work: Path, *, pads: bool = False, progress: Progress | None = None) -> Gates:
    """Return a netlist as gates; with ``pads`` it is a whole chip, and the PLL's output becomes an input port.

    Raises `NoModelError` naming cells without a model, ToolError if Yosys fails.
    """
    missing = sorted(BLACK_BOXES & netlist.cells.keys())
    if missing:
        raise NoModelError(f"cells {', '.join(missing)} have no simulation model yet: the netlist was not simulated")
    work.mkdir(parents=True, exist_ok=True)
    (work / "netlist.il").write_bytes(netlist.rtlil_path.read_bytes())
    models = [f"{netlist.family}_map.v", *([f"{netlist.family}_pads.v"] if pads else [])]
    memories = ["ecp5_models.v"] if netlist.family == "ecp5" else []
    for name in [*models, *memories]:
        (work / name).write_text((CELLS / name).read_text())
    maps = " ".join(f"-map {name}" for name in models)
    script = [
        "read_rtlil netlist.il", f"techmap {maps}", f"read_verilog -overwrite {MEMORIES[netlist.family]}",
        *([f"read_verilog -lib {PLL}.v"] if pads else []),
        f"hierarchy -top {netlist.top}", "proc", "flatten", "opt_expr", "opt_clean",
        *([f"expose -evert {netlist.top}/t:{PLL}"] if pads else []),
        "memory_collect", "opt_clean", "write_verilog -noattr gates.v",
    ]
    (work / f"{PLL}.v").write_text(f"module {PLL} (output O);\nendmodule\n")
    yosys("; ".join(script), work, "yosys_gates.log", progress)
    return Gates((work / "gates.v").read_text(), (*models, *memories))


def gate_level(netlist: Netlist, i_width: int, o_width: int, work: Path, *, progress: Progress | None = None) -> tuple[Verilog, Gates]:
    """Return the netlist of a network, between its streams, as a design for `nnfpga.sim.harness.simulate`."""
    found = gates(netlist, work, progress=progress)
    return Verilog(found.text, netlist.top, i_width, o_width), found


def gate_engine() -> Engine:
    """Return the engine for netlists: Verilator with quick compilation, else Icarus. Raises ToolError without either."""
    try:
        find("verilator")
        find("g++")
    except ToolError:
        find("iverilog")
        return IcarusEngine()
    return VerilatorEngine(Options(compiler=("-O1",)))


def directions(text: str) -> str:
    """Return a chip's Verilog with its pads as plain inputs and outputs: ``..tx..`` goes out, all others come in."""
    def plain(match: re.Match[str]) -> str:
        return f"{'output' if '__tx__' in match[1] else 'input'} {match[1]};"

    return re.sub(r"^  inout (\S+) ?;", plain, text, flags=re.MULTILINE)
