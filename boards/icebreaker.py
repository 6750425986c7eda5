"""1BitSquared iCEBreaker: iCE40 UP5K, 12 MHz oscillator, FT2232H whose channel B is the serial line."""

from __future__ import annotations

from .board import Board, platform_factory
from .devices import UP5K

__all__ = ["ICEBREAKER"]

ICEBREAKER = Board(
    name="icebreaker",
    title="iCEBreaker",
    device=UP5K,
    platform=platform_factory("icebreaker", "ICEBreakerPlatform"),
    oscillator="clk12",
    oscillator_mhz=12.0,
    pll_pad=True,
    default_clock_mhz=24.0,
    baud=1_000_000,
    nextpnr_args=("--up5k", "--package", "sg48"),
    programmer=("openFPGALoader", "-b", "ice40_generic"),
)
