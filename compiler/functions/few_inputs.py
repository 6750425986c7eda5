"""What depends on few bits as truth tables: neurons of a sparse network, and other logic on narrow values.

A neuron is a sum and what stands behind it up to a narrow value: a clamped one, a comparison. Where the bits that all
this reads are few, each bit of the result is a function of them, whatever the weights; so networks of such neurons are
networks of LUTs (Y. Umuroglu et al., "LogicNets", FPL 2020). Both forms are made and priced, neuron by neuron.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..circuit.bits import BitSum
from ..circuit.ir import (
    Add,
    Add3,
    Bit,
    Builder,
    Circuit,
    Concat,
    Constant,
    Input,
    Logic,
    Multiply,
    Node,
    Range,
    Select,
    Value,
)
from ..circuit.tables import Bits, bits_of
from ..exact import INT64_EXACT, Ints
from ..number import Number
from .circuits import Wires
from .decompose import decomposed
from .network import Fabric, Network
from .problem import Problem

__all__ = ["MOST_BITS", "few_inputs"]

MOST_BITS = 12
"""Bits that a truth table may read."""
INNER = (Input, Constant, Add, Add3, BitSum, Multiply, Bit)
"""Nodes that no neuron ends with."""

Price = Callable[[Circuit], float]
"""What a circuit takes, in LUTs."""
Leaves = frozenset[Value]
Key = tuple[str, tuple[tuple[tuple[int, ...], int], ...]]


def few_inputs(circuit: Circuit, fabric: Fabric, price: Price) -> Circuit:
    """The same function with truth tables in the place of neurons where they take fewer LUTs."""
    cones = Cones(circuit, fabric.inputs)
    makers = Makers(fabric, price)
    tables = {root: made.table for root, cone in cones.found.items() if (made := makers.cheaper(cone)) is not None}
    if not tables:
        return circuit
    builder = Builder(circuit.inputs)
    new: dict[Value, Value] = {}
    for v, (node, r) in enumerate(zip(circuit.nodes, circuit.ranges, strict=True)):
        if v in tables:
            bits = tables[v].bits(builder, [new[b] for x in cones.found[v].leaves for b in cones.bits[x].bits])
            new.update(zip(cones.bits[v].bits, bits, strict=True))
            new[v] = tables[v].value(builder, bits)
        else:
            new[v] = builder.add(node.renumber(new))
            builder.ranges[new[v]] = r
        for b in cones.bits[v].bits:
            if b not in new:  # a bit of the value: it has no node of its own yet
                new[b] = builder.add(cones.scratch.nodes[b].renumber(new))
    return builder.finish([new[o] for o in circuit.outputs])


@dataclass(frozen=True, eq=False)
class Cone:
    """The nodes between some narrow values and the one that they make, as a circuit from these values.

    ``share`` is the part of it that nothing else reads; what several cones have in common is divided among them.
    """

    leaves: tuple[Value, ...]
    bits: tuple[Bits, ...]
    ranges: tuple[Range, ...]
    nodes: tuple[Node, ...]
    proven: tuple[Range, ...]
    root: Bits
    share: float

    @property
    def numbers(self) -> tuple[Number, ...]:
        """The lattices of the leaves."""
        pairs = zip(self.bits, self.ranges, strict=True)
        return tuple(Number.of(r.low, r.high, min(map(abs, b.weights), default=1)) for b, r in pairs)

    @cached_property
    def circuit(self) -> Circuit:
        """The cone alone."""
        builder = Builder(self.numbers)
        new = dict(zip(self.leaves, builder.start(), strict=True))
        for n, node in enumerate(self.nodes):
            new[-1 - n] = builder.add(node.renumber(new))
        return builder.finish([new[-len(self.nodes)]])

    def evaluate(self) -> Ints:
        """Its value for every word of the leaves' bits; on words that cannot be each value stays in its range."""
        words = np.arange(1 << sum(len(b.bits) for b in self.bits))
        values: dict[Value, Ints] = {}
        at = 0
        for v, b, r in zip(self.leaves, self.bits, self.ranges, strict=True):
            value = sum(
                ((words >> at + k & 1) * weight for k, weight in enumerate(b.weights)), np.full(len(words), b.base)
            )
            values[v] = np.clip(value, r.low, r.high)
            at += len(b.bits)
        for n, (node, r) in enumerate(zip(self.nodes, self.proven, strict=True)):
            values[-1 - n] = np.clip(node.evaluate(*(values[x] for x in node.reads)), r.low, r.high)
        return np.broadcast_to(values[-len(self.nodes)], words.shape)


