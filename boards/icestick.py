"""Lattice iCEstick: iCE40 HX1K, 12 MHz oscillator, FT2232H whose channel B is the serial line."""

from __future__ import annotations

from .board import Board, platform_factory
from .devices import HX1K

__all__ = ["ICESTICK"]

ICESTICK = Board(
    name="icestick",
    title="iCEstick",
    device=HX1K,
    platform=platform_factory("icestick", "ICEStickPlatform"),
    oscillator="clk12",
    oscillator_mhz=12.0,
    pll_pad=False,
    default_clock_mhz=48.0,
    baud=1_000_000,
    nextpnr_args=("--hx1k", "--package", "tq144"),
    programmer=("openFPGALoader", "-b", "ice40_generic"),
)
