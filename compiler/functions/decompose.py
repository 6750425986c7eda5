"""A table of many inputs as LUTs in a row: what several inputs mean to the rest is written in fewer bits.

Of a set of inputs only the classes count whose members leave the same function of the others. Few classes are a short
code, each bit of it a LUT, and the function of code and other inputs is decomposed in turn (R. L. Ashenhurst, "The
decomposition of switching functions", 1957; J. P. Roth and R. M. Karp, "Minimization over Boolean graphs", IBM Journal
6, 1962). A neuron is made for this: of some inputs it needs the sum alone, and that as exactly as the result shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from .grower import Grower
from .network import Fabric, Gate, Network
from .problem import Problem

__all__ = ["decomposed"]

TRIES = 4
"""Sets of inputs that are followed to the end at each step, up to ``SMALL`` inputs; beyond, the best one."""
SMALL = 8

Words = npt.NDArray[np.uint16]
"""Most significant byte first, so that the order of bytes is that of numbers."""
WORD = np.dtype(">u2")


def decomposed(problem: Problem, fabric: Fabric) -> Network:
    """A network of LUTs for the least allowed outputs."""
    grower = Grower(problem.patterns, fabric.inputs)
    signals = tuple(range(1, 1 + problem.inputs))
    together = Plans(fabric.inputs)
    words: Words = problem.low.astype(WORD)
    each: list[Words] = [(words >> k & 1).astype(WORD) for k in range(problem.outputs)]
    if together.cost(words) <= sum(together.cost(bit) for bit in each):
        return grower.network(together.build(grower, words, signals, problem.outputs))
    return grower.network([together.build(grower, bit, signals, 1)[0] for bit in each])


class Step(NamedTuple):
    """What is done with a table: inputs that become a code; ``code`` is its number for each of their words.

    Without ``bound`` the table is in LUTs; without ``code`` the first one chooses between two halves.
    """

    cost: int
    bound: tuple[int, ...] = ()
    code: tuple[int, ...] = ()


class Plans:
    """The cheapest known way of each table; tables are words, bit ``k`` of whose index is input ``k``."""

    def __init__(self, luts: int) -> None:
        self.luts = luts
        self.known: dict[bytes, Step] = {}

    def cost(self, words: Words) -> int:
        """LUTs of a table."""
        return self.step(words).cost

    def step(self, words: Words) -> Step:
        """What is best done with a table."""
        words, _ = needed(words)
        key = words.tobytes()
        if key not in self.known:
            self.known[key] = self.best(words)
        return self.known[key]

    def best(self, words: Words) -> Step:
        """The cheapest step of a table that depends on all its inputs."""
        n, width = inputs_of(words), int(words.max()).bit_length()
        columns = {bytes(c) for k in range(width) if (c := words >> k & 1).any() and not c.all()}
        if n <= self.luts:
            return Step(len(columns) if n > 1 else 0)
        found = [
            Step(max(code).bit_length() + self.cost(merged(words, bound, code)), bound, code)
            for bound, code in self.codes(words)
        ]
        if found:
            return min(found, key=lambda step: step.cost)
        k, (a, b) = self.halves(words)
        return Step(self.cost(a) + self.cost(b) + len(columns), (k,))

    def halves(self, words: Words) -> tuple[int, tuple[Words, Words]]:
        """The input whose halves depend on the fewest inputs."""
        n = inputs_of(words)

        def left(k: int) -> int:
            return sum(inputs_of(needed(half)[0]) for half in split(words, k))

        k = min(range(n), key=left)
        return k, split(words, k)

    def codes(self, words: Words) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
        """The sets of inputs that save most, each with its code."""
        n = inputs_of(words)
        found: list[tuple[int, tuple[int, ...], tuple[int, ...]]] = []
        for size in range(2, self.luts + 1):
            for bound in combinations(range(n), size):
                code = classes(words, bound)
                saved = size - max(code).bit_length()
                if saved > 0:
                    found.append((max(code).bit_length() - 2 * saved, bound, code))
        found.sort(key=lambda f: f[0])
        return [(bound, code) for _, bound, code in found[: TRIES if n <= SMALL else 1]]

    def build(self, grower: Grower, words: Words, signals: tuple[int, ...], width: int) -> list[int]:
        """The signals of a table's bits, the lowest first."""
        step = self.step(words)
        words, kept = needed(words)
        signals = tuple(signals[k] for k in kept)
        if not step.bound:
            return [grower.table(words >> k & 1, signals) for k in range(width)]
        rest = tuple(s for k, s in enumerate(signals) if k not in step.bound)
        if not step.code:
            a, b = (self.build(grower, half, rest, width) for half in split(words, step.bound[0]))
            by = signals[step.bound[0]]
            return [x if x == y else grower.gate(Gate((x, y, by), 0b11001010)) for x, y in zip(a, b, strict=True)]
        entries = np.array(step.code)
        read = tuple(signals[k] for k in step.bound)
        bits = tuple(grower.table(entries >> k & 1, read) for k in range(int(entries.max()).bit_length()))
        return self.build(grower, merged(words, step.bound, step.code), bits + rest, width)


def inputs_of(words: Words) -> int:
    """Inputs of a table."""
    return len(words).bit_length() - 1


def split(words: Words, k: int) -> tuple[Words, Words]:
    """The table where input ``k`` is 0, and where it is 1."""
    pairs = words.reshape(-1, 2, 1 << k)
    return pairs[:, 0].reshape(-1), pairs[:, 1].reshape(-1)


def needed(words: Words) -> tuple[Words, tuple[int, ...]]:
    """The table of the inputs that it depends on, and which these are."""
    kept = list(range(inputs_of(words)))
    for k in reversed(range(len(kept))):
        a, b = split(words, k)
        if np.array_equal(a, b):
            words = a
            del kept[k]
    return words, tuple(kept)


def columns_of(words: Words, bound: Sequence[int]) -> Words:
    """(words of ``bound``, words of the other inputs)."""
    n = inputs_of(words)
    rest = [k for k in range(n) if k not in bound]
    axes = [n - 1 - k for k in reversed([*rest, *bound])]
    return words.reshape((2,) * n).transpose(axes).reshape(1 << len(bound), -1)


def classes(words: Words, bound: tuple[int, ...]) -> tuple[int, ...]:
    """A number for each word of ``bound``, the same for those that leave the same function, in the order of these."""
    rows = [row.tobytes() for row in columns_of(words, bound)]
    number = {row: n for n, row in enumerate(sorted({*rows}))}
    return tuple(number[row] for row in rows)


def merged(words: Words, bound: tuple[int, ...], code: tuple[int, ...]) -> Words:
    """The table of the code's bits, which come first, and the other inputs; words that are no code are as the last."""
    columns = columns_of(words, bound)
    first: dict[int, int] = {}
    for row, c in enumerate(code):
        first.setdefault(c, row)
    last = max(code)
    rows: Any = columns[[first[min(c, last)] for c in range(1 << last.bit_length())]]
    return rows.T.reshape(-1)
