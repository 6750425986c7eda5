"""Lattice iCE40 (data sheets FPGA-DS-02029 and FPGA-DS-02008).

Delays: fitted to nextpnr-ice40 0.11 on registered adders of 8, 16 and 24 bits and on 1, 4 and 8 LUTs in a row, the LUT
taken a sixth longer than in such small designs (docs/boards.md has the figures).
"""

from __future__ import annotations

from nnfpga.compiler.device import Device, Timing

__all__ = ["HX1K", "UP5K"]

HX1K = Device(
    name="hx1k",
    family="ice40",
    luts=1280,
    ffs=1280,
    brams=16,
    bram_bits=4096,
    dsps=0,
    timing=Timing(lut_ns=1.05, carry_ns=0.15, overhead_ns=0.7, ram_ns=2.9),
)

UP5K = Device(
    name="up5k",
    family="ice40",
    luts=5280,
    ffs=5280,
    brams=30,
    bram_bits=4096,
    dsps=8,
    timing=Timing(lut_ns=3.1, carry_ns=0.35, overhead_ns=1.8, ram_ns=5.5),
    synthesis=("-device", "u"),
    factor=16,
)
