"""Products of two variables: what each takes as logic, and which of them the chip's multiplier blocks take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..device import Device

__all__ = ["Product", "allot"]

NARROWEST = 3
"""Bits of a factor from which a product is rows of sums (``techmap/multipliers.v``); smaller ones are never blocks."""


@dataclass(frozen=True)
class Product:
    """Equal products beside each other: the bits of the wider and of the narrower factor, and how many there are.

    Factors are signed words if one of them is: an unsigned one has a bit more then. ``luts`` is what one product takes
    as logic: two LUTs for each bit of a row, a row for two bits of the narrower factor.
    """

    wide: int
    narrow: int
    signed: bool = True
    count: int = 1

    @staticmethod
    def of(a: tuple[int, bool], b: tuple[int, bool], count: int = 1) -> Product:
        """Of factors with so many bits, signed or not."""
        signed = a[1] or b[1]
        narrow, wide = sorted(width + (signed and not s) for width, s in (a, b))
        return Product(wide, narrow, signed, count)

    @property
    def luts(self) -> float:
        """What one of them takes as logic."""
        wide, narrow = (width + (not self.signed) for width in (self.wide, self.narrow))
        return 2 * (narrow // 2) * (wide + 2) + wide

    def blocks(self, device: Device) -> int:
        """Multiplier blocks for one of them; 0 where it stays logic."""
        if self.narrow < NARROWEST:
            return 0
        return -(-self.wide // device.factor) * -(-self.narrow // device.factor)


def allot(products: Sequence[Product], device: Device) -> list[int]:
    """How many of each kind go into the device's blocks: first those that save most LUTs a block, then as listed."""
    needed = [p.blocks(device) for p in products]
    order = sorted((n for n, each in enumerate(needed) if each), key=lambda n: -products[n].luts / needed[n])
    left, taken = device.dsps, [0] * len(products)
    for n in order:
        taken[n] = min(products[n].count, left // needed[n])
        left -= taken[n] * needed[n]
    return taken
