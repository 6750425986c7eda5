"""Polynomials in segments: the high bits of the input choose coefficients, which the low bits are multiplied with.

For functions whose inputs are too many, or whose errors are too small, for tables and their sums: what they take grows
with the bits of the result and not with the number of inputs. The coefficients of a segment are any whole numbers whose
polynomial, cut off to an output code, stays within the intervals at each of its inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..circuit.inline import inline
from ..circuit.ir import Add, Bit, Builder, Circuit, Lookup, Multiply, Shift, Value
from ..circuit.logic import logic
from ..exact import Ints
from ..real import Reals
from .circuits import begin, output, word
from .network import Fabric
from .normal import ANY, normalised, shifted_up
from .problem import DIFFERENCE, Fold, Problem
from .target import Target

__all__ = [
    "Polynomial", "Table", "circuit_of", "evaluated", "folded_bits", "inverted_where", "offsets", "polynomials",
    "shapes", "spread",
]  # fmt: skip

Table = Callable[[Ints, Ints], Circuit]
"""A circuit from the number of a segment, from 0 on, to a whole number within ``least[h] .. most[h]``."""

MIN_STEPS, MAX_STEPS = 2, 12  # bits that the polynomial is of
MAX_SEGMENTS = 8  # bits that choose it
MAX_GUARD = 24  # bits
SQUARED = (4, 5, 6, 7, 8)  # of the low bits, the highest ones, whose square is taken
BENDS = (3, 5)  # bits of its coefficient
STAGES = (0, 3, 4)  # of shifting up first: by at most 7 or 15 bits
SAMPLES = 32  # places in a segment that are looked at first
MOST_PAIRED = 512  # inputs of a segment whose pairs are compared
MORE_GUARD = 2  # bits, where not all inputs hold
ENTRY = {4: (0, 1, 1, 1, 1, 2, 3.5, 5.5, 10), 6: (0, 1, 1, 1, 1, 1, 1, 2, 4)}
"""By the inputs of a LUT: LUTs for a bit of a table of so many inputs, roughly."""
ROW = {4: 1.6, 6: 1}  # and for a bit of a row of a product, whose digits a LUT of 6 inputs takes in
BENT = {4: 70, 6: 35}  # and what parabolas take more than that


class Price(NamedTuple):
    """LUTs by a rough count: of tables of coefficients, of products, of the rest; and a coefficient word's ``bits``."""

    tables: float = 0.0
    products: float = 0.0
    rest: float = 0.0
    bits: int = 0


UNKNOWN = Price()


@dataclass(frozen=True, eq=False)
class Polynomial:
    """``(offset[h] + slope[h] * t + bend[h] * square[t >> cut]) >> guard`` for an input word ``h * 2^steps + t``.

    The word is the problem's, behind ``stages`` of shifting up. A line has the square 0. Slope and offset are what the
    intervals leave; the bend was asked for with so many ``bits``.
    """

    problem: Problem
    stages: int
    steps: int
    guard: int
    bend: Ints
    cut: int
    square: tuple[int, ...] = (0,)
    bits: int = 0
    price: Price = UNKNOWN

    @property
    def luts(self) -> float:
        """A rough count."""
        return self.price.tables + self.price.products + self.price.rest

    def bounds(self, at: Ints) -> tuple[Ints, Ints]:
        """What is left for the line at these inputs of each segment, (segments, inputs)."""
        low, high = (side.reshape(-1, 1 << self.steps)[:, at] for side in (self.problem.low, self.problem.high))
        curve = self.bend[:, None] * np.array(self.square)[at >> self.cut]
        return (low << self.guard) - curve, (high + 1 << self.guard) - 1 - curve

    @property
    def bends(self) -> bool:
        """Whether it is no line."""
        return bool(self.bend.any())

    @property
    def method(self) -> str:
        """What it is, in words."""
        kind = "parabolas" if self.bends else "lines"
        behind = f", shifted up by at most {(1 << self.stages) - 1}" if self.stages else ""
        return f"{len(self.bend)} {kind} of {self.steps} bits{behind}"


def polynomials(problem: Problem, fabric: Fabric) -> list[Polynomial]:
    """Lines and parabolas for every number of segments that suffices, with the fewest guard bits, cheapest first.

    Where none does, what is shifted up until its highest bit is 1, as a square root or a reciprocal needs it.
    """
    for stages in STAGES:
        if 1 << stages <= problem.inputs:
            found = list(shapes(normalised(problem, stages), stages, fabric))
            if found:
                return sorted(found, key=lambda p: p.luts)
    return []


