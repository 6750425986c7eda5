"""Number: the lattice of integers that a tensor's elements can take, and how they travel on wires."""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from typing import Any

import numpy as np

from .exact import Ints, ints, objects, trailing_zeros

__all__ = ["Number", "Wire"]


@dataclass(frozen=True)
class Wire:
    """How an integer travels: ``v = base + 2^shift * w`` with ``w`` of ``width`` bits, unsigned or two's complement."""

    base: int
    shift: int
    width: int
    signed: bool

    def encode(self, values: Ints) -> Ints:
        """The wire words (as non-negative integers below 2^width) of integers on the lattice."""
        return ((values - self.base) >> self.shift) & ((1 << self.width) - 1)

    def decode(self, words: Ints) -> Ints:
        """The integers that non-negative wire words stand for."""
        if self.signed:
            half = 1 << (self.width - 1)
            words = (words ^ half) - half
        return self.base + (words << self.shift)


@dataclass(frozen=True, eq=False)
class Number:
    """The integers ``low, low + step, ..., high`` of each element of a tensor.

    ``low``, ``high`` and ``step`` are integer arrays of one shape that broadcasts to the tensor's (the channel is the
    last axis): a scalar for the whole tensor, one per channel, or one per element. ``step`` is 0 where the element is
    a constant.

    Raises
    ------
    ValueError
        where ``low`` exceeds ``high``, or ``step`` does not lead from one to the other.
    """

    low: Ints
    high: Ints
    step: Ints

    @staticmethod
    def of(low: Any, high: Any, step: Any = 1) -> Number:
        """The lattice from ``low`` to ``high``; a step is reduced to 0 where both are equal."""
        a, b, s = np.broadcast_arrays(objects(low), objects(high), objects(step))
        if (a > b).any():
            raise ValueError(f"Number must have low <= high, not {a} > {b}")
        s = np.where(a == b, objects(0), s)
        if any(hi != lo and (st <= 0 or (hi - lo) % st) for lo, hi, st in zip(a.flat, b.flat, s.flat, strict=True)):
            raise ValueError(f"Number must have a positive step from low to high, not {s}")
        return Number(ints(a), ints(b), ints(s))

    @staticmethod
    def bits(width: int, signed: bool) -> Number:
        """All integers of ``width`` bits."""
        return Number.of(-(1 << (width - 1)), (1 << (width - 1)) - 1) if signed else Number.of(0, (1 << width) - 1)

    def broadcast(self, shape: tuple[int, ...]) -> Number:
        """The same lattice with one entry per element of ``shape``."""
        return Number(*(np.broadcast_to(a, shape) for a in (self.low, self.high, self.step)))

    def elements(self, shape: tuple[int, ...]) -> list[Number]:
        """One scalar lattice per element of a tensor of ``shape``, in C order."""
        b = self.broadcast(shape)
        rows = zip(b.low.flat, b.high.flat, b.step.flat, strict=True)
        return [Number(np.asarray(lo), np.asarray(hi), np.asarray(st)) for lo, hi, st in rows]

    def union(self) -> Number:
        """The smallest scalar lattice that holds the values of every element."""
        low, high, step = objects(self.low), objects(self.high), objects(self.step)
        lo, hi = min(low.flat), max(high.flat)
        return Number.of(lo, hi, gcd(*step.flat, *(v - lo for v in low.flat)) or 1)

    @property
    def max_abs(self) -> int:
        """The largest magnitude of any value."""
        return max(abs(int(self.low.min())), abs(int(self.high.max())))

    @property
    def wire(self) -> Wire:
        """How a scalar lattice travels on a wire."""
        low, high, step = int(self.low), int(self.high), int(self.step)
        if step == 0:
            return Wire(low, 0, 0, False)
        shift = trailing_zeros(step)
        base = low % (1 << shift)
        a, b = (low - base) >> shift, (high - base) >> shift
        if a >= 0:
            return Wire(base, shift, b.bit_length(), False)
        return Wire(base, shift, max((~a).bit_length(), b.bit_length()) + 1, True)

    def holds(self, values: Ints) -> bool:
        """Whether every value of a batch (elements last) lies on the lattice."""
        inside = bool(((values >= self.low) & (values <= self.high)).all())
        return inside and bool(((values - self.low) % np.maximum(self.step, 1) == 0).all())

    def __str__(self) -> str:
        if self.low.ndim and self.low.size > 1:
            one = self.union()
            return f"{one} per element" if self.low.size else "[]"
        low, high, step = (int(a.reshape(-1)[0]) for a in (self.low, self.high, self.step))
        if step == 0:
            return f"[{low}]"
        return f"[{low}..{high}]" if step == 1 else f"[{low}..{high}:{step}]"
