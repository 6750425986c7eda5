"""Radiona ULX3S: ECP5 LFE5U-12F, 25F, 45F or 85F, 25 MHz oscillator, FT231X as the serial line."""

from __future__ import annotations

from nnfpga.compiler.device import Device

from .board import Board, platform_factory
from .devices import LFE5U_12F, LFE5U_25F, LFE5U_45F, LFE5U_85F

__all__ = ["ULX3S"]


def _ulx3s(size: str, device: Device, nextpnr: str) -> Board:
    return Board(
        name=f"ulx3s-{size.lower()}",
        title=f"ULX3S {size}",
        device=device,
        platform=platform_factory("ulx3s", f"ULX3S_{size}_Platform"),
        oscillator="clk25",
        oscillator_mhz=25.0,
        pll_pad=False,
        default_clock_mhz=50.0,
        baud=1_000_000,
        nextpnr_args=(nextpnr, "--package", "CABGA381", "--speed", "6"),
        programmer=("openFPGALoader", "-b", "ulx3s"),
    )


ULX3S = (
    _ulx3s("12F", LFE5U_12F, "--12k"),
    _ulx3s("25F", LFE5U_25F, "--25k"),
    _ulx3s("45F", LFE5U_45F, "--45k"),
    _ulx3s("85F", LFE5U_85F, "--85k"),
)
