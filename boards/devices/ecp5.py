"""Lattice ECP5 (data sheet FPGA-DS-02012), speed grade 6, the slowest.

The 12F is the die of the 25F of which Lattice sells, and tests, only this part. Delays: fitted to nextpnr-ecp5 0.11 on
registered adders of 8, 16 and 24 bits and on 1, 4 and 8 LUTs in a row, the LUT taken a sixth longer than in such small
designs (docs/boards.md has the figures).
"""

from __future__ import annotations

from nnfpga.compiler.device import Device, Timing

__all__ = ["LFE5U_12F", "LFE5U_25F", "LFE5U_45F", "LFE5U_85F"]

_TIMING = Timing(lut_ns=0.7, carry_ns=0.037, overhead_ns=1.8, ram_ns=4.7, spread_ns=1.0, chain_ns=0.6)


def _lfe5u(size: str, luts: int, brams: int, dsps: int) -> Device:
    return Device(f"lfe5u-{size}", "ecp5", luts, luts, brams, 18432, dsps, _TIMING)


LFE5U_12F = _lfe5u("12f", 12_000, 32, 28)
LFE5U_25F = _lfe5u("25f", 24_288, 56, 28)
LFE5U_45F = _lfe5u("45f", 43_848, 108, 72)
LFE5U_85F = _lfe5u("85f", 83_640, 208, 156)
