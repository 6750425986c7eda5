"""Memories of the folded units: what they are built from is said to synthesis as the estimates have it."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from amaranth.hdl import Module, Signal, Value, unsigned
from amaranth.lib.memory import Memory

from nnfpga.compiler.device import Device

__all__ = ["ram", "ram_count", "rom", "rom_count", "without_collisions"]

SMALL_ROM_BITS, SMALL_RAM_BITS = 1024, 64
"""Smaller constant memories, and others up to so many bits, become LUTs."""
BLOCK = {"ram_style": "block"}
NO_COLLISIONS = "nnfpga_no_collisions"
"""Attribute of the wire of a read port for ``nnfpga.tools``."""


def rom(words: Sequence[int], width: int) -> Memory:
    """A constant memory, in block RAM unless it is small: of some 64 words synthesis alone would make LUTs.

    58 words of 45 bits took 364 LUTs of iCE40 in the place of 3 of 30 block RAMs.
    """
    large = len(words) * width >= SMALL_ROM_BITS
    return Memory(shape=unsigned(width), depth=len(words), init=words, attrs=BLOCK if large else {})


def ram(depth: int, width: int) -> Memory:
    """A memory that is written, too, in block RAM unless it is very small."""
    return Memory(shape=unsigned(width), depth=depth, init=[], attrs=BLOCK if depth * width > SMALL_RAM_BITS else {})


def without_collisions(m: Module, data: Value, name: str) -> Value:
    """What a memory is read as, where that never matters while the same word is written.

    Synthesis would see to that case with a LUT and two flip-flops for each bit.
    """
    word = Signal(len(data), name=name, attrs={NO_COLLISIONS: 1})
    m.d.comb += word.eq(data)
    return word


def rom_count(depth: int, width: int, device: Device) -> int:
    """Block RAMs for a constant memory; a small one becomes LUTs."""
    return 0 if depth * width < SMALL_ROM_BITS else ram_count(depth, width, device)


def ram_count(depth: int, width: int, device: Device) -> int:
    """Block RAMs for a memory: the cheapest aspect ratio of a RAM whose widest port is a sixteenth of its depth."""
    if depth * width <= SMALL_RAM_BITS:
        return 0
    widest = 16 if device.bram_bits <= 4096 else 36
    options = [widest >> n for n in range(4)] if widest == 16 else [36, 18, 9, 4, 2, 1]
    return min(ceil(width / o) * ceil(depth / (device.bram_bits // o)) for o in options)
