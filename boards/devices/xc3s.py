"""Xilinx Spartan-3 (data sheet DS099), for LUT counts that can be compared with the literature: nothing here is routed.

Delays: none were measured, those of 7 series doubled.
"""

from __future__ import annotations

from nnfpga.compiler.device import Device, Timing

__all__ = ["XC3S200"]

XC3S200 = Device("xc3s200", "xc3s", 3_840, 3_840, 12, 18_432, 12, Timing(1.4, 0.06, 2.4, 5.4, 1.2))
