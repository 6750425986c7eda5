# amaranth: UnusedElaboratable=no
from __future__ import annotations

import re
from typing import Any

import pytest
from amaranth.hdl import Module, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from nnfpga import boards
from nnfpga.boards.build import BuildInputs, prepare
from nnfpga.boards.toplevel import BoardTop
from nnfpga.compiler.errors import CompileError
from nnfpga.rtl.top import Top


class Increment(wiring.Component):
    """Adds one to each byte."""

    i: stream.Interface
    o: stream.Interface

    def __init__(self) -> None:
        shape = data.ArrayLayout(unsigned(8), 1)
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.d.comb += self.i.ready.eq(~self.o.valid | self.o.ready)
        with m.If(self.i.ready):
            m.d.sync += [self.o.valid.eq(self.i.valid), self.o.payload[0].eq(self.i.payload[0] + 1)]
        return m


def inputs(board: boards.Board, clock_mhz: float | None = None) -> BuildInputs:
    top = Top(Increment(), board.divisor, 8, 1, 4, 8, 1, 4, False)
    return prepare(BoardTop(board, top, clock_mhz), "design")


PINS = {
    "icebreaker": {"clk12": "35", "rx": "6", "tx": "9"},
    "icestick": {"clk12": "21", "rx": "9", "tx": "8"},
    "ulx3s": {"clk25": "G2", "rx": "M1", "tx": "L4"},
}
PLLS = {"icebreaker": "SB_PLL40_2_PAD", "icestick": "SB_PLL40_CORE", "ulx3s": "EHXPLLL"}


@pytest.mark.parametrize("name", boards.names())
def test_inputs(name: str) -> None:
    board = boards.find(name)
    got = inputs(board)
    kind = name.partition("-")[0]
    assert got == inputs(board), "not deterministic"
    assert (got.name, got.family, got.nextpnr_args) == ("design", board.device.family, board.nextpnr_args)
    assert got.frequency_mhz == board.default_clock_mhz
    assert f"cell \\{PLLS[kind]}" in got.rtlil
    assert ".py" not in got.rtlil, "names source files of this machine"

    if got.constraints_suffix == ".pcf":
        pins = dict(re.findall(r"set_io (\S+) (\S+)", got.constraints))
        assert f"set_frequency clocking.link {board.oscillator_mhz}" in got.constraints
    else:
        assert got.constraints_suffix == ".lpf"
        pins = dict(re.findall(r'LOCATE COMP "(\S+)" SITE "(\S+)";', got.constraints))
        assert f'FREQUENCY NET "clocking.link" {board.oscillator_mhz * 1e6} HZ;' in got.constraints
    short = {next(part for part in PINS[kind] if part in port): pin for port, pin in pins.items()}
    assert short == PINS[kind]
    assert len(pins) == 3, "only the pins of clock and serial line"


def test_oscillator_as_network_clock_needs_no_pll() -> None:
    got = inputs(boards.find("icestick"), 12)
    assert got.frequency_mhz == 12
    assert "PLL" not in got.rtlil


def test_clock_is_never_above_the_request() -> None:
    assert inputs(boards.find("icebreaker"), 31).frequency_mhz == pytest.approx(30.75)
    assert inputs(boards.find("ulx3s-25f"), 61).frequency_mhz == pytest.approx(425 / 7)


def test_refusals() -> None:
    board = boards.find("icebreaker")
    with pytest.raises(CompileError, match=r"^clock: the PLL of this chip cannot make 8 MHz; ask for 16 to 275 MHz$"):
        inputs(board, 8)
    with pytest.raises(ValueError, match=r"^UART divisor must be 12 on iCEBreaker, not 25$"):
        BoardTop(board, Top(Increment(), 25, 8, 1, 4, 8, 1, 4, False))
    top = BoardTop(board, Top(Increment(), 12, 8, 1, 4, 8, 1, 4, False))
    with pytest.raises(ValueError, match=r"^Design name must be a word of letters, digits and underscores, not 'a b'$"):
        prepare(top, "a b")
