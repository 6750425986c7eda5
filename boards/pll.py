"""Divider settings of the PLLs: the nearest frequency that they can make and that is not above the request.

Sources: Lattice "iCE40 sysCLOCK PLL Design and User Guide" (FPGA-TN-02052) and "ECP5 and ECP5-5G sysCLOCK PLL/DLL
Design and User Guide" (FPGA-TN-02200). Frequencies in MHz; rationals, so that nothing is lost to rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from nnfpga.compiler.errors import CompileError, Problem

__all__ = ["Ecp5Pll", "Ice40Pll", "ecp5_pll", "ice40_pll"]

_T = TypeVar("_T")


@dataclass(frozen=True)
class Ice40Pll:
    """SB_PLL40 with FEEDBACK_PATH SIMPLE: out = in * (divf + 1) / (divr + 1) / 2**divq."""

    i_mhz: Fraction
    divr: int
    divf: int
    divq: int

    @property
    def pfd_mhz(self) -> Fraction:
        """Phase detector: 10 to 133."""
        return self.i_mhz / (self.divr + 1)

    @property
    def vco_mhz(self) -> Fraction:
        """Oscillator: 533 to 1066."""
        return self.pfd_mhz * (self.divf + 1)

    @property
    def o_mhz(self) -> Fraction:
        """Output: 16 to 275."""
        return self.vco_mhz / (1 << self.divq)

    @property
    def filter_range(self) -> int:
        """The loop filter for the phase detector's frequency, as icepll (Project IceStorm) chooses it."""
        return 1 + sum(self.pfd_mhz >= limit for limit in (17, 26, 44, 66, 101))


@dataclass(frozen=True)
class Ecp5Pll:
    """EHXPLLL with feedback from CLKOP: out = in / clki_div * clkfb_div, oscillator = out * clkop_div."""

    i_mhz: Fraction
    clki_div: int
    clkfb_div: int
    clkop_div: int

    @property
    def pfd_mhz(self) -> Fraction:
        """Phase detector: 3.125 to 400."""
        return self.i_mhz / self.clki_div

    @property
    def o_mhz(self) -> Fraction:
        """Output: 3.125 to 400."""
        return self.pfd_mhz * self.clkfb_div

    @property
    def vco_mhz(self) -> Fraction:
        """Oscillator: 400 to 800."""
        return self.o_mhz * self.clkop_div


def ice40_pll(i_mhz: float | Fraction, o_mhz: float | Fraction) -> Ice40Pll:
    """Return the settings for the highest output not above ``o_mhz``; of equals the one with the fastest detector.

    Raises ``CompileError`` if the request is not 16 to 275 MHz or the input allows no setting.
    """
    i, o = Fraction(i_mhz), Fraction(o_mhz)
    _check(o, 16, 275)
    found: list[Ice40Pll] = []
    for divr in range(16):
        pfd = i / (divr + 1)
        if not 10 <= pfd <= 133:
            continue
        for divq in range(1, 7):
            divf = min(o * (1 << divq) // pfd, 1066 // pfd, 128) - 1
            if divf < 0:
                continue
            pll = Ice40Pll(i, divr, int(divf), divq)
            if 533 <= pll.vco_mhz <= 1066 and 16 <= pll.o_mhz <= o:
                found.append(pll)
    return _best(i, o, [(pll.o_mhz, pll.pfd_mhz, pll.vco_mhz, pll) for pll in found])


def ecp5_pll(i_mhz: float | Fraction, o_mhz: float | Fraction) -> Ecp5Pll:
    """Return the settings for the highest output not above ``o_mhz``; of equals the one with the fastest detector.

    Raises ``CompileError`` if the request is not 3.125 to 400 MHz or the input allows no setting.
    """
    i, o = Fraction(i_mhz), Fraction(o_mhz)
    _check(o, Fraction(25, 8), 400)
    found: list[Ecp5Pll] = []
    for clki_div in range(1, 129):
        pfd = i / clki_div
        if not Fraction(25, 8) <= pfd <= 400:
            continue
        clkfb_div = min(int(o // pfd), 128)
        if clkfb_div < 1 or pfd * clkfb_div < Fraction(25, 8):
            continue
        clkop_div = min(int(800 // (pfd * clkfb_div)), 128)
        pll = Ecp5Pll(i, clki_div, clkfb_div, clkop_div)
        if clkop_div >= 1 and 400 <= pll.vco_mhz <= 800:
            found.append(pll)
    return _best(i, o, [(pll.o_mhz, pll.pfd_mhz, pll.vco_mhz, pll) for pll in found])


def _check(o_mhz: Fraction, low: Fraction | int, high: int) -> None:
    if not low <= o_mhz <= high:
        raise CompileError(
            [
                Problem(
                    "clock",
                    f"the PLL of this chip cannot make {float(o_mhz):g} MHz",
                    f"ask for {float(low):g} to {high} MHz",
                )
            ]
        )


def _best(i_mhz: Fraction, o_mhz: Fraction, found: list[tuple[Fraction, Fraction, Fraction, _T]]) -> _T:
    if not found:
        raise CompileError(
            [
                Problem(
                    "clock",
                    f"the PLL of this chip cannot make {float(o_mhz):g} MHz, or a little less, of {float(i_mhz):g} MHz",
                    "ask for another clock",
                )
            ]
        )
    return max(found, key=lambda item: item[:3])[3]
