"""From a chain of real functions that ends in a quantiser to its integer function, exactly.

The domain is cut at the kinks. Where the chain is affine with a dyadic slope the quantised line is written down
directly; elsewhere it is cut until it is monotone on each piece (``monotone.py``), and its breakpoints are found by
bisection on exact or enclosed values, so the work grows with levels x log(range), whatever the accumulator's width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from math import ceil, floor, lcm

import numpy as np

from .functions import Function, Kinked, Stepped
from .lines import MAX_POINTS, few_lines, sampled
from .long_line import long_line
from .monotone import MAX_LEVELS, Chain, DomainError, SolveError, TooManyLevelsError, UndecidedError, first_where
from .pieces import Line, Pieces
from .quantizer import Quantizer, Rounding

__all__ = [
    "MAX_LEVELS", "DomainError", "SolveError", "TooManyLevelsError", "UndecidedError", "affine_pieces", "affine_steps",
    "solve",
]  # fmt: skip

MAX_MULTIPLIER = 1 << 16  # a line with more digits is written as breakpoints where these are few


def solve(
    functions: Sequence[Function],
    quantizer: Quantizer,
    low: int,
    high: int,
    scale: Fraction,
    offset: Fraction,
    channel: int,
) -> Pieces:
    """The integer function of ``v`` in ``low .. high`` that the chain means in one channel.

    ``scale * v + offset`` is the real number that enters the first function.

    Raises
    ------
    TooManyLevelsError
        where a chain that is not affine with dyadic slopes has more than 2^12 levels.
    DomainError
        where a function has no value for some integer, or a pole between two.
    UndecidedError
        where 4096 bits cannot tell a value from a rounding boundary, or many from a critical point.
    """
    lines: list[Line] = []
    error = 0
    unit = quantizer.scale.reshape(-1)[channel if quantizer.channels > 1 else 0]
    first = next((i for i, f in enumerate(functions) if not isinstance(f, Kinked)), len(functions))
    for start, end, slope, intercept in affine_pieces(functions[:first], channel, low, high, scale, offset):
        if first == len(functions):
            lines += quantised_line(start, end, slope / unit, intercept / unit, quantizer)
        else:
            found, off = curve(Chain(functions[first:], channel, slope, intercept), start, end, unit, quantizer)
            lines, error = lines + found, max(error, off)
    return Pieces.of(low, high, lines, error)


def affine_pieces(
    functions: Sequence[Function], channel: int, low: int, high: int, slope: Fraction, intercept: Fraction
) -> Iterator[tuple[int, int, Fraction, Fraction]]:
    """First, last, slope and intercept of each piece on which a chain of kinked functions is affine."""
    if not functions:
        yield low, high, slope, intercept
        return
    function = functions[0]
    assert isinstance(function, Kinked)
    cuts = {low}
    if slope != 0:
        # an integer that meets a kink is a piece of its own: the function may jump there
        cuts |= {v for k in function.kinks(channel) if low < (v := ceil((k - intercept) / slope)) <= high}
        cuts |= {v for k in function.kinks(channel) if low < (v := floor((k - intercept) / slope) + 1) <= high}
    starts = sorted(cuts)
    for start, end in zip(starts, [*(s - 1 for s in starts[1:]), high], strict=True):
        a, b = function.line(channel, slope * start + intercept)
        yield from affine_pieces(functions[1:], channel, start, end, a * slope, a * intercept + b)


def quantised_line(start: int, end: int, slope: Fraction, intercept: Fraction, q: Quantizer) -> list[Line]:
    """``clip(round(slope * v + intercept))`` on ``start .. end``."""
    if slope == 0:
        return [Line(start, 0, q.code(intercept), 0)]
    line = None if q.bipolar else dyadic_line(start, slope, intercept, q)
    levels = abs(q.code(slope * end + intercept) - q.code(slope * start + intercept))
    if levels <= MAX_LEVELS and not q.bipolar and (line is None or abs(line.multiplier) > MAX_MULTIPLIER):
        return affine_steps(start, end, slope, intercept, q)
    if line is not None:
        return saturate(line, start, end, q)
    if q.bipolar or end - start <= MAX_LEVELS:
        return steps(start, end, lambda v: q.code(slope * v + intercept))
    return long_line(start, end, slope, intercept, q)


def affine_steps(start: int, end: int, slope: Fraction, intercept: Fraction, q: Quantizer) -> list[Line]:
    """The constant pieces of a rounded line that is not flat: each rounding boundary is met once."""
    first, last = q.code(slope * start + intercept), q.code(slope * end + intercept)
    unit = 2 * lcm(slope.denominator, intercept.denominator)
    a, b = int(slope * unit), int((intercept + q.zero) * unit)  # a v + b counts in units of what is rounded
    lines = [Line(start, 0, first, 0)]
    for k in range(first, last) if a > 0 else range(first - 1, last - 1, -1):
        twice, up = q.rounding.boundary(k + q.zero)
        rest = twice * unit // 2 - b
        if a > 0:  # the least v with a v >= rest, or > rest
            lines.append(Line(-(-rest // a) if up else rest // a + 1, 0, k + 1, 0))
        else:  # the least v with a v < rest, or <= rest
            lines.append(Line(rest // a + 1 if up else -(-rest // a), 0, k, 0))
    return [line for line, after in pairwise([*lines, Line(end + 1, 0, 0, 0)]) if line.start < after.start]


def dyadic_line(start: int, slope: Fraction, intercept: Fraction, q: Quantizer) -> Line | None:
    """The rounded line as multiply, add, shift; None where the slope is not dyadic or the rounding is none of these."""
    if slope.denominator & (slope.denominator - 1):
        return None
    shift = slope.denominator.bit_length() - 1
    unit = 1 << shift
    match q.rounding:
        case Rounding.HALF_UP:
            return Line(start, slope.numerator, floor((intercept + Fraction(1, 2)) * unit), shift)
        case Rounding.FLOOR:
            return Line(start, slope.numerator, floor(intercept * unit), shift)
        case Rounding.CEIL:
            return Line(start, slope.numerator, ceil(intercept * unit) + unit - 1, shift)
        case Rounding.HALF_EVEN:
            offset = (intercept + Fraction(1, 2)) * unit
            tie = (-1 if q.zero % 2 else 1) if offset.denominator == 1 else 0  # else no integer meets one
            return Line(start, slope.numerator, floor(offset), shift, tie)
        case _:
            return None


def saturate(line: Line, start: int, end: int, q: Quantizer) -> list[Line]:
    """The line between the points where it leaves the quantiser's range, constants outside."""

    def side(v: int) -> int:
        y = line.at(v)
        return (q.high is not None and y >= q.high) - (q.low is not None and y <= q.low)

    a = first_where(start, end, lambda v: side(v) != side(start))
    b = first_where(start, end, lambda v: side(v) == side(end))
    if side(start) == side(end):
        return [line] if side(start) == 0 else [Line(start, 0, q.clip(line.at(start)), 0)]
    head = [Line(start, 0, q.clip(line.at(start)), 0)] if side(start) else [line]
    middle = [line._replace(start=a)] if side(start) and (side(end) == 0 or a < b) else []
    tail = [Line(b, 0, q.clip(line.at(end)), 0)] if side(end) else []
    return [*head, *middle, *tail]


