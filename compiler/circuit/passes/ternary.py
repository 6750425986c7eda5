"""Sums of sums as sums of three terms, for chips whose LUTs have six inputs.

There a bit of ``a + b + c`` takes one LUT as a bit of ``a + b`` does: its two outputs are the sum of the three bits and
their majority, which the next bit adds on the carry chain (Simkins, Philofsky, US 7,274,211). So a tree of sums that
nobody else reads is written out as its terms, and these are added three at a time: always those whose sum takes the
fewest LUTs, and in no more levels than the terms need.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from ..add3 import Add3
from ..builder import Builder
from ..circuit import Circuit
from ..nodes import Add
from ..values import Range, Value
from .tighten import tighten

__all__ = ["ternary"]

WINDOW = 12
"""Terms among which the next three are chosen: those of the lowest levels and bits."""


class Term(NamedTuple):
    """A term of a sum: a value of the new circuit, shifted, perhaps subtracted; ``level`` sums lie below it."""

    level: int
    shift: int
    low: int
    high: int
    zeros: int
    minus: bool
    value: Value

    @property
    def first(self) -> int:
        """Its lowest bit that is not always 0."""
        return self.shift + self.zeros


def ternary(circuit: Circuit) -> Circuit:
    """The same outputs with as few and narrow sums of three terms as possible."""
    inner = inner_sums(circuit)
    builder = Builder(circuit.inputs)
    new: dict[Value, Value] = {}
    levels: dict[Value, int] = {}
    for value, node in enumerate(circuit.nodes):
        if value in inner:
            continue
        if isinstance(node, Add):
            terms = [term(builder, new[v], s, m, levels[new[v]]) for v, s, m in written_out(circuit, inner, value)]
            found, level = added(builder, terms)
        else:
            found = builder.add(node.renumber(new))
            level = max((levels[new[v]] for v in node.reads), default=0)
        levels[found] = level
        new[value] = found
        known, r = builder.ranges[found], circuit.ranges[value]
        builder.ranges[found] = Range(max(known.low, r.low), min(known.high, r.high), max(known.zeros, r.zeros))
    return tighten(builder.finish([new[o] for o in circuit.outputs]))


def inner_sums(circuit: Circuit) -> set[Value]:
    """Sums that only another sum reads, once."""
    readers: list[list[Value]] = [[] for _ in circuit.nodes]
    for value, node in enumerate(circuit.nodes):
        for v in node.reads:
            readers[v].append(value)
    outputs = set(circuit.outputs)
    return {
        v for v, node in enumerate(circuit.nodes)
        if isinstance(node, Add) and v not in outputs and len(readers[v]) == 1
        and isinstance(circuit.nodes[readers[v][0]], Add)
    }  # fmt: skip


def written_out(circuit: Circuit, inner: set[Value], root: Value) -> Iterator[tuple[Value, int, bool]]:
    """Value, shift and sign of every term of a sum, inner sums written out."""
    todo = [(root, 0, False)]
    while todo:
        value, shift, minus = todo.pop()
        node = circuit.nodes[value]
        if value != root and value not in inner:
            yield value, shift, minus
        elif isinstance(node, Add):
            todo.append((node.b, shift + node.b_shift, minus ^ node.subtract))
            todo.append((node.a, shift + node.a_shift, minus))


def term(builder: Builder, value: Value, shift: int, minus: bool, level: int) -> Term:
    """A value of the new circuit as a term."""
    r = builder.ranges[value]
    return Term(level, shift, r.low, r.high, r.zeros, minus, value)


def added(builder: Builder, terms: list[Term]) -> tuple[Value, int]:
    """The value of a sum of two terms or more, one of which is not subtracted, and its level."""
    deepest = max(t.level for t in terms)
    while room_of(terms) > 3**deepest:
        deepest += 1
    while len(terms) > 3:
        terms.sort(key=lambda t: (t.level, t.first, t.high - t.low))
        group = cheapest(terms, deepest)
        if group is None:
            deepest += 1
            continue
        together = combined(builder, [terms[i] for i in group])
        terms = [t for i, t in enumerate(terms) if i not in group] + [together]
    return make(builder, terms, 0), max(t.level for t in terms) + 1


def cheapest(terms: list[Term], deepest: int) -> tuple[int, ...] | None:
    """The next terms to add: of an even number perhaps two, so that an odd number is left."""
    room, best, fewest = room_of(terms), None, 0
    for size in (3,) if len(terms) % 2 else (2, 3):
        for group in combinations(range(min(len(terms), WINDOW)), size):
            chosen = [terms[i] for i in group]
            if not fits(chosen, room, deepest):
                continue
            luts = lut_bits(chosen)
            if best is None or luts < fewest:
                best, fewest = group, luts
    return best


def room_of(terms: list[Term]) -> int:
    """What terms take of the ``3^deepest`` places at the leaves of a tree of sums."""
    return sum(3**t.level for t in terms)


def fits(group: list[Term], room: int, deepest: int) -> bool:
    """Whether the rest can still be added within the levels once a group is one term (Kraft's inequality)."""
    level = max(t.level for t in group) + 1
    return room - room_of(group) + 3**level <= 3**deepest


def lut_bits(group: list[Term]) -> int:
    """LUTs of a sum: its bits from the first where two terms meet or one is subtracted."""
    sign = -1 if all(t.minus for t in group) else 1
    low = high = 0
    for t in group:
        minus = t.minus and sign > 0
        low += (-t.high if minus else t.low) << t.shift
        high += (-t.low if minus else t.high) << t.shift
    start = sorted(t.first for t in group)[1]
    if sign > 0:
        start = min([start, *(t.first for t in group if t.minus)])
    return Range(low, high).width - start


def combined(builder: Builder, group: list[Term]) -> Term:
    """A group as one term; where all are subtracted, their sum is."""
    minus = all(t.minus for t in group)
    shift = min(t.shift for t in group)
    terms = [t._replace(minus=False) for t in group] if minus else group
    value = make(builder, terms, shift)
    return term(builder, value, shift, minus, max(t.level for t in group) + 1)


def make(builder: Builder, terms: list[Term], less: int) -> Value:
    """The node of two or three terms, shifted by ``less`` less."""
    terms = sorted(terms, key=lambda t: t.minus)
    a, b = terms[:2]
    if len(terms) == 2:
        return builder.add(Add(a.value, b.value, a.shift - less, b.shift - less, b.minus))
    c = terms[2]
    shifts = (a.shift - less, b.shift - less, c.shift - less)
    return builder.add(Add3(a.value, b.value, c.value, *shifts, b.minus, c.minus))
