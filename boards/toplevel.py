"""A design on a board: pads, clocks, and the network with its link inside."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import ClockDomain, Elaboratable, Module
from amaranth.lib import io

from nnfpga.rtl.top import Top

from .board import Board
from .clocking import Clocking, network_pll

__all__ = ["BoardTop"]


class BoardTop(Elaboratable):
    """``top`` on ``board``, its network at ``clock_mhz`` or the nearest lower frequency that the PLL makes.

    ``frequency_mhz`` is that frequency; the link runs from the oscillator.

    Raises ``CompileError`` if the chip cannot make the clock, ``ValueError`` if ``top`` counts another number of
    oscillator clocks per bit than the board's baud rate asks for.
    """

    def __init__(self, board: Board, top: Top, clock_mhz: float | None = None) -> None:
        if top.divisor != board.divisor:
            raise ValueError(f"UART divisor must be {board.divisor} on {board.title}, not {top.divisor!r}")
        self.board = board
        self.top = top
        self.pll = network_pll(board, board.default_clock_mhz if clock_mhz is None else clock_mhz)
        self.frequency_mhz = board.oscillator_mhz if self.pll is None else float(self.pll.o_mhz)

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        # "-" for every pin: those that nobody drives (RTS, DTR, ...) are then left alone.
        pins = platform.request("uart", dir={pin.name: "-" for pin in platform.lookup("uart").ios})
        m.domains.link = ClockDomain()
        m.domains.sync = ClockDomain()
        m.submodules.clocking = Clocking(self.board, self.pll)
        m.submodules.rx = rx = io.Buffer("i", pins.rx)
        m.submodules.tx = tx = io.Buffer("o", pins.tx)
        m.submodules.top = self.top
        m.d.comb += [self.top.rx.eq(rx.i), tx.o.eq(self.top.tx)]
        return m
