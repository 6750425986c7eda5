"""What a function unit may give: for each input code the least and the greatest output code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

import numpy as np

from ..circuit.values import Range
from ..errors import CompileError
from ..exact import Ints
from ..formats import Format
from ..real import Reals
from .expression import Expression

__all__ = ["MAX_BITS", "Target", "target_of"]

MAX_BITS = 16
PRECISIONS = (80, 160, 320, 640, 1280)

Decide = Callable[[Fraction, Fraction], tuple[int, int]]
"""From bounds of a value, in units of the output, to its least and greatest code."""


@dataclass(frozen=True, eq=False)
class Target:
    """Codes ``first ..`` of the input, ascending, and ``low[i] .. high[i]`` of the output that are allowed for them.

    There are ``2^bits`` input codes; ``first`` is 0 or ``-2^(bits-1)``.
    """

    bits: int
    signed: bool
    low: Ints
    high: Ints

    def __post_init__(self) -> None:
        if len(self.low) != 1 << self.bits or len(self.high) != 1 << self.bits:
            raise ValueError(f"target must have {1 << self.bits} codes, not {len(self.low)}")
        if not (self.low <= self.high).all():
            raise ValueError("target must allow an output for every input")

    @staticmethod
    def of(first: int, low: Sequence[int] | Ints, high: Sequence[int] | Ints) -> Target:
        """What is allowed for the integers ``first, first + 1, ...``; other codes of as many bits never come."""
        last = first + len(low) - 1
        domain = Range(first, last)
        bits = max(domain.width, 1)
        start = -(1 << bits - 1) if domain.signed else 0
        below, above = first - start, (1 << bits) - 1 - (last - start)
        least, most = (np.pad(np.asarray(side, dtype=np.int64), (below, above), constant_values=int(end))
                       for side, end in ((low, min(low)), (high, max(high))))  # fmt: skip
        return Target(bits, domain.signed, least, most)

    @property
    def first(self) -> int:
        """The least input code."""
        return -(1 << self.bits - 1) if self.signed else 0

    @property
    def codes(self) -> Ints:
        """The input codes, ascending."""
        return np.arange(self.first, self.first + (1 << self.bits), dtype=np.int64)

    def holds(self, outputs: Ints) -> bool:
        """Whether these outputs, one per code, are all allowed."""
        return bool(((self.low <= outputs) & (outputs <= self.high)).all())


def target_of(f: Expression, given: Format, result: Format, error: Fraction | None) -> Target:
    """The codes of ``result`` that are within ``error`` of the function, or without it the nearest ones (half up).

    Values beyond the format saturate where no error is stated. What float64 with its error bound cannot tell is decided
    by enclosures, so the bounds are exact.

    Raises
    ------
    CompileError
        where the function is not defined, or the output format has no such code.
    """
    if given.width > MAX_BITS:
        raise CompileError(f"input format {given}: has more than {MAX_BITS} bits; drop low bits first")
    if result.width > 2 * MAX_BITS:
        raise CompileError(f"output format {result}: has more than {2 * MAX_BITS} bits; choose a narrower one")
    codes = np.arange(given.low, given.high + 1, dtype=np.int64)
    x: Reals = np.asarray(codes * float(given.scale), dtype=np.float64)
    unit = result.scale
    low, high = bounds(f, codes, given.scale, x, unit, error)
    low, high = (np.maximum(low, result.low), np.minimum(high, result.high)) if error is not None else (
        np.clip(low, result.low, result.high), np.clip(high, result.low, result.high)
    )  # fmt: skip
    if (low > high).any():
        worst = codes[np.flatnonzero(low > high)[0]] * float(given.scale)
        raise CompileError(
            f"'{f.text}': {result} has no value within {float(error or 0):g} of it at x = {worst:g}; "
            "allow a greater error or choose another output format"
        )
    return Target(given.width, given.signed, low, high)


def bounds(
    f: Expression, codes: Ints, scale: Fraction, x: Reals, unit: Fraction, error: Fraction | None
) -> tuple[Ints, Ints]:
    """Least and greatest code for each input, not limited to a format."""
    down, up = (Fraction(1, 2), Fraction(1, 2)) if error is None else (error / unit, error / unit)

    def decide(a: Fraction, b: Fraction) -> tuple[tuple[int, int], tuple[int, int]]:
        """Both ends for both bounds of the value."""
        if error is None:
            ends = floor(a + down), floor(b + up)
            return (ends[0], ends[0]), (ends[1], ends[1])
        return (ceil(a - down), floor(a + up)), (ceil(b - down), floor(b + up))

    value, doubt = f.evaluate(x)
    per = 1 / float(unit)
    with np.errstate(all="ignore"):
        y, e = value * per, doubt * per + np.abs(value) * per * 2.0**-50 + 2.0**-40
        d = float(down)
        if error is None:
            first = [np.floor(v + d) for v in (y - e, y + e)]
            last = first
        else:
            first, last = [np.ceil(v - d) for v in (y - e, y + e)], [np.floor(v + d) for v in (y - e, y + e)]
        sure = (first[0] == first[1]) & (last[0] == last[1]) & (np.abs(y) < 2.0**40)
    low, high = (np.where(sure, v[0], 0).astype(np.int64) for v in (first, last))
    for i in np.flatnonzero(~sure).tolist():
        low[i], high[i] = decided(f, int(codes[i]) * scale, unit, decide)
    return low, high


def decided(
    f: Expression,
    x: Fraction,
    unit: Fraction,
    decide: Callable[[Fraction, Fraction], tuple[tuple[int, int], tuple[int, int]]],
) -> tuple[int, int]:
    """Least and greatest code for an input, by enclosures that are narrowed until both ends agree."""
    for precision in PRECISIONS:
        a, b = f.enclose(x, precision)
        below, above = decide(a / unit, b / unit)
        if below == above:
            return max(min(below[0], 1 << 40), -1 << 40), max(min(below[1], 1 << 40), -1 << 40)
    raise CompileError(f"'{f.text}': its rounding at x = {float(x):g} could not be decided; change the error a little")
