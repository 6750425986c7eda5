"""Function units in the place of a circuit's tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ..circuit.inline import inline
from ..circuit.ir import Add, Builder, Circuit, Concat, Constant, Lookup, Range, Value
from ..exact import Ints
from ..number import Number
from .target import Target

__all__ = ["Units", "unit_of", "with_units"]

Units = Callable[[Target], Circuit | None]
"""The circuit of a target, from its input code to its output code; None where a plain table is better."""

MOST_ENTRIES = 1 << 12
"""Of a circuit's tables that are asked for: 16 of 8 bits, which take a minute, 4 of 10."""


Table = tuple[int, tuple[int, ...]]
"""First input and entries."""


def with_units(circuit: Circuit, units: Units) -> Circuit:
    """The same circuit with units in the place of its tables; ``units`` is asked once for each table, for those that
    take most room."""
    tables = {v: (node.start, node.table) for v, node in enumerate(circuit.nodes) if isinstance(node, Lookup)}
    read: dict[Table, list[Range]] = {}
    for v, table in tables.items():
        read.setdefault(table, []).extend(circuit.ranges[x] for x in circuit.nodes[v].reads)
    size = {table: len(ranges) * bits_of(table) for table, ranges in read.items()}
    made: dict[Table, Circuit] = {}
    room = MOST_ENTRIES
    for start, entries in sorted(size, key=lambda table: size[table], reverse=True):
        ranges = read[start, entries]
        first, last = min(r.low for r in ranges), max(r.high for r in ranges)
        asked = entries[first - start : last - start + 1]
        room -= len(asked)
        if room < 0:
            break
        if (unit := unit_of(units, first, asked, asked)) is not None:
            made[start, entries] = unit
    if not made:
        return circuit
    builder = Builder(circuit.inputs)
    new: dict[Value, Value] = {}
    for value, node in enumerate(circuit.nodes):
        unit = made.get(tables[value]) if value in tables else None
        if unit is None:
            new[value] = builder.add(node.renumber(new))
        else:
            (new[value],) = inline(builder, unit, [new[x] for x in node.reads])
    return builder.finish([new[o] for o in circuit.outputs])


def bits_of(table: Table) -> int:
    """The size of a table."""
    _, entries = table
    return len(entries) * (max(entries) - min(entries)).bit_length()


def unit_of(units: Units, first: int, low: Sequence[int] | Ints, high: Sequence[int] | Ints) -> Circuit | None:
    """A circuit from the integers ``first, first + 1, ...`` to one of ``low[i] .. high[i]`` for each; None where a
    plain table is better.

    Its input and its output have just the range that is asked for.
    """
    below, above = np.asarray(low, dtype=np.int64), np.asarray(high, dtype=np.int64)
    least, most = int(above.min()), int(below.max())
    less = least if max(most - least, 0).bit_length() < Range.around(least, most).width else 0
    unit = units(Target.of(first, below - less, above - less))
    if unit is None:
        return None
    codes = np.arange(first, first + len(below))
    outputs = unit.evaluate(codes.reshape(-1, 1))[:, 0]
    if not ((below <= outputs + less) & (outputs + less <= above)).all():
        raise AssertionError("a unit gives what is not allowed")
    builder = Builder((Number.of(first, int(codes[-1])),))
    (y,) = inline(builder, unit, builder.start())
    node = builder.nodes[y]
    if isinstance(node, Concat):
        y = builder.add(replace(node, of=Range(int(outputs.min()), int(outputs.max()))))
    return builder.finish([builder.add(Add(y, builder.add(Constant(less)))) if less else y])
