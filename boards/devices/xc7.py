"""Xilinx 7 series (data sheet DS180), for LUT counts that can be compared with the literature: nothing here is routed.

Delays: Yosys' figures for ``abc9`` (a LUT's inputs 0.13 to 0.64 ns, a CARRY4 0.11, clock to output 0.30, a net 0.3)
and 0.6 ns assumed for nets across the chip.
"""

from __future__ import annotations

from nnfpga.compiler.device import Device, Timing

__all__ = ["XC7A35T"]

_TIMING = Timing(lut_ns=0.7, carry_ns=0.03, overhead_ns=1.2, ram_ns=2.7, spread_ns=0.6)

XC7A35T = Device("xc7a35t", "xc7", 20_800, 41_600, 100, 18_432, 90, _TIMING, lut_inputs=6)