class Cones:
    """The cones of a circuit, by the value that each makes."""

    def __init__(self, circuit: Circuit, luts: int) -> None:
        self.circuit, self.luts = circuit, luts
        self.scratch = Builder(circuit.inputs, nodes=[*circuit.nodes], ranges=[*circuit.ranges])
        self.bits = [bits_of(self.scratch, v) for v in range(len(circuit.nodes))]
        self.leaves: list[Leaves] = []
        self.roots: dict[Value, Leaves] = {}
        for v, node in enumerate(circuit.nodes):
            self.leaves.append(self.leaves_of(v, node))
        for o in circuit.outputs:
            self.root(o)
        self.found = self.cones()

    def width(self, leaves: Leaves) -> int:
        """Bits of some values."""
        return sum(len(self.bits[v].bits) for v in leaves)

    def leaves_of(self, v: Value, node: Node) -> Leaves:
        """The values that a value is made of: narrow ones, or itself."""
        if isinstance(node, (Input, Constant)):
            return frozenset([v] if isinstance(node, Input) else [])
        every = frozenset[Value]().union(*(self.leaves[x] for x in node.reads))
        parts = [self.leaves[x] if self.leaves[x] == every or not self.root(x) else {x} for x in node.reads]
        leaves = frozenset[Value]().union(*parts)
        return leaves if self.width(leaves) <= MOST_BITS else frozenset([v])

    def root(self, v: Value) -> bool:
        """Note a value that is narrower than what it is made of; whether it is."""
        leaves, width = self.leaves[v], len(self.bits[v].bits)
        node = self.circuit.nodes[v]
        moved = isinstance(node, Add) and any(isinstance(self.circuit.nodes[x], Constant) for x in node.reads)
        if (isinstance(node, INNER) and not moved) or v in leaves or not 0 < width < self.width(leaves):
            return False
        if isinstance(node, Logic) and self.width(leaves) <= self.luts:
            return False  # a LUT already, of a sum of tables perhaps
        if len(leaves) > 1:  # functions of one value are for `with_units`
            self.roots[v] = leaves
        return True

    def cones(self) -> dict[Value, Cone]:
        """The circuit of each root, and how much of it is its own."""
        nodes, ranges = self.circuit.nodes, self.circuit.ranges
        inside = {root: sorted(self.inside(root, leaves)) for root, leaves in self.roots.items()}
        users = Counter(v for values in inside.values() for v in values)
        readers: dict[Value, list[Value]] = defaultdict(list)
        for v, node in enumerate(nodes):
            for x in node.reads:
                readers[x].append(v)
        kept = {*self.circuit.outputs} - {*self.roots}
        for v in range(len(nodes) - 1, -1, -1):
            if v not in self.roots and any(u not in users or u in kept for u in readers[v]):
                kept.add(v)
        found: dict[Value, Cone] = {}
        for root, values in inside.items():
            weights = [(ranges[v].width, 0.0 if v in kept else 1 / users[v]) for v in values]
            share = sum(w * part for w, part in weights) / max(sum(w for w, _ in weights), 1)
            leaves = tuple(sorted(self.roots[root]))
            number = {v: -1 - n for n, v in enumerate(values)} | {v: v for v in leaves}
            found[root] = Cone(
                leaves, tuple(self.bits[v] for v in leaves), tuple(ranges[v] for v in leaves),
                tuple(nodes[v].renumber(number) for v in values), tuple(ranges[v] for v in values), self.bits[root],
                share,
            )  # fmt: skip
        return found

    def inside(self, root: Value, leaves: Leaves) -> set[Value]:
        """The values of a cone, its constants among them."""
        found: set[Value] = set()
        waiting = [root]
        while waiting:
            v = waiting.pop()
            if v not in found and v not in leaves:
                found.add(v)
                waiting += self.circuit.nodes[v].reads
        return found


@dataclass(frozen=True, eq=False)
class Table:
    """A function whose value has the bits ``of``, from the bits of other values; ``range`` is what it can be."""

    network: Network
    of: Bits
    range: Range

    def bits(self, builder: Builder, read: list[Value]) -> list[Value]:
        """The bits of its value."""
        wires = Wires(builder, self.network, dict(enumerate([builder.add(Constant(0)), *read])))
        return [wires.signal(s) for s in self.network.outputs]

    def value(self, builder: Builder, bits: list[Value]) -> Value:
        """The value of these bits."""
        if self.range.low == self.range.high:
            return builder.add(Constant(self.range.low))
        if len(bits) == 1:
            if (self.of.base, self.of.weights) == (0, (1,)):
                return bits[0]
            zero, one = (builder.add(Constant(self.of.base + w)) for w in (0, self.of.weights[0]))
            return builder.add(Select(bits[0], one, zero))
        zeros = [builder.add(Constant(0))] * (min(map(abs, self.of.weights)).bit_length() - 1)
        return builder.add(Concat((*zeros, *bits)[: self.range.width], self.range))


class Made(NamedTuple):
    """A cone's table, what it takes, and what the cone takes as it is."""

    table: Table
    luts: float
    before: float


@dataclass
class Makers:
    """Makes tables of cones; like cones are made once."""

    fabric: Fabric
    price: Price
    known: dict[Key, Made | None] = field(default_factory=dict[Key, "Made | None"])

    def cheaper(self, cone: Cone) -> Made | None:
        """The table of a cone, if it takes less than what would be saved."""
        key = str(cone.circuit), tuple((b.weights, b.base) for b in (*cone.bits, cone.root))
        if key not in self.known:
            self.known[key] = self.made(cone)
        made = self.known[key]
        return made if made is not None and made.luts < made.before * cone.share else None

    def made(self, cone: Cone) -> Made | None:
        """A table and both prices; None for what takes nothing already."""
        if max(r.magnitude for r in cone.proven) >= INT64_EXACT:
            return None
        before = self.price(cone.circuit)
        if before == 0:
            return None
        table = table_of(cone, self.fabric)
        builder = Builder(cone.numbers)
        bits = table.bits(builder, [b for v in builder.start() for b in bits_of(builder, v).bits])
        return Made(table, self.price(builder.finish([table.value(builder, bits)])), before)


def table_of(cone: Cone, fabric: Fabric) -> Table:
    """The values of a cone's circuit for every word of bits, as LUTs."""
    y = cone.evaluate()
    of = cone.root
    if len(of.bits) == 1:
        words = (y != of.base).astype(np.int64)
    else:
        words = y >> min(map(abs, of.weights)).bit_length() - 1 & (1 << len(of.bits)) - 1
    problem = Problem(sum(len(b.bits) for b in cone.bits), 0, (), len(of.bits), 0, words, words)
    return Table(decomposed(problem, fabric), of, Range.around(*{*y.tolist()}))
