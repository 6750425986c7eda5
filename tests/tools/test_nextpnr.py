"""What is asked of nextpnr and what is read from it; a small design is placed, routed and packed."""

import json
from pathlib import Path
from typing import Any

import pytest
from amaranth.back import rtlil
from amaranth.hdl import ClockDomain, ClockSignal, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from nnfpga.tools.errors import ToolError
from nnfpga.tools.find import find
from nnfpga.tools.nextpnr import open_ends, overfull, place_and_route
from nnfpga.tools.yosys import Family, synthesise

CHIPS: list[tuple[Family, tuple[str, ...]]] = [
    ("ice40", ("--hx1k", "--package", "tq144")), ("ecp5", ("--25k", "--package", "CABGA381")),
]  # fmt: skip


class Counter(wiring.Component):
    """Counts ``step`` up; a few dozen cells."""

    def __init__(self, width: int = 12) -> None:
        self.width = width
        super().__init__({"clk": In(1), "step": In(4), "top": Out(1)})

    def elaborate(self, platform: Any) -> Module:
        m, me = Module(), ports(self)
        m.domains.sync = ClockDomain(reset_less=True)
        m.d.comb += ClockSignal().eq(me.clk)
        count = Signal(self.width)
        m.d.sync += count.eq(count + me.step)
        m.d.comb += me.top.eq(count[-1])
        return m


def ports(made: wiring.Component) -> Any:
    """The component without a type: its ports are made at run time."""
    return made


@pytest.mark.parametrize(("family", "args"), CHIPS)
def test_a_counter_becomes_a_bitstream(tmp_path: Path, family: Family, args: tuple[str, ...]) -> None:
    try:
        find(f"nextpnr-{family}")
    except ToolError as error:
        pytest.skip(str(error))
    netlist = synthesise(rtlil.convert(Counter(), name="top"), family, "top", tmp_path / "synthesis")
    first = place_and_route(family, netlist.json_path, None, args, tmp_path / "first", freq_mhz=12.0)
    again = place_and_route(family, netlist.json_path, None, args, tmp_path / "again", freq_mhz=12.0)
    assert first.timing_met
    assert all(asked == 12.0 for _, asked in first.fmax_mhz.values())
    assert first.bitstream.read_bytes() == again.bitstream.read_bytes()
    logic = "ICESTORM_LC" if family == "ice40" else "TRELLIS_COMB"
    used, available = first.utilisation[logic]
    assert 10 <= used <= 40
    assert available in (1280, 24288)
    missed = place_and_route(family, netlist.json_path, None, args, tmp_path / "missed", freq_mhz=1500.0)
    assert not missed.timing_met


def test_open_ends_leave_everything_else() -> None:
    def cell(kind: str, first: str, cin: Any, cout: Any) -> dict[str, Any]:
        return {"type": kind, "attributes": {"nnfpga_first": first}, "connections": {"CIN": [cin], "COUT": [cout]}}

    cells = {
        "first": cell("CCU2C", "1", "0", 2), "last": cell("CCU2C", "0", 2, 3),
        "read": cell("CCU2C", "0", "0", 4), "pin": cell("CCU2C", "0", 4, 5), "other": cell("LUT4", "1", "0", 6),
    }  # fmt: skip
    design = {"modules": {"top": {"ports": {"y": {"bits": [5]}}, "cells": cells}}}
    found = json.loads(open_ends(json.dumps(design)))["modules"]["top"]["cells"]
    ends = {name: (c["connections"]["CIN"][0], c["connections"]["COUT"][0]) for name, c in found.items()}
    assert ends == {"first": ("x", 2), "last": (2, "x"), "read": ("0", 4), "pin": (4, 5), "other": ("0", 6)}


def test_overfull_names_what_exceeds() -> None:
    log = "Info: 	         ICESTORM_LC:  1400/ 1280   109%\nInfo: 	        ICESTORM_RAM:     2/   16    12%\n"
    assert overfull(log) == {"ICESTORM_LC": (1400, 1280)}


def test_too_large_is_said_with_numbers(tmp_path: Path) -> None:
    try:
        find("nextpnr-ice40")
    except ToolError as error:
        pytest.skip(str(error))
    netlist = synthesise(rtlil.convert(Counter(1400), name="top"), "ice40", "top", tmp_path / "synthesis")
    with pytest.raises(ToolError, match=r"^the design is too large for the device: it takes 1\d{3} of 1280 ICESTORM"):
        place_and_route("ice40", netlist.json_path, None, CHIPS[0][1], tmp_path / "route")
