"""Canonical signed digits of constants."""

from __future__ import annotations

from collections.abc import Iterator

from ..exact import Ints

__all__ = ["csd", "digit_count"]


def csd(value: int) -> Iterator[tuple[int, int]]:
    """Shift and sign of each canonical signed digit."""
    shift = 0
    while value:
        if value & 1:
            sign = 2 - (value & 3)
            value -= sign
            yield shift, sign
        value >>= 1
        shift += 1


def digit_count(weights: Ints) -> int:
    """The number of non-zero canonical signed digits of all weights: those of ``w`` are the bits of ``3 w xor w``."""
    return sum((3 * w ^ w).bit_count() for w in map(abs, weights.reshape(-1).tolist()))
