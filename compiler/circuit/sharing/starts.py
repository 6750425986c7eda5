"""Where the search may start: the matrix itself, or products that give it.

Rows that resemble each other are cheaper as what they differ by: each row is ``sign * 2^k`` times another one and a
rest of few digits, along a spanning tree with the fewest digits in all (M. Hardieck et al. 2018; da4ml: C. Sun et al. 2024 do so too).
The same for columns, whose inputs are then added up first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from ...exact import Ints

__all__ = ["Start", "starts"]


class Start(NamedTuple):
    """Rows over values: the inputs, then values of their own.

    ``entries`` is (outputs + own values, inputs + own values): first the rows of the outputs, then those of the own
    values, in an order that works. ``own`` is what each of them is of the inputs.
    """

    entries: Ints
    own: Ints


def starts(matrix: Ints) -> Iterator[Start]:
    """Some starts, each of which gives the matrix."""
    yield Start(matrix, np.zeros((0, matrix.shape[1]), np.int64))
    for levels in (1, 2, 4, 64):
        yield by_rows(matrix, levels)
        yield by_columns(matrix, levels)


class Link(NamedTuple):
    """A row is ``factor`` times the row ``parent`` and a rest; -1 is the row of zeros."""

    row: int
    parent: int
    factor: int


def digit_counts(rows: Ints) -> Ints:
    """Canonical signed digits of each row."""
    magnitude = np.abs(rows)
    return np.bitwise_count(3 * magnitude ^ magnitude).sum(axis=-1, dtype=np.int64)


def tree(rows: Ints, levels: int) -> list[Link]:
    """A spanning tree over rows and the row of zeros, at most ``levels`` deep below a row, of few digits (R. C. Prim 1957)."""
    cost = digit_counts(rows)
    parent, factor = np.full(len(rows), -1), np.zeros(len(rows), np.int64)
    depth = np.zeros(len(rows), np.int64)
    left = np.ones(len(rows), np.bool_)
    found: list[Link] = []
    for _ in rows:
        i = int(np.argmin(np.where(left, cost, np.iinfo(np.int64).max)))
        left[i] = False
        found.append(Link(i, int(parent[i]), int(factor[i])))
        depth[i] = depth[parent[i]] + 1 if parent[i] >= 0 else 0
        if depth[i] == levels:
            continue
        for f in (1, -1, 2, -2):
            by = digit_counts(rows - f * rows[i]) + 1
            better = left & (by < cost)
            cost[better], parent[better], factor[better] = by[better], i, f
    return found


def by_rows(matrix: Ints, levels: int) -> Start:
    """Rows that others are made of are values."""
    links = tree(matrix, levels)
    outputs, inputs = matrix.shape
    parents = {link.parent for link in links} - {-1}
    own = [link.row for link in links if link.row in parents]
    number = {row: n for n, row in enumerate(own)}
    entries = np.zeros((outputs + len(own), inputs + len(own)), np.int64)
    for row, parent, factor in links:
        at = row
        if row in number:
            entries[row, inputs + number[row]] = 1
            at = outputs + number[row]
        entries[at, :inputs] = matrix[row]
        if parent >= 0:
            entries[at, :inputs] -= factor * matrix[parent]
            entries[at, inputs + number[parent]] = factor
    return Start(entries, matrix[own])


def by_columns(matrix: Ints, levels: int) -> Start:
    """An input takes with it those whose columns resemble its own."""
    links = tree(matrix.T, levels)
    outputs, inputs = matrix.shape
    parents = {link.parent for link in links} - {-1}
    own = [link.row for link in reversed(links) if link.row in parents]
    number = {column: inputs + n for n, column in enumerate(own)}
    entries = np.zeros((outputs + len(own), inputs + len(own)), np.int64)
    sums = np.zeros((len(own), inputs), np.int64)
    for column, parent, factor in reversed(links):
        value = number.get(column, column)
        if value >= inputs:
            entries[outputs + value - inputs, column] = 1
            sums[value - inputs, column] = 1
        entries[:outputs, value] = matrix[:, column]
        if parent >= 0:
            entries[:outputs, value] -= factor * matrix[:, parent]
            to = number[parent] - inputs
            entries[outputs + to, value] = factor
            sums[to] += factor * (sums[value - inputs] if value >= inputs else np.eye(inputs, dtype=np.int64)[column])
    return Start(entries, sums)
