"""The routed delay of combinational logic between registers, on ECP5."""

from __future__ import annotations

from pathlib import Path

from amaranth.back import rtlil
from amaranth.hdl import ClockDomain, Module, Signal

from nnfpga.compiler.circuit.ir import Circuit
from nnfpga.compiler.circuit.values import Range
from nnfpga.rtl.logic import emit, shape_of
from nnfpga.tools.nextpnr import place_and_route
from nnfpga.tools.yosys import synthesise

from .routing import wrapped

__all__ = ["delays"]

DEVICE = ("--25k", "--package", "CABGA381", "--speed", "6")
FREQ_MHZ = 200.0


def delays(circuit: Circuit, work: Path, seeds: int, area: bool) -> list[float]:
    """Nanoseconds from register to register through a circuit of one input and one output, for each seed.

    On an LFE5U-25F, speed grade 6; with ``area`` LUTs are mapped as they are written, else by abc9, for delay.
    """
    m = Module()
    domain = ClockDomain("sync", reset_less=True)
    m.domains += domain
    (number,) = circuit.inputs
    source = Signal(shape_of(Range.of(number)), name="model_inp")
    (value,) = emit(m, circuit, [source], "v")
    result = Signal(len(value), name="model_out")
    m.d.comb += result.eq(value)
    text = rtlil.convert(m, ports=[domain.clk, source, result], name="circuit", emit_src=False)
    netlist = synthesise(wrapped(text, len(source), len(result)), "ecp5", "wrapper", work, area=area, progress=silent)
    found: list[float] = []
    for seed in range(1, seeds + 1):
        routed = place_and_route("ecp5", netlist.json_path, None, DEVICE, work, seed, FREQ_MHZ, progress=silent)
        found.append(1e3 / min(achieved for achieved, _ in routed.fmax_mhz.values()))
    return found


def silent(_: str) -> None:
    """Tell nobody."""