def steps(start: int, end: int, value: Callable[[int], int], likely: Sequence[int] = ()) -> list[Line]:
    """The constant pieces of a monotone integer function, by bisection, first where they are ``likely`` to start."""
    cached = lru_cache(maxsize=None)(value)
    result: list[Line] = []

    def split(a: int, b: int) -> None:
        if cached(a) == cached(b):
            if not result or result[-1].offset != cached(a):
                result.append(Line(a, 0, cached(a), 0))
            if len(result) > MAX_LEVELS:
                raise TooManyLevelsError(f"more than {MAX_LEVELS} levels")
            return
        if b == a + 1:
            split(a, a)
            split(b, b)
            return
        middle = (a + b) // 2
        split(a, middle)
        split(middle, b)

    starts = [start, *(v for v in likely if start < v <= end)]
    for a, b in pairwise([*starts, end + 1]):
        split(a, b - 1)
    return result


def curve(chain: Chain, start: int, end: int, unit: Fraction, q: Quantizer) -> tuple[list[Line], int]:
    """The quantised chain on ``start .. end`` as constant pieces, or as lines, and how many units it may be off."""
    cached = lru_cache(maxsize=None)(quantised(chain, unit, q))
    pieces = chain.pieces(start, end)
    levels = sum(min(abs(cached(b) - cached(a)), b - a) for a, b in pieces)
    if levels <= MAX_LEVELS or any(isinstance(f, Stepped) for f in chain.functions):
        likely = [guessed_steps(chain, a, b, unit, q) for a, b in pieces]
        return [line for (a, b), guess in zip(pieces, likely, strict=True) for line in steps(a, b, cached, guess)], 0
    lines = [line for a, b in pieces for line in sloped(chain, a, b, unit, q)] if end - start < MAX_POINTS else []
    if not 0 < len(lines) <= MAX_LEVELS:
        raise TooManyLevelsError(f"{levels} levels")
    found = Pieces(start, end, tuple(lines))
    if any(abs(line.at(v) - cached(v)) > 1 for line, ends in zip(lines, found.ends, strict=True) for v in ends):
        raise UndecidedError("values that float64 cannot tell")
    return lines, 1


def guessed_steps(chain: Chain, start: int, end: int, unit: Fraction, q: Quantizer) -> list[int]:
    """Where the quantised chain takes another value, as far as float64 can tell."""
    if end - start >= MAX_POINTS:
        return []
    x = np.arange(start, end + 1, dtype=np.float64) * float(chain.slope) + float(chain.intercept)
    with np.errstate(all="ignore"):
        y = sampled(chain.functions, chain.channel, x)
        low, high = (-np.inf if q.low is None else q.low), (np.inf if q.high is None else q.high)
        codes = y >= 0 if q.bipolar else np.clip(q.rounding.array(y / float(unit) + q.zero) - q.zero, low, high)
    return (start + 1 + np.flatnonzero(codes[1:] != codes[:-1])).tolist()


def sloped(chain: Chain, start: int, end: int, unit: Fraction, q: Quantizer) -> list[Line]:
    """A smooth chain as few lines, within a unit of its rounding, as far as float64 can tell."""
    x = np.arange(start, end + 1, dtype=np.float64) * float(chain.slope) + float(chain.intercept)
    return few_lines(start, sampled(chain.functions, chain.channel, x) / float(unit), q) or []


def quantised(chain: Chain, unit: Fraction, q: Quantizer) -> Callable[[int], int]:
    """The quantised value of a chain at an integer, from enclosures as narrow as the decision needs."""

    def code(low: Fraction, high: Fraction, precision: int) -> int | None:
        a, b = q.code(low / unit), q.code(high / unit)
        return a if a == b else None

    def value(v: int) -> int:
        answer = chain.decide(v, code)
        if answer is None:
            raise UndecidedError(f"a value at {v} that cannot be told from a rounding boundary")
        return answer

    return value
