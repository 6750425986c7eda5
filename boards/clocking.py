"""The two clocks of a design: ``link`` from the oscillator, ``sync`` for the network, and their resets."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from amaranth.hdl import Cat, ClockDomain, ClockSignal, Const, Elaboratable, Instance, Module, Signal
from amaranth.lib import io
from amaranth.lib.cdc import FFSynchronizer, ResetSynchronizer

from .board import Board
from .pll import Ecp5Pll, Ice40Pll, ecp5_pll, ice40_pll

__all__ = ["Clocking", "network_pll"]

_SETTLE_BITS = 8
"""256 oscillator clocks, 10 us at least: iCE40 block RAMs read as zero for 3 us after configuration."""


def network_pll(board: Board, clock_mhz: float) -> Ice40Pll | Ecp5Pll | None:
    """Return the PLL that makes the network clock, None where the oscillator itself will do.

    Raises ``CompileError`` if the board's chip cannot make that clock.
    """
    if Fraction(clock_mhz) == Fraction(board.oscillator_mhz):
        return None
    make = ice40_pll if board.device.family == "ice40" else ecp5_pll
    return make(Fraction(board.oscillator_mhz), Fraction(clock_mhz))


class Clocking(Elaboratable):
    """Drives the domains ``link`` (from the oscillator) and ``sync`` (from a PLL, or the oscillator).

    The module around it defines the two, so that what is beside it may use them.

    Both resets are high from configuration until the PLL has been locked for 256 oscillator clocks, and again when it
    loses its lock; each is released in its own clock.

    Parameters
    ----------
    board: whose oscillator it is.
    pll: settings from :func:`network_pll`.
    """

    def __init__(self, board: Board, pll: Ice40Pll | Ecp5Pll | None) -> None:
        self.board = board
        self.pll = pll

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        pad = platform.request(self.board.oscillator, dir="-")
        link = Signal()
        sync = Signal()
        lock = Signal()

        if isinstance(self.pll, Ice40Pll) and self.board.pll_pad:
            m.submodules.pll = _ice40_pad_instance(self.pll, pad, link, sync, lock)
        else:
            m.submodules.pad = buffer = io.Buffer("i", pad)
            m.d.comb += link.eq(buffer.i)
            if isinstance(self.pll, Ice40Pll):
                m.submodules.pll = _ice40_core_instance(self.pll, link, sync, lock)
            elif isinstance(self.pll, Ecp5Pll):
                m.submodules.pll = _ecp5_instance(self.pll, link, sync, lock)
            else:
                m.d.comb += [sync.eq(link), lock.eq(1)]

        m.domains.settle = ClockDomain(local=True, reset_less=True)
        m.d.comb += [ClockSignal("link").eq(link), ClockSignal("sync").eq(sync), ClockSignal("settle").eq(link)]

        locked = Signal()
        clocks = Signal(_SETTLE_BITS)
        settled = Signal()
        m.submodules.lock = FFSynchronizer(lock, locked, o_domain="settle")
        with m.If(~locked):
            m.d.settle += [clocks.eq(0), settled.eq(0)]
        with m.Elif(~settled):
            m.d.settle += Cat(clocks, settled).eq(clocks + 1)
        m.submodules.link_reset = ResetSynchronizer(~settled, domain="link")
        m.submodules.sync_reset = ResetSynchronizer(~settled, domain="sync")

        # nextpnr derives the constraint of a PLL's output from that of its input and from its dividers.
        platform.add_clock_constraint(link, self.board.oscillator_mhz * 1e6)
        return m


def _ice40_dividers(pll: Ice40Pll) -> dict[str, Any]:
    return {
        "p_FEEDBACK_PATH": "SIMPLE",
        "p_DIVR": Const(pll.divr, 4),
        "p_DIVF": Const(pll.divf, 7),
        "p_DIVQ": Const(pll.divq, 3),
        "p_FILTER_RANGE": Const(pll.filter_range, 3),
        "i_RESETB": Const(1),
        "i_BYPASS": Const(0),
    }


def _ice40_pad_instance(pll: Ice40Pll, pad: Any, link: Signal, sync: Signal, lock: Signal) -> Instance:
    """The PLL owns the pad: output A is the oscillator as it comes, output B the PLL's clock."""
    return Instance(
        "SB_PLL40_2_PAD",
        p_PLLOUT_SELECT_PORTB="GENCLK",
        i_PACKAGEPIN=pad.io,
        o_PLLOUTGLOBALA=link,
        o_PLLOUTGLOBALB=sync,
        o_LOCK=lock,
        **_ice40_dividers(pll),
    )


def _ice40_core_instance(pll: Ice40Pll, link: Signal, sync: Signal, lock: Signal) -> Instance:
    return Instance(
        "SB_PLL40_CORE",
        p_PLLOUT_SELECT="GENCLK",
        i_REFERENCECLK=link,
        o_PLLOUTGLOBAL=sync,
        o_LOCK=lock,
        **_ice40_dividers(pll),
    )


def _ecp5_instance(pll: Ecp5Pll, link: Signal, sync: Signal, lock: Signal) -> Instance:
    return Instance(
        "EHXPLLL",
        a_FREQUENCY_PIN_CLKI=f"{float(pll.i_mhz):g}",
        a_FREQUENCY_PIN_CLKOP=f"{float(pll.o_mhz):g}",
        a_ICP_CURRENT="12",  # with LPF_RESISTOR and MFG_*: the loop filter as ecppll (Project Trellis) sets it
        a_LPF_RESISTOR="8",
        a_MFG_ENABLE_FILTEROPAMP="1",
        a_MFG_GMCREF_SEL="2",
        p_FEEDBK_PATH="CLKOP",
        p_CLKI_DIV=pll.clki_div,
        p_CLKFB_DIV=pll.clkfb_div,
        p_CLKOP_DIV=pll.clkop_div,
        p_CLKOP_ENABLE="ENABLED",
        p_CLKOP_CPHASE=max(pll.clkop_div // 2 - 1, 0),
        p_CLKOP_FPHASE=0,
        i_CLKI=link,
        i_CLKFB=sync,
        i_RST=Const(0),
        i_STDBY=Const(0),
        i_ENCLKOP=Const(0),
        i_PLLWAKESYNC=Const(0),
        i_PHASESEL0=Const(0),
        i_PHASESEL1=Const(0),
        i_PHASEDIR=Const(1),
        i_PHASESTEP=Const(1),
        i_PHASELOADREG=Const(1),
        o_CLKOP=sync,
        o_LOCK=lock,
    )
