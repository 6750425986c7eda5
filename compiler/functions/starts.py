"""Networks that solve a problem, from which the search starts: a table as it is, and the sum of two small ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..exact import Ints
from .network import Fabric, Grower, Network
from .problem import Problem

__all__ = ["MAX_SPLIT", "MAX_TABLE", "table", "two_tables"]

MAX_TABLE = 9  # input bits
MAX_SPLIT = 12
SLOPES = 33
PHASES = (0.0, 0.25, 0.5, 0.75)


def table(problem: Problem, fabric: Fabric) -> Network:
    """The table, bit by bit from the highest one down, each free where the interval still allows both values."""
    grower = Grower(problem.patterns, fabric.inputs)
    signals = tuple(range(1, 1 + problem.inputs))
    return grower.network(grower.words(problem.low, problem.high, signals, problem.outputs))


def two_tables(problem: Problem, fabric: Fabric) -> Iterator[tuple[int, int, Network]]:
    """Sums of a table of the high bits and one of the low bits and some high ones, with both numbers of bits.

    The bipartite method (D. Das Sarma and D. W. Matula, "Faithful bipartite ROM reciprocal tables", ARITH 1995), with
    the first table's entries anywhere in the intervals that the second one leaves. For each number of low bits, the
    fewest high bits that suffice, and one more.
    """
    n = problem.inputs
    for low_bits in range(1, n - 1):
        found = 0
        for high_bits in range(n - low_bits):
            tables = split(problem, low_bits, high_bits)
            if tables is None:
                continue
            yield low_bits, high_bits, sum_of(problem, fabric, low_bits, high_bits, *tables)
            found += 1
            if found == 2:
                break


def split(problem: Problem, low_bits: int, high_bits: int) -> tuple[Ints, Ints, Ints] | None:
    """Least and greatest entries of the first table, and the second one; None where a segment has no slope."""
    shape = (1 << high_bits, -1, 1 << low_bits)
    low, high = problem.low.reshape(shape), problem.high.reshape(shape)
    first_low, first_high = np.empty(low.shape[:2], np.int64), np.empty(low.shape[:2], np.int64)
    second = np.empty((low.shape[0], low.shape[2]), np.int64)
    for a in range(len(low)):
        best = segment(low[a], high[a])
        if best is None:
            return None
        second[a], first_low[a], first_high[a] = best
    return first_low.reshape(-1), first_high.reshape(-1), second.reshape(-1)


def segment(low: Ints, high: Ints) -> tuple[Ints, Ints, Ints] | None:
    """A rounded line for the low bits of one segment, (rows, columns), and what it leaves to each row.

    Of all slopes and roundings the one that leaves most freedom, and of equals the least steep one.
    """
    steps = np.arange(low.shape[1])
    middle = (low + high) / 2
    slope = float((middle[:, -1] - middle[:, 0]).mean()) / steps[-1]
    reach = (float((high - low).mean()) + 2) / steps[-1]
    best: tuple[float, Ints, Ints, Ints] | None = None
    for s in (0.0, *(slope + reach * (k / (SLOPES // 2) - 1) for k in range(SLOPES))):
        run = abs(s) * (steps if s >= 0 else steps[::-1])
        for phase in PHASES:
            line = np.floor(run + phase).astype(np.int64)
            least, most = np.maximum((low - line).max(axis=1), 0), (high - line).min(axis=1)
            if (least > most).any():
                continue
            worth = float(np.minimum(most - least, 3).mean()) - 0.02 * int(line.max())
            if best is None or worth > best[0]:
                best = worth, line, least, most
    return None if best is None else best[1:]


def sum_of(
    problem: Problem, fabric: Fabric, low_bits: int, high_bits: int, least: Ints, most: Ints, second: Ints
) -> Network:
    """The network of two tables and a sum."""
    n = problem.inputs
    grower = Grower(problem.patterns, fabric.inputs)
    signals = tuple(range(1, 1 + n))
    a = grower.words(least, most, signals[low_bits:], problem.outputs)
    width = int(second.max()).bit_length()
    b = grower.words(second, second, signals[:low_bits] + signals[n - high_bits :], width)
    return grower.network(grower.sum(a, b))
