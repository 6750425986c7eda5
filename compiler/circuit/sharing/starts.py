"""Where the search may start: the matrix itself, or two whose product it is.

Rows that resemble each other are cheaper as what they differ by: each is plus or minus another one and a rest, along a
spanning tree with the fewest digits in all (Muhammad and Roy 2002 for filters; da4ml: Sun et al. 2025). The same for
columns: their inputs are then added up first. Random weights gain nothing by it, binary ones up to a third.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ...exact import Ints

__all__ = ["Start", "digit_counts", "starts"]

LEVELS = (1, 4, 64)  # rows that a row is behind the one that is no difference
WORTH = 0.75  # of the digits: those with more gain nothing


class Start(NamedTuple):
    """Rows over values: the inputs, then values of their own.

    ``entries`` is (outputs + own values, inputs + own values): first the rows of the outputs, then those of the own
    values. ``own`` is what each own value is of the inputs.
    """

    entries: Ints
    own: Ints


class Link(NamedTuple):
    """A row is ``sign`` times the row ``parent``, or 0 where that is -1, and a rest."""

    row: int
    parent: int
    sign: int


def starts(matrix: Ints) -> Iterator[Start]:
    """Starts that give the matrix: itself, and those with much fewer digits."""
    yield Start(matrix, np.zeros((0, matrix.shape[1]), np.int64))
    digits = digit_counts(matrix).sum()
    for levels in LEVELS:
        for start in (by_rows(matrix, levels), by_columns(matrix, levels)):
            if digit_counts(start.entries).sum() < WORTH * digits:
                yield start


def digit_counts(rows: Ints) -> Ints:
    """Canonical signed digits of each row: the bits of ``3 w xor w``, counted in parallel (Hacker's Delight, 5-1)."""
    x = np.abs(rows)
    x = 3 * x ^ x
    x -= x >> 1 & 0x5555555555555555
    x = (x & 0x3333333333333333) + (x >> 2 & 0x3333333333333333)
    x = x + (x >> 4) & 0x0F0F0F0F0F0F0F0F
    return (x * 0x0101010101010101 >> 56).sum(axis=-1)


def tree(rows: Ints, levels: int) -> list[Link]:
    """A spanning tree over the rows and one of zeros, parents first (Prim 1957); at most ``levels`` below a row."""
    cost = digit_counts(rows)
    parent, sign = np.full(len(rows), -1), np.ones(len(rows), np.int64)
    depth = np.zeros(len(rows), np.int64)
    waiting = np.ones(len(rows), np.bool_)
    found: list[Link] = []
    for _ in rows:
        i = int(np.where(waiting, cost, np.iinfo(np.int64).max).argmin())
        waiting[i] = False
        found.append(Link(i, int(parent[i]), int(sign[i])))
        depth[i] = depth[parent[i]] + 1 if parent[i] >= 0 else 0
        if depth[i] == levels:
            continue
        for s in (1, -1):
            rest = digit_counts(rows - s * rows[i]) + 1
            better = waiting & (rest < cost)
            cost[better], parent[better], sign[better] = rest[better], i, s
    return found


def by_rows(matrix: Ints, levels: int) -> Start:
    """Rows that others are made of are values."""
    links = tree(matrix, levels)
    outputs, inputs = matrix.shape
    parents = {link.parent for link in links}
    own = [link.row for link in links if link.row in parents]
    number = {row: n for n, row in enumerate(own)}
    entries = np.zeros((outputs + len(own), inputs + len(own)), np.int64)
    for row, parent, sign in links:
        at = row
        if row in number:
            at = outputs + number[row]
            entries[row, inputs + number[row]] = 1
        entries[at, :inputs] = matrix[row]
        if parent >= 0:
            entries[at, :inputs] -= sign * matrix[parent]
            entries[at, inputs + number[parent]] = sign
    return Start(entries, matrix[own])


def by_columns(matrix: Ints, levels: int) -> Start:
    """What rows have of an input they have of those that are like it, but for a rest."""
    links = tree(matrix.T, levels)
    outputs, inputs = matrix.shape
    parents = {link.parent for link in links}
    own = [link.row for link in links if link.row in parents]
    number = {column: n for n, column in enumerate(own)}
    entries = np.zeros((outputs + len(own), inputs + len(own)), np.int64)
    sums = np.eye(inputs, dtype=np.int64)  # what each input becomes
    for column, parent, sign in reversed(links):
        at = column
        if column in number:
            at = inputs + number[column]
            entries[outputs + number[column], column] = 1
        entries[:outputs, at] = matrix[:, column]
        if parent >= 0:
            entries[:outputs, at] -= sign * matrix[:, parent]
            entries[outputs + number[parent], at] = sign
            sums[parent] += sign * sums[column]
    return Start(entries, sums[own])
