"""Sums of shifted terms as trees of adders, narrow and, where it is asked for, shallow."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from typing import NamedTuple

from .ir import Add, Builder, Constant, Value

__all__ = ["Levels", "Term", "add_up", "finished", "least_depth"]

NEAR = 32  # terms, by size, among which the partner of the smallest is looked for

Levels = dict[Value, int]
"""How many adders a value is behind the inputs of its product; those that are not there are inputs."""


class Term(NamedTuple):
    """``sign * 2^shift * value``."""

    value: Value
    shift: int
    sign: int


def least_depth(levels: Iterable[int]) -> int:
    """The depth of the flattest tree of adders over values of these levels (Golumbic 1976; Kraft's inequality)."""
    return max(sum(1 << n for n in levels) - 1, 0).bit_length()


def add_up(builder: Builder, terms: Iterable[Term], levels: Levels, depth: int | None = None) -> Term:
    """The sum of terms; its adders are entered into ``levels``.

    The smallest term is added first, to the one with which its sum is narrowest. With a ``depth`` only where the rest
    can still be added within it, or within the least one that there is.
    """

    def size(t: Term) -> int:
        r = builder.ranges[t.value]
        return (r.high - r.low) << t.shift

    def cost(t: Term, u: Term) -> tuple[int, int]:
        """The top of the sum, and the bits of its adder: those from the higher low end to the top."""
        top = (size(t) + size(u)).bit_length()
        low, high = sorted((t, u), key=lambda v: v.shift + builder.ranges[v.value].zeros)
        start = high.shift + builder.ranges[high.value].zeros
        return top, top - start if size(low).bit_length() > start else 0

    def level(t: Term) -> int:
        return levels.get(t.value, 0)

    def load(t: Term, u: Term) -> int:
        """How much more room a sum takes than its terms."""
        return (2 << max(level(t), level(u))) - (1 << level(t)) - (1 << level(u))

    waiting = sorted(terms, key=lambda t: (size(t), t))
    if not waiting:
        return Term(builder.add(Constant(0)), 0, 1)
    least = least_depth(map(level, waiting))
    room = (1 << max(least, depth)) - sum(1 << level(t) for t in waiting) if depth is not None else None
    while len(waiting) > 1:
        first = waiting[0]
        near = [t for t in waiting[1 : NEAR + 1] if room is None or load(first, t) <= room]
        if near:
            second = min(near, key=lambda t: cost(first, t))
        else:
            first, second = sorted(waiting, key=level)[:2]
        if room is not None:
            room -= load(first, second)
        waiting.remove(first)
        waiting.remove(second)
        if first.sign < second.sign:
            first, second = second, first
        down = min(first.shift, second.shift)
        subtract = first.sign != second.sign
        total = builder.add(Add(first.value, second.value, first.shift - down, second.shift - down, subtract))
        levels[total] = max(level(first), level(second)) + 1
        insort(waiting, Term(total, down, first.sign), key=size)
    return waiting[0]


def finished(builder: Builder, term: Term) -> Value:
    """The value of a term that is an output: shifted and with its sign."""
    value, shift, sign = term
    if sign > 0 and shift == 0:
        return value
    return builder.add(Add(builder.add(Constant(0)), value, 0, shift, sign < 0))
