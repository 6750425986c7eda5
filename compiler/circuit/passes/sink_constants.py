"""Constants are added where that takes the shortest carry chain.

A bias behind a sum of many terms takes a chain as wide as the sum. Within the sum there are narrower places: on a term,
or on a partial sum that nothing else reads; where a term is shifted the low bits of the constant are wires.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from ...exact import trailing_zeros
from ..builder import Builder
from ..circuit import Circuit
from ..nodes import Add, Constant
from ..values import Range, Value

__all__ = ["sink_constants"]


class Turn(NamedTuple):
    """A step towards the inputs: the sum, and whether its first operand is next."""

    value: Value
    first: bool


class Place(NamedTuple):
    """Where a constant can be added: bits more in all carry chains, and the way there from the outermost sum."""

    bits: int
    way: tuple[Turn, ...]


def sink_constants(circuit: Circuit) -> Circuit:
    """The same sums with each constant at its best place."""
    nodes, ranges = circuit.nodes, circuit.ranges
    readers = Counter(v for node in nodes for v in node.reads)
    readers.update(circuit.outputs)
    builder = Builder(circuit.inputs)
    new: dict[Value, Value] = {}
    for value, node in enumerate(nodes):
        moved = None
        if isinstance(node, Add) and isinstance(nodes[node.b], Constant) and not node.subtract and not node.b_shift:
            outside = chain(moved_range(ranges[node.a], node.a_shift), ranges[node.b], False, ranges[value])
            place = min(places(circuit, readers, node), default=Place(outside, ()))
            if place.bits < outside:
                moved = rebuilt(circuit, builder, new, place.way, node.a_shift, ranges[node.b].low)
        new[value] = builder.add(node.renumber(new)) if moved is None else moved
    return builder.finish([new[o] for o in circuit.outputs])


def places(circuit: Circuit, readers: Counter[Value], node: Add) -> Iterator[Place]:
    """All places for the constant of ``(a << a_shift) + constant`` within ``a``."""

    def inside(value: Value, shift: int, constant: int, way: tuple[Turn, ...], bits: int) -> Iterator[Place]:
        total = circuit.nodes[value]
        if not isinstance(total, Add) or readers[value] > 1:
            return
        a = moved_range(circuit.ranges[total.a], shift + total.a_shift)
        b = moved_range(circuit.ranges[total.b], shift + total.b_shift)
        r = moved_range(circuit.ranges[value], shift)
        before = chain(a, b, total.subtract, r)
        for first, v, old, up, c in (
            (True, total.a, a, shift + total.a_shift, constant),
            (False, total.b, b, shift + total.b_shift, -constant if total.subtract else constant),
        ):
            if isinstance(circuit.nodes[v], Constant):
                continue
            more = raised(old, c)
            operands = (more, b) if first else (a, more)
            outer = bits + chain(*operands, total.subtract, raised(r, constant)) - before
            turns = (*way, Turn(value, first))
            yield Place(outer + chain(old, Range.around(c), False, more), turns)
            yield from inside(v, up, c, turns, outer)

    yield from inside(node.a, node.a_shift, circuit.ranges[node.b].low, (), 0)


def rebuilt(
    circuit: Circuit, builder: Builder, new: dict[Value, Value], way: tuple[Turn, ...], shift: int, constant: int
) -> Value:
    """The sum ``(value << shift) + constant`` with the constant added at the end of the way."""
    (value, first), *rest = way
    total = circuit.nodes[value]
    assert isinstance(total, Add)
    if not first and total.subtract:
        constant = -constant
    v, up = (total.a, total.a_shift) if first else (total.b, total.b_shift)
    up += shift
    if rest:
        inner = rebuilt(circuit, builder, new, tuple(rest), up, constant)
    else:
        inner = builder.add(Add(new[v], builder.add(Constant(constant)), up))
    if first:
        return builder.add(Add(inner, new[total.b], 0, shift + total.b_shift, total.subtract))
    return builder.add(Add(new[total.a], inner, shift + total.a_shift, 0, total.subtract))


def chain(a: Range, b: Range, subtract: bool, r: Range) -> int:
    """Bits of the carry chain of ``a + b`` or ``a - b`` with the result ``r``: below, one operand's bits are wires."""
    if not subtract and any(not p.signed and p.width <= q.zeros for p, q in ((a, b), (b, a))):
        return 0
    return max(r.width - (b.zeros if subtract else max(a.zeros, b.zeros)), 0)


def moved_range(r: Range, shift: int) -> Range:
    """The range of a shifted value."""
    return Range(r.low << shift, r.high << shift, r.zeros + shift)


def raised(r: Range, constant: int) -> Range:
    """The range of a value plus a constant."""
    zeros = min(r.zeros, trailing_zeros(constant)) if constant else r.zeros
    return Range(r.low + constant, r.high + constant, zeros)
