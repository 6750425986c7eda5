"""Common sub-expressions of constant matrix products.

A matrix product is a set of rows, each a sum of values times integers; the work is one addition per signed digit but
one of each row. A pattern ``u + sign * 2^d * w`` that stands in several places is made a value of its own, a row like
the others. ``forms.py`` finds the patterns of two coefficients, ``counts.py`` counts them in all rows, ``rows.py``
changes a coefficient, ``cost.py`` tells the bits of a row's adders, ``search.py`` chooses; all are compiled by
``native/`` and share the arrays of ``state.py``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ...exact import Ints
from ..native import native
from .search import optimise
from .starts import Start, digit_counts, starts
from .state import DEEP, Graph, empty

__all__ = ["Shared", "Terms", "share"]

Terms = tuple[tuple[int, int], ...]


SLICE = 4_000_000  # effort of a call of machine code, some 0.1 s: an interrupt waits for its end
STEPS = 64  # of the temperature, at least, where each is some milliseconds
MOST = 10  # values that are put back in a trial
NOISE = 32  # how many times more than it saves a pattern may seem to save
HEAT = 24  # bits: what a trial may cost more, in the mean, at first


class Shared(NamedTuple):
    """Sums over values: the inputs, then one value for each entry of ``sums``, in an order that works.

    Each sum is a list of (value, coefficient); ``rows`` are the outputs.
    """

    sums: tuple[Terms, ...]
    rows: tuple[Terms, ...]


def share(matrix: Ints, magnitudes: Ints, effort: int, seed: int, depth: int | None = None) -> Shared:
    """A circuit of few and narrow additions for ``matrix @ x``, the same one for the same arguments.

    ``matrix`` is (outputs, inputs) of integers below 2^40 in magnitude, at most 2^20 digits in all; ``magnitudes`` are
    each input's greatest value minus its least. ``effort`` bounds the local search: the number of changed pattern
    counts, some 40 million a second where all fits into a cache. ``depth`` limits the adders on the way from an input
    to an output; rows that have too many digits for it are as flat as they can be.
    """
    limit, scale = DEEP if depth is None else depth, 1
    tried = ((start, greedy(start, magnitudes, limit, seed, scale)) for start in starts(matrix))
    start, g = min(tried, key=lambda t: t[1].cost)
    first, cost = read(g), g.cost
    search(g, effort)
    while g.failed:
        scale *= 2
        g = greedy(start, magnitudes, limit, seed, scale)
        search(g, effort)
    return read(g) if g.cost < cost else first


def greedy(start: Start, magnitudes: Ints, depth: int, seed: int, scale: int) -> Graph:
    """A start, shared until no pattern stands twice."""
    entries = np.ascontiguousarray(start.entries, dtype=np.int64)
    count = int(digit_counts(entries).sum())
    while True:
        g = empty(len(entries) - len(start.own), magnitudes, len(start.own), count, depth, seed, scale)
        g.magnitude[g.inputs : g.inputs + g.own] = abs(start.own) @ magnitudes
        while not g.ready and g.failed == 0:
            native(optimise)(g, entries.reshape(-1), SLICE, 0, 0, 0)
        if g.failed == 0:
            return g
        scale *= 2


def search(g: Graph, effort: int) -> None:
    """Search as far as the arrays reach, colder and colder."""
    advance, nothing = native(optimise), np.zeros(0, np.int64)
    steps = max(min(STEPS, effort // 50_000 + 1), effort // SLICE)
    for i in range(steps):
        if g.failed == 0:
            advance(g, nothing, max(effort // steps, 1), MOST, NOISE, 256 * HEAT * (steps - i) // steps)
    if g.failed == 0:
        advance(g, nothing, 0, 0, 0, 0)


def read(g: Graph) -> Shared:
    """The rows of the outputs and of the values they need."""
    inputs, outputs = g.inputs, g.outputs

    def terms(e: int) -> Terms:
        slots = range(g.start[e], g.start[e] + g.length[e])
        return tuple(sorted((int(g.value[s]), int(g.coefficient[s])) for s in slots))

    number: dict[int, int] = {v: v for v in range(inputs)}
    sums: list[Terms] = []
    rows = [terms(e) for e in range(outputs)]
    stack = [v for row in reversed(rows) for v, _ in reversed(row)]
    while stack:
        v = stack.pop()
        if v in number:
            continue
        row = terms(v - inputs + outputs)
        missing = [x for x, _ in row if x not in number]
        if missing:
            stack += [v, *missing]
            continue
        number[v] = inputs + len(sums)
        sums.append(tuple((number[x], c) for x, c in row))
    return Shared(tuple(sums), tuple(tuple((number[x], c) for x, c in row) for row in rows))
