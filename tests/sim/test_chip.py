"""Netlists and whole chips against what the hardware description says, on a small design with a memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from amaranth.back import rtlil
from amaranth.hdl import Module, Signal, unsigned
from amaranth.lib import data, memory, stream, wiring
from amaranth.lib.wiring import In, Out

from nnfpga import boards
from nnfpga.boards.build import prepare
from nnfpga.boards.host import Decoder, Frame, encode
from nnfpga.boards.toplevel import BoardTop
from nnfpga.rtl.top import Top
from nnfpga.sim.beats import pack, unpack
from nnfpga.sim.chip import listen, netlist_chip, open_chip, rtl_chip
from nnfpga.sim.compare import compare
from nnfpga.sim.gates import NoModelError, gate_engine, gate_level, gates
from nnfpga.sim.harness import simulate
from nnfpga.tools.errors import ToolError
from nnfpga.tools.find import find
from nnfpga.tools.yosys import Family, Netlist, rtlil_to_verilog, synthesise

LAYOUT = data.ArrayLayout(unsigned(8), 1)
SECRET = [(37 * n + 11) % 256 for n in range(256)]


def missing() -> str:
    """What a chip's simulation lacks on this machine."""
    try:
        find("verilator")
        find("g++")
    except ToolError as error:
        return str(error)
    return ""


pytestmark = pytest.mark.skipif(bool(missing()), reason=missing() or "nothing")


class Scrambler(wiring.Component):
    """Each byte becomes ``SECRET[byte]`` plus how many came before."""

    def __init__(self) -> None:
        super().__init__({"i": In(stream.Signature(LAYOUT)), "o": Out(stream.Signature(LAYOUT))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.rom = rom = memory.Memory(shape=unsigned(8), depth=256, init=SECRET)
        read = rom.read_port()
        count, enable = Signal(8), Signal()
        m.d.comb += [
            enable.eq(~self.o.valid | self.o.ready),
            self.i.ready.eq(enable),
            read.en.eq(enable),
            read.addr.eq(self.i.payload[0]),
            self.o.payload[0].eq(read.data + count),
        ]
        with m.If(enable):
            m.d.sync += self.o.valid.eq(self.i.valid)
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += count.eq(count + 1)
        return m


def expected(values: np.ndarray) -> np.ndarray:
    return (np.array(SECRET)[values] + np.arange(len(values))) % 256


def netlist(family: Family, work: Path) -> Netlist:
    return synthesise(rtlil.convert(Scrambler(), name="dut", emit_src=False), family, "dut", work)


@pytest.mark.parametrize("family", ["ice40", "ecp5"])
def test_netlist_equals_reference(family: Family, tmp_path: Path) -> None:
    values = np.random.default_rng(1).integers(0, 256, 300)
    made = netlist(family, tmp_path / "synthesis")
    verilog, found = gate_level(made, 8, 8, tmp_path / "gates")
    assert f"{family}_map.v" in found.models
    beats, engine = pack(values[:, None], 8), gate_engine(1000)
    run = simulate(verilog, beats, 300, engine=engine, stall_in=0.3, work=tmp_path / "run")
    got = unpack(run.outputs, 8)[:, 0]
    assert compare(expected(values), got) is None
    assert compare(expected(values) ^ (np.arange(300) == 7), got) is not None


def test_mutated_netlist_is_noticed(tmp_path: Path) -> None:
    values = np.random.default_rng(1).integers(0, 256, 300)
    made = netlist("ice40", tmp_path / "synthesis")
    verilog, _ = gate_level(made, 8, 8, tmp_path / "gates")
    flipped = type(verilog)(verilog.text.replace(" & ", " | ", 1), verilog.top, 8, 8)
    assert flipped.text != verilog.text
    run = simulate(flipped, pack(values[:, None], 8), 300, engine=gate_engine(1000), work=tmp_path / "run")
    assert compare(expected(values), unpack(run.outputs, 8)[:, 0]) is not None


def test_cells_without_a_model_are_named(tmp_path: Path) -> None:
    made = Netlist("ecp5", "dut", tmp_path / "a", tmp_path / "b", tmp_path / "c", {"PDPW16KD": 1, "LUT4": 2})
    with pytest.raises(
        NoModelError, match=r"^cells PDPW16KD have no simulation model yet: the netlist was not simulated$"
    ):
        gates(made, tmp_path)


@pytest.mark.parametrize("name", ["icebreaker", "icestick", "ulx3s-25f"])
def test_frames_through_the_pads(name: str, tmp_path: Path) -> None:
    board = boards.find(name)
    design = BoardTop(board, Top(Scrambler(), board.divisor, 8, 1, 4, 8, 1, 4, False))
    inputs = prepare(design)
    family: Family = "ecp5" if inputs.family == "ecp5" else "ice40"
    made = synthesise(inputs.rtlil, family, inputs.name, tmp_path / "synthesis")
    chip = netlist_chip(gates(made, tmp_path / "gates", pads=True), inputs.name)
    with open_chip(chip, board.divisor, board.oscillator_mhz, design.frequency_mhz, tmp_path / "chip") as session:
        decoder, count = Decoder(), 0
        for seq, payload in enumerate([b"\x00\x01\x02\x03", b"\xc0\xdb\xdc\xff"]):
            session.send(b"noise\xc0" + encode(seq, payload))
            answers = next(frames for part in listen(session, 60) if (frames := decoder.feed(part)))
            want = bytes((SECRET[b] + count + n) % 256 for n, b in enumerate(payload))
            assert answers == [Frame(seq, want)]
            count += len(payload)


def test_rtl_of_a_chip_answers(tmp_path: Path) -> None:
    top = Top(Scrambler(), 12, 8, 1, 4, 8, 1, 4, False)
    verilog = rtl_chip(rtlil_to_verilog(rtlil.convert(top, name="chip", emit_src=False), tmp_path / "verilog"))
    with open_chip(verilog, 12, 12.0, 31.0, tmp_path / "chip") as session:
        decoder = Decoder()
        session.send(encode(5, b"abcd"))
        answers = next(frames for part in listen(session, 60) if (frames := decoder.feed(part)))
    assert answers == [Frame(5, bytes((SECRET[b] + n) % 256 for n, b in enumerate(b"abcd")))]
