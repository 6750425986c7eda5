"""Networks that solve a problem, from which the search starts: a table as it is, and sums of small ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..exact import Ints
from .grower import Grower
from .network import Fabric, Network
from .problem import Problem

__all__ = ["MAX_SPLIT", "MAX_TABLE", "sums", "table"]

MAX_TABLE = 10  # input bits
MAX_SPLIT = 12
MIN_THREE = 7  # input bits of a first table that is split again
MAX_PART = 8
MAX_PART_OF_TWO = 9
SLOPES = 33
PHASES = (0.0, 0.25, 0.5, 0.75)


def table(problem: Problem, fabric: Fabric) -> Network:
    """The table, bit by bit from the highest one down, each free where the interval still allows both values."""
    grower = Grower(problem.patterns, fabric.inputs)
    signals = tuple(range(1, 1 + problem.inputs))
    return grower.network(grower.words(problem.low, problem.high, signals, problem.outputs))


def sums(problem: Problem, fabric: Fabric) -> Iterator[tuple[tuple[int, ...], Network]]:
    """Sums of a table of the high bits and of one or two of low bits and some high ones, with each table's bits.

    The bipartite method (D. Das Sarma and D. W. Matula, "Faithful bipartite ROM reciprocal tables", ARITH 1995), with
    three tables the multipartite one (F. de Dinechin and A. Tisserand, IEEE Transactions on Computers 54, 2005), with
    the first table's entries anywhere in the intervals that the others leave. For each number of low bits, the fewest
    high bits that suffice, and one more.
    """
    for part in parts(problem):
        if max(part.rest.inputs, part.inputs) <= MAX_PART_OF_TWO:
            yield (part.rest.inputs, part.inputs), network_of(problem, fabric, [part])
        if part.rest.inputs >= MIN_THREE:
            for second in parts(part.rest):
                widths = second.rest.inputs, second.inputs, part.inputs
                if max(widths) <= MAX_PART:
                    yield widths, network_of(problem, fabric, [part, second])


@dataclass(frozen=True, eq=False)
class Part:
    """A table of ``low_bits`` low and ``high_bits`` high bits of a word, and what it leaves to the others."""

    low_bits: int
    high_bits: int
    table: Ints
    rest: Problem

    @property
    def inputs(self) -> int:
        """Bits that it reads."""
        return self.low_bits + self.high_bits


def parts(problem: Problem) -> Iterator[Part]:
    """Tables that can be split off."""
    n = problem.inputs
    for low_bits in range(1, n - 1):
        found = 0
        for high_bits in range(n - low_bits):
            part = split(problem, low_bits, high_bits)
            if part is not None:
                yield part
                found += 1
            if found == 2:
                break


def split(problem: Problem, low_bits: int, high_bits: int) -> Part | None:
    """A table that is split off; None where a segment has no slope."""
    shape = (1 << high_bits, -1, 1 << low_bits)
    low, high = problem.low.reshape(shape), problem.high.reshape(shape)
    least, most = np.empty(low.shape[:2], np.int64), np.empty(low.shape[:2], np.int64)
    lines = np.empty((low.shape[0], low.shape[2]), np.int64)
    for a in range(len(low)):
        best = segment(low[a], high[a])
        if best is None:
            return None
        lines[a], least[a], most[a] = best
    rest = replace(problem, inputs=problem.inputs - low_bits, low=least.reshape(-1), high=most.reshape(-1))
    return Part(low_bits, high_bits, lines.reshape(-1), rest)


def segment(low: Ints, high: Ints) -> tuple[Ints, Ints, Ints] | None:
    """A rounded line for the low bits of one segment, (rows, columns), and what it leaves to each row.

    Of all slopes and roundings the one that leaves most freedom, and of equals the least steep one.
    """
    steps = np.arange(low.shape[1])
    middle = (low + high) / 2
    slope = float((middle[:, -1] - middle[:, 0]).mean()) / steps[-1]
    reach = (float((high - low).mean()) + 2) / steps[-1]
    slopes = np.array([0.0, *(slope + reach * (k / (SLOPES // 2) - 1) for k in range(SLOPES))])[:, None]
    runs = np.abs(slopes) * np.where(slopes >= 0, steps, steps[::-1])
    lines = np.floor(runs[:, None] + np.array(PHASES)[:, None]).astype(np.int64).reshape(-1, len(steps))
    least = np.maximum((low - lines[:, None]).max(axis=2), 0)
    most = (high - lines[:, None]).min(axis=2)
    worth = np.minimum(most - least, 3).mean(axis=1) - 0.02 * lines.max(axis=1)
    worth[(least > most).any(axis=1)] = -np.inf
    best = int(worth.argmax())
    return None if worth[best] == -np.inf else (lines[best], least[best], most[best])


def network_of(problem: Problem, fabric: Fabric, split_off: Sequence[Part]) -> Network:
    """The network of a sum of tables; each part was split off from what the one before it left."""
    grower = Grower(problem.patterns, fabric.inputs)
    signals = tuple(range(1, 1 + problem.inputs))
    words: list[list[int]] = []
    for part in split_off:
        read = signals[: part.low_bits] + signals[len(signals) - part.high_bits :]
        words.append(grower.words(part.table, part.table, read, int(part.table.max()).bit_length()))
        signals = signals[part.low_bits :]
    rest = split_off[-1].rest
    total = grower.words(rest.low, rest.high, signals, problem.outputs)
    for word in reversed(words):
        total = grower.sum(total, word)
    return grower.network(total)
