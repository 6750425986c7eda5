"""The recipes keep the function and do what they promise about size."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from amaranth.back import rtlil
from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from nnfpga.sim.beats import pack, unpack_ints
from nnfpga.sim.harness import Verilog, simulate
from nnfpga.sim.verilator_engine import VerilatorEngine
from nnfpga.tools.errors import ToolError
from nnfpga.tools.find import find
from nnfpga.tools.yosys import TECHMAP, rtlil_to_verilog, synthesise, yosys

SHAPES = [(3, 3), (3, 4), (4, 3), (5, 4), (4, 5), (6, 6), (8, 6), (5, 8), (8, 7), (8, 8)]
PARTS = [(a, b, sign) for a, b in SHAPES for sign in (False, True)]
O_WIDTH = sum(a + b for a, b, _ in PARTS)


class Products(wiring.Component):
    """Products of the low bits of two 8-bit numbers, signed and unsigned, side by side; combinational."""

    def __init__(self, parts: list[tuple[int, int, bool]]) -> None:
        self.parts = parts
        super().__init__({"i": In(stream.Signature(16)), "o": Out(stream.Signature(sum(a + b for a, b, _ in parts)))})

    def elaborate(self, platform: Any) -> Module:
        m, me = Module(), component(self)
        a, b = me.i.payload[:8], me.i.payload[8:]
        found: list[Any] = []
        for wide, narrow, sign in self.parts:
            x, y = a[:wide], b[:narrow]
            product = x.as_signed() * y.as_signed() if sign else x * y
            found.append(product[: wide + narrow])
        m.d.comb += [me.i.ready.eq(me.o.ready), me.o.valid.eq(me.i.valid), me.o.payload.eq(Cat(*found))]
        return m


def component(made: wiring.Component) -> Any:
    """The component without a type: its ports are made at run time."""
    return made


def test_multipliers_for_every_input(tmp_path: Path) -> None:
    for name in ("verilator", "g++"):
        try:
            find(name)
        except ToolError as error:
            pytest.skip(str(error))
    for name in ("adders.v", "multipliers.v"):
        (tmp_path / name).write_text((TECHMAP / name).read_text())
    (tmp_path / "in.il").write_text(rtlil.convert(Products(PARTS), name="dut"))
    yosys(
        "read_rtlil in.il; proc; wreduce; opt_clean; techmap -autoproc -map adders.v -map multipliers.v;"
        " select -assert-none t:$mul; techmap; opt_clean; splitnets; clean; rename -hide w:*;"
        " write_verilog -noattr out.v",
        tmp_path,
        "log",
    )
    a, b = (v.ravel() for v in np.meshgrid(np.arange(256), np.arange(256)))
    run = simulate(
        Verilog((tmp_path / "out.v").read_text(), "dut", 16, O_WIDTH),
        pack(np.stack([a, b], 1), 8),
        len(a),
        engine=VerilatorEngine(),
        work=tmp_path / "simulation",
    )
    got = np.array(unpack_ints(run.outputs, O_WIDTH), object)
    low = 0
    for wide, narrow, sign in PARTS:
        x, y = a & (1 << wide) - 1, b & (1 << narrow) - 1
        if sign:
            x, y = (v - ((v >> (n - 1)) << n) for v, n in ((x, wide), (y, narrow)))
        expected = x * y & (1 << wide + narrow) - 1
        part = (got >> low & (1 << wide + narrow) - 1).astype(np.int64)
        wrong = np.flatnonzero(part != expected)
        assert not len(wrong), f"{wide}x{narrow} signed={sign}: {x[wrong[0]]} * {y[wrong[0]]} = {part[wrong[0]]}"
        low += wide + narrow


def test_a_signed_product_takes_few_luts(tmp_path: Path) -> None:
    found = synthesise(rtlil.convert(Products([(8, 6, True)]), name="dut"), "ice40", "dut", tmp_path)
    assert found.cells["SB_LUT4"] <= 75
    assert found.json_path.is_file()
    assert found.verilog_path.is_file()


def test_verilog_is_the_same_every_time(tmp_path: Path) -> None:
    text = rtlil.convert(Products([(3, 3, True)]), name="dut")
    first = rtlil_to_verilog(text, tmp_path / "first")
    assert first == rtlil_to_verilog(text, tmp_path / "second")
    assert first.lstrip().startswith("module dut(")


def test_what_yosys_refuses_is_told(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"^yosys failed: .*ERROR.*see .*yosys_verilog.log\)$"):
        rtlil_to_verilog("nonsense\n", tmp_path)
    with pytest.raises(ToolError, match=r"^yosys failed: "):
        synthesise(rtlil.convert(Products([(3, 3, True)]), name="dut"), "ice40", "other", tmp_path)


class Doubled(wiring.Component):
    """Each of three lanes of two bits, plus itself."""

    def __init__(self) -> None:
        super().__init__({"i": In(data.ArrayLayout(2, 3)), "o": Out(data.ArrayLayout(3, 3))})

    def elaborate(self, platform: Any) -> Module:
        m, me = Module(), component(self)
        m.d.comb += [me.o[n].eq(me.i[n] + me.i[n]) for n in range(3)]
        return m


def test_elements_of_arrays_are_not_named_like_bits(tmp_path: Path) -> None:
    """Amaranth has a wire ``i[1]`` beside ``i``: nextpnr would take it for bit 1."""
    text = rtlil.convert(Doubled(), name="dut")
    assert re.search(r"wire width \d+ \\i\[1\]", text)
    netlist = synthesise(text, "ecp5", "dut", tmp_path)
    names = json.loads(netlist.json_path.read_text())["modules"]["dut"]["netnames"]
    assert "i" in names
    assert not [name for name in names if re.search(r"\[\d+\]", name)]


@pytest.mark.parametrize("apart", [False, True])
def test_marked_registers_are_not_merged(tmp_path: Path, apart: bool) -> None:
    """Of three equal registers one is left, or all that are marked; their enable is the cells'."""
    m = Module()
    d, enable, q = Signal(4, name="d"), Signal(name="enable"), Signal(12, name="q")
    copies = [Signal(4, name=f"copy{n}", attrs={"nnfpga_apart": 1} if apart and n else {}) for n in range(3)]
    with m.If(enable):
        m.d.sync += [copy.eq(d) for copy in copies]
    m.d.comb += q.eq(Cat(copies))
    cells = synthesise(rtlil.convert(m, ports=[d, enable, q], name="dut"), "ecp5", "dut", tmp_path).cells
    assert cells["TRELLIS_FF"] == (8 if apart else 4)
    assert "LUT4" not in cells
