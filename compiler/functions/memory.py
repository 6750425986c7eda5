"""Circuits whose tables of one value are a block RAM, which gives them a clock cycle later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..circuit.ir import Builder, Circuit, Constant, Input, Lookup, Node, Value
from ..exact import Ints
from ..number import Number

__all__ = ["Memory", "in_memory"]


@dataclass(frozen=True)
class Memory:
    """A circuit in two parts with a RAM in between.

    ``before`` gives the RAM's address and, behind it, values that are ``kept`` for a cycle. ``after`` has as inputs the
    numbers ``fields`` that a word of the RAM consists of, the first in its lowest bits, and what was kept.
    """

    before: Circuit
    words: tuple[int, ...]
    fields: tuple[Number, ...]
    after: Circuit

    @property
    def width(self) -> int:
        """Bits of a word."""
        return sum(field.wire.width for field in self.fields)


def in_memory(circuit: Circuit, address: Value) -> Memory:
    """A circuit cut behind a value: the tables that it selects from are in a RAM.

    Raises
    ------
    ValueError
        where no table is selected from by the value, which must count from 0.
    """
    tables = [v for v, node in enumerate(circuit.nodes) if isinstance(node, Lookup) and node.a == address]
    if not tables or circuit.ranges[address].low:
        raise ValueError(f"address must be that of a table and count from 0, not %{address}")
    late = {*tables}
    for v, node in enumerate(circuit.nodes):
        if not late.isdisjoint(node.reads):
            late.add(v)
    behind = [v for v in sorted(late) if v not in tables]
    read = {r for v in behind for r in circuit.nodes[v].reads} | {*circuit.outputs}
    fixed = {v: node for v, node in enumerate(circuit.nodes) if isinstance(node, Constant)}
    kept = sorted(read - late - fixed.keys())
    early = [v for v in range(len(circuit.nodes)) if v not in late]
    before = part(circuit, circuit.inputs, {}, {}, early, [address, *kept])
    fields = tuple(number_of(circuit, v) for v in tables)
    places = {v: n for n, v in enumerate([*tables, *kept])}
    inputs = (*fields, *(number_of(circuit, v) for v in kept))
    after = part(circuit, inputs, places, fixed, behind, circuit.outputs)
    return Memory(before, words_of(circuit, address, tables, fields), fields, after)


def number_of(circuit: Circuit, v: Value) -> Number:
    """A value as an input."""
    r = circuit.ranges[v]
    return Number.of(r.low, r.high)


def part(
    circuit: Circuit,
    inputs: tuple[Number, ...],
    places: Mapping[Value, int],
    fixed: Mapping[Value, Node],
    values: list[Value],
    outputs: tuple[Value, ...] | list[Value],
) -> Circuit:
    """Some values of a circuit as one of their own, those with ``places`` being its inputs."""
    builder = Builder(inputs)
    given = builder.start()
    new = {v: given[n] for v, n in places.items()} | {v: builder.add(node) for v, node in fixed.items()}
    for v in values:
        node = circuit.nodes[v]
        new[v] = given[node.index] if isinstance(node, Input) else builder.add(node.renumber(new))
    return builder.finish([new[o] for o in outputs])


def words_of(circuit: Circuit, address: Value, tables: list[Value], fields: tuple[Number, ...]) -> tuple[int, ...]:
    """The words of the RAM."""
    words = [0] * (circuit.ranges[address].high + 1)
    at = 0
    for v, field in zip(tables, fields, strict=True):
        node = circuit.nodes[v]
        if not isinstance(node, Lookup):
            raise AssertionError(f"%{v} is no table")
        codes: Ints = field.wire.encode(node.evaluate(np.arange(len(words))))
        for n, code in enumerate(codes.tolist()):
            words[n] |= code << at
        at += field.wire.width
    return tuple(words)
