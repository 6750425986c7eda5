"""Constant matrix times a vector of narrow values: sums of a few of them are tables, one LUT for each of their bits.

Distributed arithmetic (A. Croisier et al., 1973; S. A. White, "Applications of distributed arithmetic to digital signal
processing", 1989) with the products of several inputs in the place of the bits of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..exact import Ints, objects, trailing_zeros
from .bipolar import two_valued
from .bits import Concat
from .builder import Builder
from .logic import logic
from .nodes import Add, Bit, Constant
from .trees import Levels, Term, add_up, finished, least_depth
from .values import Range, Value

__all__ = ["Bits", "are_narrow", "bits_of", "table_sums"]

INPUTS = 4
"""Bits that the table of a LUT takes."""
NARROW = INPUTS // 2
"""Bits of a value: two values at least share a table."""


class Bits(NamedTuple):
    """The number that a value's bits make: ``base`` and the weights of the bits that are 1."""

    bits: tuple[Value, ...]
    weights: tuple[int, ...]
    base: int


def are_narrow(builder: Builder, x: Sequence[Value]) -> bool:
    """Whether tables of several values can be smaller than adders."""
    return len(x) > 1 and all(r.width - r.zeros <= NARROW for r in (builder.ranges[v] for v in x))


def bits_of(builder: Builder, value: Value) -> Bits:
    """A value's bits; of a value that is one of two numbers a single one."""
    r = builder.ranges[value]
    if r.low == r.high:
        return Bits((), (), r.low)
    two = two_valued(builder, value)
    if two is not None:
        return Bits((two.bit,), (two.one - two.zero,), two.zero)
    places = range(r.zeros, r.width)
    signs = [-1 if r.signed and k == r.width - 1 else 1 for k in places]
    bits = tuple(builder.add(Bit(value, k)) for k in places)
    return Bits(bits, tuple(s << k for s, k in zip(signs, places, strict=True)), 0)


def table_sums(builder: Builder, x: Sequence[Value], matrix: Ints) -> list[Value]:
    """The rows of ``matrix @ x`` as sums of tables; the values are narrow."""
    inputs = [bits_of(builder, v) for v in x]
    groups = grouped(inputs)
    return [row_sum(builder, inputs, groups, row) for row in matrix.tolist()]


def grouped(inputs: Sequence[Bits]) -> list[list[int]]:
    """Neighbours that together have the bits of a table."""
    groups: list[list[int]] = [[]]
    room = INPUTS
    for i, bits in enumerate(inputs):
        if len(bits.bits) > room:
            groups.append([])
            room = INPUTS
        groups[-1].append(i)
        room -= len(bits.bits)
    return groups


def row_sum(builder: Builder, inputs: Sequence[Bits], groups: Sequence[Sequence[int]], row: Sequence[int]) -> Value:
    """One row: a table for each group, and their sum."""
    offset = sum(w * n.base for w, n in zip(row, inputs, strict=True))
    terms: list[Term] = []
    for group in groups:
        bits = [b for i in group for b in inputs[i].bits]
        weights = [row[i] * w for i in group for w in inputs[i].weights]
        sums = objects(sum((np.arange(1 << len(bits)) >> k & 1) * objects(w) for k, w in enumerate(weights)))
        offset += int(sums.min())
        if (sums != sums.min()).any():
            terms.append(table(builder, bits, [int(s) for s in sums - sums.min()]))
    levels: Levels = {}
    total = add_up(builder, terms, levels, None if builder.slack is None else depth(len(terms), builder.slack))
    value = finished(builder, total)
    return builder.add(Add(value, builder.add(Constant(offset)))) if offset else value


def depth(terms: int, slack: int) -> int:
    """The most adders in a row."""
    return least_depth([0] * terms) + slack


def table(builder: Builder, bits: Sequence[Value], sums: Sequence[int]) -> Term:
    """A function of bits, none of its values negative: bit by bit, without the zeros at its end."""
    zeros = min(trailing_zeros(s) for s in sums if s)
    top = max(sums).bit_length()
    columns = [sum((s >> k & 1) << n for n, s in enumerate(sums)) for k in range(zeros, top)]
    made = tuple(logic(builder, bits, column) for column in columns)
    return Term(builder.add(Concat(made, Range(0, max(sums) >> zeros))), zeros, 1)
