"""Devices: what a chip holds and how fast it is. The instances are data in ``boards/devices/``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["GENERIC", "Device", "Timing"]


@dataclass(frozen=True)
class Timing:
    """Delays in nanoseconds, for estimates before synthesis.

    ``lut_ns`` is one LUT with the routing behind it, ``carry_ns`` one bit of a carry chain, ``overhead_ns`` clock to
    output, setup and the routing of a register to register path, ``ram_ns`` a block RAM's clock to output.
    ``spread_ns`` is what a net takes more in an unrolled network, whose values go all over the chip, ``chain_ns`` what
    the way onto a carry chain and off it takes more than a LUT.
    """

    lut_ns: float
    carry_ns: float
    overhead_ns: float
    ram_ns: float
    spread_ns: float = 0.0
    chain_ns: float = 0.0


@dataclass(frozen=True)
class Device:
    """A chip: how much of everything it has.

    ``family`` is Yosys' and nextpnr's name (``ice40``, ``ecp5``); ``synthesis`` are options of Yosys' command for the
    family that say which of its chips it is. With ``lut_inputs`` of 6 a carry chain adds three words. A multiplier
    block takes factors of up to ``factor`` bits.
    """

    name: str
    family: str
    luts: int
    ffs: int
    brams: int
    bram_bits: int
    dsps: int
    timing: Timing
    lut_inputs: int = 4
    synthesis: tuple[str, ...] = ()
    factor: int = 18

    @property
    def limited(self) -> bool:
        """Whether there is a chip to fit."""
        return self != GENERIC

    def in_luts(self, used: Mapping[str, int]) -> float:
        """LUTs (``lut``), and as many for a block RAM (``bram``) and a multiplier (``dsp``) as the chip has to each."""
        blocks = (("bram", self.brams), ("dsp", self.dsps))
        return used["lut"] + sum(used[kind] * self.luts / has for kind, has in blocks if used[kind])


GENERIC = Device("generic", "generic", 10**9, 10**9, 10**9, 4096, 0, Timing(0.6, 0.05, 1.5, 2.5))
"""No chip: everything up to RTL, without limits."""
