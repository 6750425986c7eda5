"""nextpnr and the packers: from a netlist to a bitstream, with what it takes of the device and how fast it is."""

import json
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .errors import ToolError
from .find import find
from .run import Progress, run, say
from .yosys import Family


@dataclass(frozen=True)
class Routed:
    """A placed and routed design.

    Members
    -------
    fmax_mhz: clock name -> (achieved, asked for), in MHz.
    utilisation: kind of cell -> (used, available).
    bitstream: the file to load.
    timing_met: whether every clock achieves what was asked for.
    """

    fmax_mhz: dict[str, tuple[float, float]]
    utilisation: dict[str, tuple[int, int]]
    bitstream: Path
    timing_met: bool


def place_and_route(
    family: Family,
    json_path: Path,
    constraints_path: Path | None,
    nextpnr_args: Sequence[str],
    work: Path,
    seed: int = 1,
    freq_mhz: float | None = None,
    *,
    progress: Progress | None = None,
) -> Routed:
    """Place, route and pack a netlist; the same inputs and seed give the same bitstream.

    Parameters
    ----------
    json_path: the netlist, `nnfpga.tools.yosys.Netlist.json_path`.
    constraints_path: pins and clocks, ``.pcf`` for ice40, ``.lpf`` for ecp5; None leaves the pins to nextpnr.
    nextpnr_args: the device and package, for instance ``("--hx8k", "--package", "ct256")``.
    work: folder of ``report.json``, ``nextpnr.log`` and ``design.bin`` or ``design.bit``.
    freq_mhz: the clock to aim at where the constraints do not say; missing it is no error, see `Routed.timing_met`.

    Raises `ToolError` with the numbers if the design is too large for the device, and whatever nextpnr complains of.
    """
    tell = progress or say
    work.mkdir(parents=True, exist_ok=True)
    text = json_path.read_text()
    (work / "placed.json").write_text(open_ends(text) if family == "ecp5" else text)
    args = [
        "--json",
        "placed.json",
        "--seed",
        str(seed),
        "--report",
        "report.json",
        "--timing-allow-fail",
        *nextpnr_args,
    ]
    if constraints_path is not None:
        args += ["--pcf" if family == "ice40" else "--lpf", _relative(constraints_path, work)]
    if freq_mhz is not None:
        args += ["--freq", f"{freq_mhz:g}"]
    (work / "report.json").unlink(missing_ok=True)
    tell(f"placing and routing (seed {seed})")
    if family == "ice40":
        _route(f"nextpnr-{family}", [*args, "--asc", "design.asc"], work, tell)
        packer, packing, bitstream = "icepack", ["design.asc", "design.bin"], work / "design.bin"
    else:
        _route(f"nextpnr-{family}", [*args, "--textcfg", "design.config"], work, tell)
        packer, packing, bitstream = "ecppack", ["--compress", "design.config", "design.bit"], work / "design.bit"
    run(find(packer), packing, work, f"{packer}.log", progress=tell)
    report: dict[str, Any] = json.loads((work / "report.json").read_text())
    fmax = {
        name: (float(clock["achieved"]), float(clock["constraint"]))
        for name, clock in sorted(report.get("fmax", {}).items())
    }
    used = {
        name: (int(kind["used"]), int(kind["available"]))
        for name, kind in sorted(report.get("utilization", {}).items())
    }
    met = all(achieved >= asked for achieved, asked in fmax.values())
    for name, (achieved, asked) in fmax.items():
        tell(f"clock {name}: {achieved:.1f} MHz, asked for {asked:.1f} MHz")
    return Routed(fmax, used, bitstream, met)


def open_ends(netlist: str) -> str:
    """Return a JSON netlist for ECP5 with the ends of its carry chains open, for each end costs nextpnr a cell.

    Open are the COUT that nothing reads, and the CIN that its cell hides (``nnfpga_first`` of ``ecp5_sums.v``).
    An open port reads ``x``: where it says nothing, nextpnr 0.11 ends in a trap.
    """
    design: dict[str, Any] = json.loads(netlist)
    for module in design["modules"].values():
        cells = list(module.get("cells", {}).values())
        ends = Counter(bit for cell in cells for bits in cell["connections"].values() for bit in bits)
        ends.update(bit for port in module.get("ports", {}).values() for bit in port["bits"])
        for cell in cells:
            if cell["type"] == "CCU2C":
                ports: dict[str, list[Any]] = cell["connections"]
                if all(ends[bit] == 1 for bit in ports["COUT"]):
                    ports["COUT"] = ["x"]
                if int(cell["attributes"].get("nnfpga_first", "0"), 2):
                    ports["CIN"] = ["x"]
    return json.dumps(design)


def _route(name: str, args: list[str], work: Path, progress: Progress) -> None:
    try:
        run(find(name), args, work, "nextpnr.log", progress=progress)
    except ToolError as error:
        log = work / "nextpnr.log"
        full = overfull(log.read_text(errors="replace")) if log.exists() else {}
        if not full:
            raise
        numbers = ", ".join(f"{used} of {available} {kind}" for kind, (used, available) in full.items())
        raise ToolError(
            f"the design is too large for the device: it takes {numbers}; fold more or take a larger device (see {log})"
        ) from error


def overfull(log: str) -> dict[str, tuple[int, int]]:
    """Return kind of cell -> (used, available) of what exceeds the device, from nextpnr's log."""
    rows = re.findall(r"^Info:\s+(\w+):\s+(\d+)\s*/\s*(\d+)\s+\d+%", log, re.MULTILINE)
    return {kind: (int(used), int(available)) for kind, used, available in rows if int(used) > int(available)}


def _relative(path: Path, work: Path) -> str:
    """YoWASP programs open files by relative names only, and from a folder that they can see."""
    return os.path.relpath(path.resolve(), work.resolve())
