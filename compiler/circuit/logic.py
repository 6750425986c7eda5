"""Boolean functions in their simplest form."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from .bits import Logic
from .builder import Builder
from .nodes import Constant
from .values import Value

__all__ = ["logic"]

IDENTITY = 0b10


def logic(builder: Builder, bits: Sequence[Value], table: int) -> Value:
    """The value of a Boolean function, see :class:`Logic`: of the operands that it depends on, in the order of their
    indices; a constant or one of the operands where it is that."""
    order = sorted({*bits})
    ends = [builder.ranges[v] for v in order]
    known = tuple(r.low if r.low == r.high else None for r in ends)
    needed, reduced = simplified(table, tuple(order.index(v) for v in bits), known)
    if not needed:
        return builder.add(Constant(reduced))
    if len(needed) == 1 and reduced == IDENTITY:
        return order[needed[0]]
    return builder.add(Logic(tuple(order[k] for k in needed), reduced))


@lru_cache(maxsize=1 << 14)
def simplified(table: int, places: tuple[int, ...], known: tuple[int | None, ...]) -> tuple[tuple[int, ...], int]:
    """Which distinct operands a function depends on, and its table over these.

    ``places[k]`` is the distinct operand that operand ``k`` is, ``known`` the constant that each of them is.
    """

    def value(row: int, operands: tuple[int, ...]) -> int:
        bit = [n or 0 for n in known]
        for n, k in enumerate(operands):
            bit[k] = row >> n & 1
        return table >> sum(bit[p] << k for k, p in enumerate(places)) & 1

    def over(operands: tuple[int, ...]) -> list[int]:
        return [value(row, operands) for row in range(1 << len(operands))]

    free = tuple(k for k, n in enumerate(known) if n is None)
    every = over(free)
    needed = tuple(k for n, k in enumerate(free) if any(v != every[row ^ 1 << n] for row, v in enumerate(every)))
    return needed, sum(v << row for row, v in enumerate(over(needed)))
