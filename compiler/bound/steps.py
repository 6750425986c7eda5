"""What a scalar layer makes of boxes of inputs, beside the real functions that it stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..exact import Ints
from ..layers.scalar import Apply
from ..real import Op, Reals

__all__ = ["Argument", "Leaves", "Runs", "Span", "Step"]

AT_ONCE = 1 << 20  # values of functions


class Span(NamedTuple):
    """Least and greatest values, (boxes, elements)."""

    low: Reals
    high: Reals

    def mapped(self, matrix: Reals) -> Span:
        """Those of sums, a column of the matrix for each."""
        up, down = np.maximum(matrix, 0), np.minimum(matrix, 0)
        return Span(self.low @ up + self.high @ down, self.high @ up + self.low @ down)

    def some(self, boxes: slice) -> Span:
        """Those of some boxes."""
        return Span(self.low[boxes], self.high[boxes])

    def plus(self, other: Span | Reals) -> Span:
        """The sums of both."""
        low, high = (other.low, other.high) if isinstance(other, Span) else (other, other)
        return Span(self.low + low, self.high + high)


class Runs(NamedTuple):
    """The integers where a function is constant: first and last of each run, and its value."""

    first: Ints
    last: Ints
    value: Ints


class Leaves(NamedTuple):
    """Elements over boxes: integers, the real elements that they stand for, and how far these are off ``unit *
    integer + zero``."""

    integers: Span
    reals: Span
    errors: Span

    def and_also(self, other: Leaves) -> Leaves:
        """Those and others."""
        pairs = zip(self, other, strict=True)
        return Leaves(*(Span(*(np.concatenate(side, axis=1) for side in zip(a, b, strict=True))) for a, b in pairs))


@dataclass(frozen=True, eq=False)
class Argument:
    """What a layer reads, affine in the leaves before it: columns for its elements, rows for those of the leaves."""

    integer: Reals
    integer_at: Reals
    real: Reals
    real_at: Reals
    unit: Reals
    zero: Reals

    def reals(self, leaves: Leaves) -> Span:
        """The real argument."""
        return leaves.reals.mapped(self.real).plus(self.real_at)

    def rest(self, leaves: Leaves, slope: Reals) -> Span:
        """Of the real argument, without ``slope`` times the integer one."""
        constant = self.real_at + self.zero @ self.real - slope * self.integer_at
        mixed = self.unit[:, None] * self.real - slope * self.integer
        return leaves.integers.mapped(mixed).plus(leaves.errors.mapped(self.real)).plus(constant)

    def slope(self, spread: Reals) -> Reals:
        """What a unit of the integer argument is of the real one, for leaves that are spread so far."""
        weight = (spread**2)[:, None] * self.integer
        below = (weight * self.integer).sum(axis=0)
        above = (weight * self.unit[:, None] * self.real).sum(axis=0)
        return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


@dataclass(frozen=True, eq=False)
class Step:
    """A scalar layer and the chain of real functions that it stands for; ``shape`` is that of what these read."""

    argument: Argument
    runs: tuple[Runs, ...]
    chain: tuple[Op, ...]
    order: Ints
    """The element that the chain begins with, of each one of the layer's."""
    place: Ints
    """The element that it ends with."""
    shape: tuple[int, ...]
    unit: Reals
    zero: Reals

    def leaves(self, before: Leaves, slope: Reals) -> Leaves:
        """Its results over boxes; ``slope`` is about that of the real argument."""
        a = self.argument
        integer, real = before.integers.mapped(a.integer).plus(a.integer_at), a.reals(before)
        rest = a.rest(before, slope)
        windows = [self.window(e, integer.low[:, e], integer.high[:, e]) for e in range(len(self.runs))]
        width = max(int((last - first).max()) + 1 for first, last in windows)
        size = max(AT_ONCE // (width * len(windows)), 1)
        parts: list[Leaves] = []
        for rows in (slice(i, i + size) for i in range(0, len(integer.low), size)):
            index = [np.minimum(first[rows, None] + np.arange(width), last[rows, None]) for first, last in windows]
            parts.append(self.part(index, slope, *(s.some(rows) for s in (integer, real, rest))))
        return Leaves(*(Span(*map(np.concatenate, zip(*spans, strict=True))) for spans in zip(*parts, strict=True)))

    def part(self, index: list[Ints], slope: Reals, integer: Span, real: Span, rest: Span) -> Leaves:
        """The same for few boxes, (boxes, runs) of each element's function and what is known of its argument."""
        first, last, value = (
            np.stack([side[i] for side, i in zip(sides, index, strict=True)], axis=-1)
            for sides in zip(*self.runs, strict=True)
        )
        ends = [slope * np.clip(v, integer.low[:, None], integer.high[:, None]) for v in (first, last)]
        low, high = np.minimum(*ends) + rest.low[:, None], np.maximum(*ends) + rest.high[:, None]
        low, high = self.bounds(*(np.clip(v, real.low[:, None], real.high[:, None]) for v in (low, high)))
        known = self.unit * value + self.zero
        return Leaves(
            Span(value.min(axis=1).astype(float), value.max(axis=1).astype(float)),
            Span(low.min(axis=1), high.max(axis=1)),
            Span((low - known).min(axis=1), (high - known).max(axis=1)),
        )

    def window(self, element: int, low: Reals, high: Reals) -> tuple[Ints, Ints]:
        """The first and the last run that integers of each box reach."""
        first = self.runs[element].first
        found = (np.searchsorted(first, v, side="right") - 1 for v in (low, high))
        start, end = (np.clip(v, 0, len(first) - 1) for v in found)
        return start, end

    def bounds(self, low: Reals, high: Reals) -> tuple[Reals, Reals]:
        """Least and greatest values of the real functions of arguments in ``low .. high``."""
        batch, back = low.shape[:-1], np.argsort(self.order)
        low, high = (v[..., back].reshape(-1, *self.shape) for v in (low, high))
        for op in self.chain:
            if isinstance(op, Apply):
                low, high = op.function.bounds(low, high)
            else:
                low, high = op.evaluate(low), op.evaluate(high)
        low, high = (v.reshape(*batch, -1)[..., self.place] for v in (low, high))
        return low, high
