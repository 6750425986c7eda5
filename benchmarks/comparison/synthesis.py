"""Synthesis of either tool's circuit by this compiler's recipe or by Yosys' stock command, and what it takes."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path

from nnfpga.tools.errors import ToolError
from nnfpga.tools.find import find
from nnfpga.tools.nextpnr import open_ends
from nnfpga.tools.recipes import RECIPES, Family, Request
from nnfpga.tools.run import run
from nnfpga.tools.yosys import cell_counts, synthesise, yosys

from .made import Made

__all__ = ["PACKERS", "THROUGH", "Recipe", "counted", "rtlil_of", "sites", "through_ours", "through_stock"]

PACKERS: dict[Family, tuple[str, tuple[str, ...], str]] = {
    "ecp5": ("nextpnr-ecp5", ("--85k", "--out-of-context"), "TRELLIS_COMB"),
    "ice40": ("nextpnr-ice40", ("--hx8k", "--package", "ct256"), "ICESTORM_LC"),
}

Recipe = Callable[[str, Family, str, Path], dict[str, int]]
"""RTLIL, family and top module to cells by type; ``netlist.json`` for nextpnr is left in the folder."""


def rtlil_of(made: Made, work: Path) -> str:
    """A circuit as RTLIL."""
    if made.hdl.is_file():
        return made.hdl.read_text()
    work.mkdir(parents=True, exist_ok=True)
    shutil.copytree(made.hdl, work / "verilog", dirs_exist_ok=True)
    shared = sorted(p.name for p in (work / "verilog/static").glob("*.v"))
    files = sorted(p.name for p in (work / "verilog").glob("*.v") if not p.stem.endswith("_wrapper"))
    yosys(
        f"read_verilog -defer {' '.join(f'verilog/static/{name}' for name in shared)}; "
        f"read_verilog {' '.join(f'verilog/{name}' for name in files)}; "
        "hierarchy -check -top circuit; proc; write_rtlil circuit.il",
        work, "read.log",
    )  # fmt: skip
    return (work / "circuit.il").read_text()


def through_ours(rtlil: str, family: Family, top: str, work: Path) -> dict[str, int]:
    """The product's recipe with one pass of LUT mapping, as for every network of this size."""
    netlist = synthesise(rtlil, family, top, work, quick=True, progress=lambda _: None)
    if family == "ecp5":
        netlist.json_path.write_text(open_ends(netlist.json_path.read_text()))
    return netlist.cells


def through_stock(rtlil: str, family: Family, top: str, work: Path) -> dict[str, int]:
    """Yosys' command for the family, flattened, otherwise as it comes."""
    work.mkdir(parents=True, exist_ok=True)
    (work / "design.il").write_text(rtlil)
    yosys(
        f"read_rtlil design.il; {RECIPES[family].command(Request(top))}; tee -q -o cells.json stat -json; "
        "write_json netlist.json",
        work, "stock.log",
    )  # fmt: skip
    return cell_counts(work / "cells.json", top)


THROUGH: dict[str, Recipe] = {"ours": through_ours, "stock": through_stock}


def counted(cells: dict[str, int], family: Family) -> dict[str, int]:
    """LUTs (on ECP5 two for each CCU2C; of xc7 any size, shift registers among them), carry cells and flip-flops."""
    of = RECIPES[family].resources(cells)
    return {name: of[name] for name in ("lut", "carry", "ff")}


def sites(family: Family, work: Path, limit_seconds: float = 900.0) -> int | None:
    """LUT sites of ``netlist.json`` as nextpnr packs it, out of context (no pads or global buffers); None: not in time.

    Packing carry chains takes nextpnr time that grows with the square of their number.
    """
    name, device, kind = PACKERS[family]
    try:
        log = run(find(name), ["--json", "netlist.json", *device, "--pack-only"], work, "pack.log", limit_seconds)
    except ToolError as error:
        if "did not end" not in str(error):
            raise
        return None
    found = re.search(rf"{kind}:\s+(\d+)", log)
    assert found is not None, f"nextpnr did not say how many {kind}: see {work / 'pack.log'}"
    return int(found[1])
