"""Constant matrix times vector as a shared graph of shifts and adders.

Each weight is recoded in canonical signed digits; then, as long as some pair of terms occurs twice, the most frequent
pair becomes a value of its own (two-term sub-expression sharing: Hosangadi, Fallah, Kastner 2006; Aksoy et al.).
What is left of each row is summed by a tree that adds the narrowest and earliest terms first.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib.util import find_spec
from math import inf
from typing import TYPE_CHECKING

import numpy as np

from ..exact import Ints, objects
from .bipolar import bit_sums
from .digits import csd, digit_count
from .ir import Add, Bit, Builder, Concat, Constant, Value
from .tables import are_narrow, table_sums
from .trees import Levels, Term, add_up, finished, least_depth

if TYPE_CHECKING:
    from .sharing import Shared, Terms

__all__ = ["csd", "digit_count", "multiply", "narrowest"]

Pair = tuple[Value, Value, int, int]
"""First value, second value, how much further the second is shifted, product of their signs."""

COMPILED = find_spec("llvmlite") is not None
SMALL = 200  # digits: below, making the machine code takes longer than all the rest
LARGE = 2**20  # digits: above, the arrays of the search would not fit into memory
WIDE = 2**50  # sums: above, 64-bit arithmetic might overflow
EFFORT = 50_000  # changed counts of local search per digit, a millisecond or two
MOST_EFFORT = 80_000_000


class Row:
    """The terms of one output: value and shift to sign."""

    def __init__(self, terms: dict[tuple[Value, int], int]) -> None:
        self.terms = terms

    def add(self, value: Value, shift: int, sign: int) -> None:
        """Add a term; two that are alike make one that is shifted further, two opposite ones none."""
        while old := self.terms.pop((value, shift), 0):
            if old != sign:
                return
            shift += 1
        self.terms[value, shift] = sign

    def list(self) -> list[Term]:
        """The terms in order."""
        return [Term(value, shift, sign) for (value, shift), sign in sorted(self.terms.items())]

    def occurrences(self, pair: Pair) -> Iterator[tuple[tuple[Value, int], tuple[Value, int]]]:
        """Disjoint places where a pair stands."""
        a, b, distance, sign = pair
        used: set[tuple[Value, int]] = set()
        for (value, shift), s in list(self.terms.items()):
            other = (b, shift + distance)
            here = (value, shift)
            if value == a and here not in used and other not in used and self.terms.get(other) == s * sign:
                used |= {here, other}
                yield here, other


def pair_of(p: tuple[Value, int], q: tuple[Value, int], sign: int) -> Pair:
    """The same name for a pair wherever it stands."""
    (a, i), (b, j) = (p, q) if p <= q else (q, p)
    return a, b, j - i, sign


def multiply(builder: Builder, x: list[Value], matrix: Ints, effort: int = EFFORT) -> list[Value]:
    """The rows of ``matrix @ x``; the matrix is (outputs, inputs) of integers.

    Signs times values of one bit are sums of bits; other products of narrow values are adders or tables, whichever
    have fewer bits.
    """
    sums = bit_sums(builder, x, matrix)
    if sums is not None:
        return sums
    if are_narrow(builder, x):
        return narrowest(
            builder,
            lambda: shift_and_add(builder, x, matrix, effort),
            lambda: table_sums(builder, x, matrix),
        )
    return shift_and_add(builder, x, matrix, effort)


def shift_and_add(builder: Builder, x: list[Value], matrix: Ints, effort: int) -> list[Value]:
    """The rows as shared adders.

    Large matrices are shared by the compiled search of ``sharing/`` where llvmlite is installed, all others and small
    ones by the plain greedy method here: the result is exact either way. No way from an input to an output has more
    than ``builder.slack`` adders over the least possible for the row with the most digits; a change of an output's sign
    is not counted.
    """
    widths = [(builder.ranges[v].high - builder.ranges[v].low).bit_length() for v in x]
    magnitudes = tuple((1 << w) - 1 for w in widths)  # not exact, so that like products share a plan
    largest = (abs(objects(matrix)) @ objects(magnitudes)).max()
    digits = max((digit_count(row) for row in matrix), default=0)
    depth = None if builder.slack is None else least_depth([0] * digits) + builder.slack
    if COMPILED and SMALL <= digit_count(matrix) <= LARGE and largest < WIDE:
        work = min(effort * digit_count(matrix), MOST_EFFORT) * builder.effort
        plan = planned(matrix.shape, matrix.astype(np.int64).tobytes(), magnitudes, work, depth)
        return assemble(builder, x, plan, depth)
    rows: list[Row] = []
    for weights in matrix.tolist():
        row = Row({})
        for v, w in zip(x, weights, strict=True):
            for shift, sign in csd(w):
                row.add(v, shift, sign)
        rows.append(row)
    unshared = [Row(dict(row.terms)) for row in rows]
    levels = share(builder, rows)
    for i, row in enumerate(rows):
        if depth is not None and least_depth(levels.get(v, 0) for v, _ in row.terms) > depth:
            rows[i] = unshared[i]
    return [finished(builder, add_up(builder, row.list(), levels, depth)) for row in rows]


@lru_cache(maxsize=64)
def planned(shape: tuple[int, int], data: bytes, magnitudes: tuple[int, ...], effort: int, depth: int | None) -> Shared:
    """The shared sums of a matrix; convolutions ask for the same one at each position."""
    from .sharing import share

    matrix = np.frombuffer(data, dtype=np.int64).reshape(shape)
    return share(matrix, np.array(magnitudes, dtype=np.int64), effort, depth=depth, seed=1)


def assemble(builder: Builder, x: list[Value], plan: Shared, depth: int | None = None) -> list[Value]:
    """Build the sums of a plan over the values ``x``."""
    made: list[Term] = [Term(v, 0, 1) for v in x]
    levels: Levels = {}

    def terms(sum_: Terms) -> list[Term]:
        row = Row({})
        for v, coefficient in sum_:
            value, up, sign = made[v]
            for shift, s in csd(coefficient):
                row.add(value, shift + up, s * sign)
        return row.list()

    for sum_ in plan.sums:
        made.append(add_up(builder, terms(sum_), levels, None if depth is None else 0))
    return [finished(builder, add_up(builder, terms(row), levels, depth)) for row in plan.rows]


def narrowest(builder: Builder, *ways: Callable[[], list[Value]]) -> list[Value]:
    """The values of the way that adds the fewest bits of logic; what the others made is read by nobody."""
    best, least = list[Value](), inf
    for way in ways:
        before = len(builder.ranges)
        values = way()
        bits = sum(logic_bits(builder, v) for v in range(before, len(builder.nodes)))
        if bits < least:
            best, least = values, bits
    return best


def logic_bits(builder: Builder, value: Value) -> int:
    """The bits of a value that take logic: of a sum those from where both operands have begun."""
    node, r = builder.nodes[value], builder.ranges[value]
    match node:
        case Bit() | Concat() | Constant():
            return 0
        case Add(a, b, a_shift, b_shift):
            return max(0, r.width - max(a_shift + builder.ranges[a].zeros, b_shift + builder.ranges[b].zeros))
        case _:
            return r.width - r.zeros


def share(builder: Builder, rows: list[Row]) -> Levels:
    """Replace the most frequent pair of terms by one new value until none occurs twice; the levels of new values."""
    levels: Levels = {}
    counts: Counter[Pair] = Counter()
    readers: dict[Value, set[int]] = {}
    for i, row in enumerate(rows):
        terms = list(row.terms.items())
        for n, (p, s) in enumerate(terms):
            readers.setdefault(p[0], set()).add(i)
            for q, t in terms[n + 1 :]:
                counts[pair_of(p, q, s * t)] += 1
    queue = [(-n, pair) for pair, n in counts.items() if n > 1]
    heapq.heapify(queue)
    while queue:
        n, pair = heapq.heappop(queue)
        if counts[pair] != -n:
            if counts[pair] > 1 and counts[pair] < -n:
                heapq.heappush(queue, (-counts[pair], pair))
            continue
        places = [
            (i, place) for i in sorted(readers[pair[0]] & readers[pair[1]]) for place in rows[i].occurrences(pair)
        ]
        if len(places) < 2:
            counts[pair] = 0
            continue
        new = make(builder, pair)
        levels[new] = max(levels.get(pair[0], 0), levels.get(pair[1], 0)) + 1
        touched: set[Pair] = set()
        readers.setdefault(new, set())
        for i, (p, q) in places:
            replace(rows[i], p, q, new, pair, counts, touched)
            readers[new].add(i)
        for other in touched:
            if counts[other] > 1:
                heapq.heappush(queue, (-counts[other], other))
    return levels


def make(builder: Builder, pair: Pair) -> Value:
    """The sum that a pair stands for, shifted so that the less shifted term is not shifted."""
    a, b, distance, sign = pair
    down = max(-distance, 0)
    return builder.add(Add(a, b, down, distance + down, sign < 0))


def replace(
    row: Row,
    p: tuple[Value, int],
    q: tuple[Value, int],
    new: Value,
    pair: Pair,
    counts: Counter[Pair],
    touched: set[Pair],
) -> None:
    """Put the new value in place of two terms of a row and keep the counts true."""
    sp, sq = row.terms.pop(p), row.terms.pop(q)
    counts[pair] -= 1
    fresh = (new, p[1] - max(-pair[2], 0))
    old = row.terms.pop(fresh, 0)  # the same value at the same shift twice: one term, a shift up or gone
    while old == sp:
        forget(row, fresh, old, counts)
        fresh = (fresh[0], fresh[1] + 1)
        old = row.terms.pop(fresh, 0)
    for t, s in row.terms.items():
        counts[pair_of(t, p, s * sp)] -= 1
        counts[pair_of(t, q, s * sq)] -= 1
        if old == 0:
            other = pair_of(t, fresh, s * sp)
            counts[other] += 1
            touched.add(other)
    if old == 0:
        row.terms[fresh] = sp
    else:
        forget(row, fresh, old, counts)


def forget(row: Row, term: tuple[Value, int], sign: int, counts: Counter[Pair]) -> None:
    """Uncount the pairs of a term that left a row."""
    for t, s in row.terms.items():
        counts[pair_of(t, term, s * sign)] -= 1
