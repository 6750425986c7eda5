"""A circuit as a DAIS program."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import singledispatchmethod
from hashlib import sha256
from typing import Any

from ...exact import BLAS_EXACT
from ..add3 import Add3
from ..bits import BitSum, Concat, Logic
from ..circuit import Circuit
from ..nodes import Add, AtLeast, Bit, Clamp, Constant, Greater, Input, Lookup, Multiply, Node, Select, Shift
from ..text import write_node
from ..values import Range

__all__ = ["write_dais"]

NONE = -1
INT32 = 2**31


def write_dais(circuit: Circuit) -> str:
    """The program, with the same inputs and outputs in the same order, all of them integers.

    Raises
    ------
    ValueError
        that names every node for which there is no operation, or whose values are too large: 2^52, in tables 2^31.
    """
    writer = Writer()
    places: list[int] = []
    problems: list[str] = []
    for value, (node, r) in enumerate(zip(circuit.nodes, circuit.ranges, strict=True)):
        try:
            inputs = [(places[v], circuit.ranges[v]) for v in node.reads]
            places.append(writer.write(node, r, *inputs))
        except ValueError as error:
            places.append(NONE)
            problems.append(f"%{value} = {write_node(node)}: {error}")
    if problems:
        raise ValueError("; ".join(problems))
    n, outputs = len(circuit.inputs), [places[o] for o in circuit.outputs]
    none, positive = [0] * len(outputs), [False] * len(outputs)
    program: list[Any] = [[n, len(outputs)], [0] * n, outputs, none, positive, writer.operations, NONE, NONE]
    return json.dumps([*program, writer.tables] if writer.tables else program, separators=(",", ":"))


class Writer:
    """Operations as they come; what several nodes need (constants, shifted values) is written once."""

    def __init__(self) -> None:
        self.operations: list[list[Any]] = []
        self.tables: list[dict[str, Any]] = []
        self.known: dict[str, int] = {}

    def put(self, code: int, r: Range, a: int = NONE, b: int = NONE, data: int = 0, step: int = 1) -> int:
        """The place of an operation whose result lies in a range, on multiples of ``step``."""
        if r.magnitude >= BLAS_EXACT // 2:
            raise ValueError("a value is beyond 2^52, which DAIS does not hold exactly")
        operation = [a, b, code, data, [float(r.low), float(r.high), float(step)], 0.0, 0.0]
        key = json.dumps(operation)
        if key not in self.known:
            self.known[key] = len(self.operations)
            self.operations.append(operation)
        return self.known[key]

    def constant(self, value: int, r: Range | None = None) -> int:
        """A constant, with the bits of a range."""
        return self.put(5, Range(value, value) if r is None else r, data=value)

    def shifted(self, a: int, r: Range, left: int) -> int:
        """``a << left`` with the range ``r``; a negative count drops bits that are zero."""
        return self.put(0, r, self.constant(0), a, left) if left else a

    def msb(self, condition: int, yes: int, no: int, r: Range) -> int:
        """``yes`` where the highest bit of the condition (its sign, where it has one) is 1, else ``no``."""
        return self.put(6, r, yes, no, condition)

    @singledispatchmethod
    def write(self, node: Node, r: Range, *inputs: tuple[int, Range]) -> int:
        """The place of a node's value."""
        raise ValueError("DAIS has no such operation")

    @write.register
    def _(self, node: Input, r: Range, *inputs: tuple[int, Range]) -> int:
        return self.put(-1, r, node.index)

    @write.register
    def _(self, node: Constant, r: Range, *inputs: tuple[int, Range]) -> int:
        return self.constant(node.value)

    @write.register
    def _(self, node: Add, r: Range, *inputs: tuple[int, Range]) -> int:
        (a, of_a), (b, _) = inputs
        if not node.subtract and node.b_shift == 0:
            return self.put(0, r, b, a, node.a_shift)
        a = self.shifted(a, Range(of_a.low << node.a_shift, of_a.high << node.a_shift), node.a_shift)
        return self.put(1 if node.subtract else 0, r, a, b, node.b_shift)

    @write.register
    def _(self, node: Add3, r: Range, *inputs: tuple[int, Range]) -> int:
        (a, of_a), (b, of_b), (c, _) = inputs
        first = Add(node.a, node.b, node.a_shift, node.b_shift, node.minus_b)
        pair = self.write(first, first.range(of_a, of_b), (a, of_a), (b, of_b))
        return self.put(1 if node.minus_c else 0, r, pair, c, node.c_shift)

    @write.register
    def _(self, node: Multiply, r: Range, *inputs: tuple[int, Range]) -> int:
        return self.put(7, r, *(place for place, _ in inputs))

    @write.register
    def _(self, node: Shift, r: Range, *inputs: tuple[int, Range]) -> int:
        ((a, _),) = inputs
        if node.right <= 0:
            return self.shifted(a, r, -node.right)
        cut = self.put(3, Range(r.low << node.right, r.high << node.right), a, step=1 << node.right)
        return self.shifted(cut, r, -node.right)

    @write.register
    def _(self, node: Clamp, r: Range, *inputs: tuple[int, Range]) -> int:
        ((a, of_a),) = inputs
        above = self.put(4, Range(of_a.low - node.low, of_a.high - node.low), a, data=-node.low)
        height = node.high - node.low
        positive = Range(0, max(of_a.high - node.low, 0))
        above = self.put(2, positive, above)
        left = self.put(1, Range(height - positive.high, height), self.constant(height), above)
        left = self.put(2, Range(0, height), left)
        return self.put(1, r, self.constant(node.high), left)

    @write.register
    def _(self, node: Lookup, r: Range, *inputs: tuple[int, Range]) -> int:
        ((a, of_a),) = inputs
        low, high, _ = self.operations[a][4]  # the first entry is for the least value of the operation that is read
        return self.table(a, of_a.width, r, node.table[int(low) - node.start : int(high) - node.start + 1])

    def table(self, a: int, width: int, r: Range, table: tuple[int, ...]) -> int:
        """The entry for a value of some bits; the first is for its least."""
        if max(map(abs, table)) >= INT32:
            raise ValueError("its table has entries beyond 2^31, which DAIS does not hold")
        bounds = {"min": float(min(table)), "max": float(max(table)), "step": 1.0}
        name = sha256(json.dumps(table).encode()).hexdigest()
        spec = {"hash": name, "out_qint": bounds, "inp_width": width}
        self.tables.append({"spec": spec, "table": [*table]})
        return self.put(8, r, a, data=len(self.tables) - 1)

    @write.register
    def _(self, node: AtLeast, r: Range, *inputs: tuple[int, Range]) -> int:
        ((a, of_a),) = inputs
        rest = Range(of_a.low - node.bound, of_a.high - node.bound)
        if rest.low >= 0:
            return self.constant(1, r)
        below = self.put(4, rest, a, data=-node.bound)
        return self.msb(below, self.constant(0), self.constant(1), r)

    @write.register
    def _(self, node: Greater, r: Range, *inputs: tuple[int, Range]) -> int:
        (a, of_a), (b, of_b) = inputs
        rest = Range(of_b.low - of_a.high, of_b.high - of_a.low)
        if rest.low >= 0:
            return self.constant(0, r)
        return self.msb(self.put(1, rest, b, a), self.constant(1), self.constant(0), r)

    @write.register
    def _(self, node: Select, r: Range, *inputs: tuple[int, Range]) -> int:
        (condition, chosen), (a, _), (b, _) = inputs
        if chosen.low == chosen.high:
            return a if chosen.low else b
        return self.msb(condition, a, b, r)

    @write.register
    def _(self, node: Bit, r: Range, *inputs: tuple[int, Range]) -> int:
        ((a, _),) = inputs
        bit = self.put(3, Range(0, 1 << node.index), a, step=1 << node.index)
        return self.shifted(bit, r, -node.index)

    def weighted(self, bits: Sequence[int], weights: Sequence[int], offset: int) -> int:
        """``offset`` and the weights of the bits that are 1."""
        total, r = self.constant(offset), Range(offset, offset)
        for bit, w in zip(bits, weights, strict=True):
            term = Range(min(w, 0), max(w, 0))
            r = Range(r.low + term.low, r.high + term.high)
            total = self.put(0, r, total, self.put(7, term, bit, self.constant(w)))
        return total

    @write.register
    def _(self, node: Logic, r: Range, *inputs: tuple[int, Range]) -> int:
        rows = 1 << len(inputs)
        at = self.weighted([place for place, _ in inputs], [1 << k for k in range(len(inputs))], 0)
        low, high, _ = self.operations[at][4]
        assert (low, high) == (0, rows - 1)
        return self.table(at, len(inputs), r, tuple(node.table >> n & 1 for n in range(rows)))

    @write.register
    def _(self, node: Concat, r: Range, *inputs: tuple[int, Range]) -> int:
        weights = [1 << k for k in range(len(inputs))]
        if node.of.signed:
            weights[-1] = -weights[-1]
        return self.weighted([place for place, _ in inputs], weights, 0)

    @write.register
    def _(self, node: BitSum, r: Range, *inputs: tuple[int, Range]) -> int:
        return self.weighted([place for place, _ in inputs], node.weights, node.offset)
