"""What a board is: a chip, an oscillator, a serial line to the host, and a way to program it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from nnfpga.compiler.device import Device
from nnfpga.compiler.errors import CompileError, Problem

__all__ = ["Board", "platform_factory"]


@dataclass(frozen=True)
class Board:
    """A board that nnfpga knows. Frequencies in MHz.

    ``platform`` makes a fresh Amaranth platform (pins and connectors); ``pll_pad`` says that the oscillator's pin is
    that of a PLL, which then takes the pad for itself; ``nextpnr_args`` choose the chip, its package and its speed;
    ``programmer`` is the command that writes a bitstream file to the board, without the file.
    """

    name: str
    title: str
    device: Device
    platform: Callable[[], Any]
    oscillator: str
    oscillator_mhz: float
    pll_pad: bool
    default_clock_mhz: float
    baud: int
    nextpnr_args: tuple[str, ...]
    programmer: tuple[str, ...]

    @property
    def divisor(self) -> int:
        """Oscillator clocks per bit of the serial line."""
        return round(self.oscillator_mhz * 1e6 / self.baud)


def platform_factory(module: str, name: str) -> Callable[[], Any]:
    """Return a function that makes the platform ``name`` of ``amaranth_boards.<module>``.

    The package is imported when the function is called; it raises ``CompileError`` if the package is missing.
    """

    def make() -> Any:
        try:
            return getattr(import_module(f"amaranth_boards.{module}"), name)()
        except ImportError:
            raise CompileError(
                [Problem(f"board {module}", "the package amaranth-boards is not installed", _install(module))]
            ) from None

    return make


def _install(module: str) -> str:
    return f"run: pip install nnfpga[{'ecp5' if module.startswith('ulx3s') else 'ice40'}]"