def shapes(problem: Problem, stages: int, fabric: Fabric) -> Iterator[Polynomial]:
    """The polynomials of a problem that is shifted up already."""
    for steps in range(max(problem.inputs - MAX_SEGMENTS, MIN_STEPS), min(problem.inputs - 1, MAX_STEPS) + 1):
        start = Polynomial(problem, stages, steps, 0, np.zeros(1 << problem.inputs - steps, dtype=np.int64), steps)
        found = [fewest_guards(start, fabric)]
        for kept in (k for k in SQUARED if k <= steps):
            more = [fewest_guards(replace(start, cut=steps - kept, bits=bits), fabric) for bits in BENDS]
            found += more
            if any(more):
                break
        yield from (p for p in found if p is not None)
        if not any(found):
            break  # longer segments do not suffice either


def fewest_guards(start: Polynomial, fabric: Fabric) -> Polynomial | None:
    """A polynomial of the shape with the fewest guard bits; None where no number of them suffices.

    Only some inputs of each segment are looked at.
    """
    cells = min(max(1 << start.steps - start.cut, SAMPLES), 1 << start.steps)
    ends = np.linspace(0, 1 << start.steps, cells + 1).astype(np.int64)
    at = np.unique(np.concatenate([ends[:-1], ends[1:] - 1]))

    def guarded(guard: int) -> Polynomial | None:
        found = with_guard(start, guard)
        slopes = None if found is None else spread(*found.bounds(at), at)
        return None if found is None or slopes is None else replace(found, price=price(found, *slopes, at, fabric))

    best, low = guarded(MAX_GUARD), -1
    while best is not None and best.guard - low > 1:
        found = guarded((low + best.guard) // 2)
        best, low = (best, (low + best.guard) // 2) if found is None else (found, low)
    return best


def with_guard(p: Polynomial, guard: int) -> Polynomial | None:
    """The shape with so many guard bits, and the bend of least squares if it has one; None where that is zero."""
    if not p.bits:
        return replace(p, guard=guard)
    cells = 1 << p.steps - p.cut
    middle = (np.arange(cells) + 0.5) * 2.0**p.cut
    wanted = values(p.problem) * 2.0**guard
    bends = np.polyfit(middle, wanted.reshape(len(p.bend), cells, -1).mean(axis=2).T, 2)[0]
    down = int(np.floor(p.bits - np.log2(max(float(np.abs(bends).max()), 2.0**-60))))
    square = np.rint(middle**2 * 2.0**-down).astype(np.int64)
    bend = np.rint(bends * 2.0**down).astype(np.int64)
    return replace(p, guard=guard, bend=bend, square=tuple(square.tolist())) if square.any() else None


def values(problem: Problem) -> Reals:
    """The middle of what is allowed for each word, and between such words where anything is."""
    known = np.flatnonzero(problem.high < ANY)
    return np.interp(np.arange(len(problem.low)), known, (problem.low[known] + problem.high[known] + 1) / 2)


def spread(low: Ints, high: Ints, at: Ints) -> tuple[Ints, Ints] | None:
    """The least and the greatest whole slope of a line within the intervals of each row; None where one has none."""
    least = np.full(len(low), -ANY, dtype=np.int64)
    most = np.full(len(low), ANY, dtype=np.int64)
    few = np.unique(np.linspace(0, len(at) - 1, min(len(at), MOST_PAIRED)).astype(np.int64))
    for d in range(1, len(few)):
        a, b = few[:-d], few[d:]
        least = np.maximum(least, (-((high[:, a] - low[:, b]) // (at[b] - at[a]))).max(axis=1))
        most = np.minimum(most, ((high[:, b] - low[:, a]) // (at[b] - at[a])).min(axis=1))
        if (least > most).any():
            return None
    return (least, most) if len(few) == len(at) else narrowed(low, high, at, least, most)


def narrowed(low: Ints, high: Ints, at: Ints, least: Ints, most: Ints) -> tuple[Ints, Ints] | None:
    """The same, within bounds that are known: what the slope leaves to the offset is concave in it."""

    def room(slope: Ints) -> Ints:
        below, above = offsets(low, high, slope, at)
        return above - below

    def first(least: Ints, most: Ints, reached: Callable[[Ints], npt.NDArray[np.bool_]]) -> Ints:
        """The least slope of each row from which on something is so; the last one where nothing is."""
        least, most = least.copy(), most.copy()
        while (least < most).any():
            middle = least + most >> 1
            so = reached(middle)
            most, least = np.where(so, middle, most), np.where(so | (least == most), least, middle + 1)
        return most

    peak = first(least, most, lambda a: room(a + 1) <= room(a))
    if (room(peak) < 0).any():
        return None
    return first(least, peak, lambda a: room(a) >= 0), first(peak, most + 1, lambda a: room(a) < 0) - 1


def offsets(low: Ints, high: Ints, slope: Ints, at: Ints) -> tuple[Ints, Ints]:
    """What is left to the offset of each row."""
    line = slope[:, None] * at
    return (low - line).max(axis=1), (high - line).min(axis=1)


def roundest(least: Ints, most: Ints) -> tuple[int, Ints, Ints]:
    """The most low zeros that a number in every interval can have, and the intervals without them."""
    zeros = 0
    while zeros < MAX_GUARD and (-(-least >> zeros + 1) <= most >> zeros + 1).all():
        zeros += 1
    return zeros, -(-least >> zeros), most >> zeros


def price(p: Polynomial, least: Ints, most: Ints, at: Ints, fabric: Fabric) -> Price:
    """What it takes, roughly."""
    zeros, least, most = roundest(least, most)
    slope = np.clip(0, least, most)
    _, least, most = roundest(*offsets(*p.bounds(at), slope << zeros, at))
    widths = [width(n) for n in (slope, np.clip(0, least, most), p.bend)]
    squares = width(np.array(p.square))
    entry = ENTRY[fabric.inputs]
    sums = widths[1] + (widths[0] + p.steps + BENT[fabric.inputs] if p.bends else 0)
    return Price(
        entry[p.problem.inputs - p.steps] * sum(widths),
        product(widths[0], p.steps, fabric) + product(widths[2], squares, fabric),
        entry[len(p.square).bit_length() - 1] * squares + sums + p.stages * p.problem.inputs,
        sum(widths),
    )


def width(numbers: Ints) -> int:
    """Bits of the widest number, with a sign where one is negative."""
    least, most = int(numbers.min()), int(numbers.max())
    return most.bit_length() if least >= 0 else max((~least).bit_length(), most.bit_length()) + 1


def product(a: int, b: int, fabric: Fabric) -> float:
    """LUTs of a product: a row for two bits of the narrower factor."""
    return (min(a, b) // 2 + 1) * (max(a, b) + 2) * ROW[fabric.inputs] if a and b else 0


def circuit_of(target: Target, p: Polynomial, table: Table) -> Circuit | None:
    """The circuit of a polynomial for a target; None where it has none."""
    builder, x = begin(target)
    bits = [builder.add(Bit(x, k)) for k in range(p.problem.dropped, target.bits)]
    bits, signs = folded_bits(builder, bits, p.problem)
    result = evaluated(builder, shifted_up(builder, bits, p.stages), p, table)
    if result is None:
        return None
    ends = [builder.add(Bit(result, k)) for k in range(p.problem.outputs)]
    return builder.finish([output(builder, p.problem, inverted_where(builder, ends, signs))])


def evaluated(builder: Builder, bits: list[Value], p: Polynomial, table: Table) -> Value | None:
    """A polynomial of the bits of a word that is shifted up already; None where not all inputs are inside.

    `polynomials` looks at some inputs only; two more guard bits than it finds are tried.
    """
    every = np.arange(1 << p.steps)
    slopes = spread(*p.bounds(every), every)
    for guard in range(p.guard + 1, p.guard + 1 + MORE_GUARD):
        if slopes is None and (finer := with_guard(p, guard)) is not None:
            p, slopes = finer, spread(*finer.bounds(every), every)
    if slopes is None:
        return None
    t, h = word(builder, bits[: p.steps]), word(builder, bits[p.steps :])
    slope, known = looked_up(builder, h, table, slopes)
    offset, _ = looked_up(builder, h, table, offsets(*p.bounds(every), known, every))
    total = builder.add(Add(offset, builder.add(Multiply(slope, t))))
    if p.bends:
        bend, _ = looked_up(builder, h, table, (p.bend, p.bend))
        square = builder.add(Lookup(word(builder, bits[p.cut : p.steps]), 0, p.square))
        total = builder.add(Add(total, builder.add(Multiply(bend, square))))
    return builder.add(Shift(total, p.guard))


def folded_bits(builder: Builder, bits: list[Value], problem: Problem) -> tuple[list[Value], list[Value]]:
    """The bits of an input word from those before it was folded, and the bits that invert the outputs."""
    signs: list[Value] = []
    for fold in problem.folds:
        *bits, sign = bits
        bits = [logic(builder, (b, sign), DIFFERENCE) for b in bits]
        signs += [sign] * (fold == Fold.ODD)
    return bits, signs


def inverted_where(builder: Builder, bits: list[Value], signs: list[Value]) -> list[Value]:
    """The bits inverted by each of the signs."""
    for sign in signs:
        bits = [logic(builder, (b, sign), DIFFERENCE) for b in bits]
    return bits


def looked_up(builder: Builder, h: Value, table: Table, bounds: tuple[Ints, Ints]) -> tuple[Value, Ints]:
    """A number within the bounds for each segment, in the coarsest steps, and its values."""
    zeros, least, most = roundest(*bounds)
    unit = table(least, most)
    known = unit.evaluate(np.arange(len(least)).reshape(-1, 1))[:, 0] << zeros
    (y,) = inline(builder, unit, [h])
    return builder.add(Shift(y, -zeros)), known
