"""Pieces: an exact integer function of one integer, by breakpoints."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import gcd
from typing import Any, NamedTuple

import numpy as np

from ..exact import INT64_EXACT, Ints, ints, objects

__all__ = ["Line", "Pieces", "shifted"]


TABLE_LIMIT = 1 << 12  # a function of fewer integers is evaluated by a table


class Line(NamedTuple):
    """``(multiplier * v + offset) >> shift`` from ``start`` on, the shift rounding down.

    Where that is odd, ``tie`` is taken from the product before the shift; where it is even, ``-tie`` if that is
    positive. So ties that were rounded up go to the even, or the odd neighbour: still monotone.
    """

    start: int
    multiplier: int
    offset: int
    shift: int
    tie: int = 0

    def at(self, v: int) -> int:
        """The value at an integer."""
        t = self.multiplier * v + self.offset
        return shifted(t, self.shift, self.tie) if self.tie else t >> self.shift


def shifted(t: Any, shift: Any, tie: Any) -> Any:
    """``t >> shift``, ties as in :class:`Line`."""
    return (t - abs(tie) * ((t >> shift & 1) ^ (tie < 0))) >> shift if np.any(tie) else t >> shift


@dataclass(frozen=True)
class Pieces:
    """A function of the integers ``low .. high``; ``lines`` have ascending starts, the first is ``low``.

    Each line is monotone, so the function is known by its values at both sides of each breakpoint. ``error`` is how
    many units a value may be off what the real function is rounded to.
    """

    low: int
    high: int
    lines: tuple[Line, ...]
    error: int = 0

    @staticmethod
    def of(low: int, high: int, lines: Iterable[Line], error: int = 0) -> Pieces:
        """The function with equal neighbouring lines merged."""
        merged: list[Line] = []
        for line in lines:
            flat = Line(line.start, 0, line.at(0), 0) if line.multiplier == 0 else line
            if not merged or merged[-1][1:] != flat[1:]:
                merged.append(flat)
        return Pieces(low, high, tuple(merged), error)

    def on_lattice(self, step: int) -> Pieces:
        """The same function of ``low, low + step, ...``: without the lines that hold none of these."""
        if step <= 1:
            return self
        held = [line for line, (a, b) in zip(self.lines, self.ends, strict=True) if a + (self.low - a) % step <= b]
        return Pieces.of(self.low, self.high, held)

    def __call__(self, v: Ints) -> Ints:
        """The function of an array of integers in ``low .. high``."""
        values = np.asarray(v)
        if self.table is not None:
            return self.table[(values - self.low).astype(np.int64, copy=False)]
        starts, mult, off, shift, tie = self.columns
        if len(self.lines) == 1:
            which: Ints = np.zeros(values.shape, dtype=np.int64)
        else:
            which = np.searchsorted(starts, values, side="right") - 1
        if not mult.any() and not shift.any():
            return off[which]
        bound = max(abs(self.low), abs(self.high)) * max(abs(int(m)) for m in mult) + max(abs(int(o)) for o in off)
        bound += max(abs(int(t)) for t in tie)
        if bound >= INT64_EXACT:
            values, mult, off, shift, tie = map(objects, (values, mult, off, shift, tie))
        if len(self.lines) == 1:
            return ints(shifted(values * mult[0] + off[0], shift[0], tie[0]))
        return ints(shifted(values * mult[which] + off[which], shift[which], tie[which]))

    @cached_property
    def columns(self) -> tuple[Ints, Ints, Ints, Ints, Ints]:
        """Starts, multipliers, offsets, shifts and ties of the lines."""
        starts, mult, off, shift, tie = (ints(objects(list(column))) for column in zip(*self.lines, strict=True))
        return starts, mult, off, shift, tie

    @cached_property
    def table(self) -> Ints | None:
        """The values at all integers where these are few."""
        if self.high - self.low >= TABLE_LIMIT or max(abs(self.low), abs(self.high)) >= INT64_EXACT:
            return None
        ends = [end for _, end in self.ends]
        values = [line.at(v) for line, end in zip(self.lines, ends, strict=True) for v in range(line.start, end + 1)]
        return ints(objects(values))

    @property
    def ends(self) -> list[tuple[int, int]]:
        """Each line's first and last abscissa."""
        starts = [line.start for line in self.lines]
        return list(zip(starts, [*(s - 1 for s in starts[1:]), self.high], strict=True))

    @property
    def critical(self) -> list[tuple[int, int]]:
        """Abscissa and value at both ends of each line."""
        pairs = zip(self.lines, self.ends, strict=True)
        return [(v, line.at(v)) for line, (a, b) in pairs for v in ((a,) if a == b else (a, b))]

    @cached_property
    def range(self) -> tuple[int, int]:
        """Least and greatest value."""
        values = [y for _, y in self.critical]
        return min(values), max(values)

    @property
    def step(self) -> int:
        """What all differences of values are multiples of: of constants their greatest common divisor, else 1."""
        if any(line.multiplier for line in self.lines):
            return 1
        return gcd(*(line.offset - self.lines[0].offset for line in self.lines)) or 1

    @property
    def levels(self) -> int:
        """How many constant pieces it would take to write it as thresholds."""
        return 1 + sum(abs(b - a) for (_, a), (_, b) in pairwise(self.critical))

    @property
    def monotone(self) -> bool:
        """Whether it never decreases."""
        values = [y for _, y in self.critical]
        return all(a <= b for a, b in pairwise(values))

    def __str__(self) -> str:
        def text(line: Line) -> str:
            if line.multiplier == 0:
                return f"{line.start}: {line.offset}"
            factor = "v" if line.multiplier == 1 else f"{line.multiplier}v"
            body = factor + (f"{line.offset:+d}" if line.offset else "")
            even = f" ties {line.tie:+d}" if line.tie else ""
            return f"{line.start}: ({body})>>{line.shift}{even}" if line.shift else f"{line.start}: {body}"

        return "; ".join(map(text, self.lines))
