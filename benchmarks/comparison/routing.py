"""Placement and routing of either tool's circuit between the same registers."""

from __future__ import annotations

import json
import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from amaranth.back import rtlil
from amaranth.hdl import Cat, ClockDomain, Instance, Module, Signal

from nnfpga.tools.errors import ToolError
from nnfpga.tools.find import find
from nnfpga.tools.run import run

from .synthesis import Recipe, counted, sites

__all__ = ["Routed", "Setting", "prepare", "route", "wrapped", "wrapper_sites"]

LOADED = 4
"""How much longer than its processor time nextpnr may take on a machine that does other work too."""

DEVICE = ("--85k", "--package", "CABGA381", "--speed", "6")


@dataclass(frozen=True)
class Setting:
    """How all are routed: nextpnr's router, the clock that it aims at, other options, and its processor seconds."""

    router: str = "router1"
    freq_mhz: float = 200.0
    options: tuple[str, ...] = ()
    limit_seconds: float = 900.0


@dataclass(frozen=True)
class Routed:
    """What one seed gave: MHz (0: not routed in time), and nextpnr's seconds."""

    mhz: float
    cpu_seconds: float
    wall_seconds: float


def wrapped(circuit: str, inputs: int, outputs: int) -> str:
    """The circuit, RTLIL, in a module ``wrapper`` of three pins.

    A shift register holds the inputs; a register folds each result into itself (``r <= rotate(r) ^ result``), so
    that every bit of every result counts. Registers have no reset. Those of the inputs start with 1, the circuit's with
    0: otherwise a circuit's copy of an input bit, being the next bit of the scan, would be merged with that one.
    """
    m = Module()
    domain = ClockDomain("sync", reset_less=True)
    m.domains += domain
    serial, last = Signal(name="scan_in"), Signal(name="scan_out")
    source, result, kept = Signal(inputs, init=(1 << inputs) - 1), Signal(outputs), Signal(outputs)
    m.submodules.circuit = Instance("circuit", i_clk=domain.clk, i_model_inp=source, o_model_out=result)
    m.d.sync += [source.eq(Cat(serial, source)), kept.eq(Cat(kept[-1], kept) ^ result)]
    m.d.comb += last.eq(kept[-1])
    top = rtlil.convert(m, ports=[domain.clk, serial, last], name="wrapper", emit_src=False)
    return circuit + "\n" + top


def wrapper_sites(inputs: int, outputs: int, recipe: Recipe, work: Path) -> int:
    """LUT sites of the wrapper around wires."""
    m = Module()
    clock, source, result = Signal(name="clk"), Signal(inputs, name="model_inp"), Signal(outputs, name="model_out")
    m.d.comb += result.eq(Cat(source[n % inputs] for n in range(outputs)))
    wires = rtlil.convert(m, ports=[clock, source, result], name="circuit", emit_src=False)
    recipe(wrapped(wires, inputs, outputs), "ecp5", "wrapper", work)
    packed = sites("ecp5", work)
    assert packed is not None
    return packed


def prepare(circuit: str, inputs: int, outputs: int, recipe: Recipe, work: Path) -> dict[str, int]:
    """Make the wrapped circuit's ``netlist.json``: LUT sites, flip-flops, and LUT sites without the wrapper."""
    cells = recipe(wrapped(circuit, inputs, outputs), "ecp5", "wrapper", work)
    packed = sites("ecp5", work) or counted(cells, "ecp5")["lut"]
    around = wrapper_sites(inputs, outputs, recipe, work / "wrapper")
    return {"sites": packed, "own_sites": packed - around, "ff": counted(cells, "ecp5")["ff"]}


def route(seed: int, how: Setting, work: Path) -> Routed:
    """``netlist.json`` of a folder on an LFE5U-85F, speed grade 6."""
    report = work / f"report{seed}.json"
    report.unlink(missing_ok=True)
    arguments = ["--json", "netlist.json", *DEVICE, "--router", how.router, "--freq", f"{how.freq_mhz:g}", "--seed",
                 str(seed), "--timing-allow-fail", "--report", report.name, *how.options]  # fmt: skip
    wall, cpu = time.monotonic(), cpu_of_children()
    mhz = 0.0
    try:
        run(find("nextpnr-ecp5"), arguments, work, f"route{seed}.log", timeout=LOADED * how.limit_seconds)
        clocks: dict[str, Any] = json.loads(report.read_text())["fmax"]
        mhz = min(float(clock["achieved"]) for clock in clocks.values())
    except ToolError as error:
        if "did not end" not in str(error):
            raise
    cpu = cpu_of_children() - cpu
    return Routed(mhz if cpu <= how.limit_seconds else 0.0, cpu, time.monotonic() - wall)


def cpu_of_children() -> float:
    """Processor seconds of all programs that ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
