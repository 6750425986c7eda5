"""A DAIS program as a circuit."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import frexp
from typing import Any, NamedTuple

from ...number import Number
from ..builder import Builder
from ..circuit import Circuit
from ..nodes import Add, AtLeast, Clamp, Constant, Lookup, Multiply, Select, Shift
from ..values import Range, Value

__all__ = ["Program", "read_dais"]


class Program(NamedTuple):
    """A circuit of integers, and what one of each is worth: input ``i`` is ``2^inputs[i]`` times its integer."""

    circuit: Circuit
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


class Fixed(NamedTuple):
    """``2^exponent`` times a value of the circuit."""

    value: Value
    exponent: int


class Format(NamedTuple):
    """The bits of a fixed-point number: ``low .. high`` times ``2^exponent``, all of them."""

    low: int
    high: int
    exponent: int


@dataclass(frozen=True)
class Operation:
    """An operation as the program has it."""

    a: int
    b: int
    code: int
    data: int
    low: float
    high: float
    step: float

    @property
    def exponent(self) -> int:
        """The step as a power of two."""
        mantissa, exponent = frexp(self.step)
        if mantissa != 0.5:
            raise ValueError(f"the step {self.step:g} is no power of two")
        return exponent - 1

    @property
    def format(self) -> Format:
        """The fewest bits that hold the range."""
        low, high = round(self.low / self.step), round(self.high / self.step)
        width = Range(low, high).width
        return Format(-(1 << width - 1) if low < 0 else 0, (1 << width - (low < 0)) - 1, self.exponent)


def read_dais(text: str) -> Program:
    """The circuit of a program.

    Raises
    ------
    ValueError
        that names every operation that a circuit has no node for.
    """
    shape, shifts, indices, out_shifts, negatives, rows, *_, tables = [*json.loads(text), [], []][:9]
    operations = [Operation(*row[:4], *row[4]) for row in rows]
    reader = Reader(shape[0], operations, tables)
    problems: list[str] = []
    for place in range(len(operations)):
        try:
            reader.read(place)
        except ValueError as error:
            problems.append(f"operation {place} (code {operations[place].code}): {error}")
    if problems:
        raise ValueError("; ".join(problems))
    zero = Fixed(reader.builder.add(Constant(0)), 0)
    outputs = [
        (reader.negative(reader.made[i]) if negative else reader.made[i]) if i >= 0 else zero
        for i, negative in zip(indices, negatives, strict=True)
    ]
    return Program(
        reader.builder.finish([o.value for o in outputs]),
        tuple(e - shift for e, shift in zip(reader.exponents, shifts, strict=True)),
        tuple(o.exponent + shift for o, shift in zip(outputs, out_shifts, strict=True)),
    )


class Reader:
    """The values of a program's operations, in order."""

    def __init__(self, inputs: int, operations: list[Operation], tables: list[dict[str, Any]]) -> None:
        self.operations, self.tables = operations, tables
        copies: dict[int, Operation] = {}
        for operation in operations:
            if operation.code == -1:
                copies.setdefault(operation.a, operation)
        self.copies = copies
        bits = [copies[i].format if i in copies else Format(0, 0, 0) for i in range(inputs)]
        self.exponents = [f.exponent for f in bits]
        self.builder = Builder(tuple(Number.of(f.low, f.high) for f in bits))
        self.inputs = self.builder.start()
        self.made: list[Fixed] = []

    def read(self, place: int) -> None:
        """Make the next operation's value; nothing where it fails, so that the ones behind it can be tried."""
        self.made.append(Fixed(0, 0))
        self.made[place] = self.value(self.operations[place])

    def value(self, o: Operation) -> Fixed:
        """The value of an operation."""
        add = self.builder.add
        match o.code:
            case -1:
                if self.copies[o.a].format != o.format:
                    raise ValueError(f"input {o.a} is read in two formats")
                return Fixed(self.inputs[o.a], self.exponents[o.a])
            case 0 | 1:
                return self.total(self.made[o.a], self.raised(self.made[o.b], o.data), o.code == 1)
            case 2 | -2:
                x = self.signed(o)
                positive = Clamp(x.value, 0, max(self.builder.ranges[x.value].high, 0))
                return self.cut(Fixed(add(positive), x.exponent), o.format)
            case 3 | -3:
                return self.cut(self.signed(o), o.format)
            case 4:
                return self.total(self.made[o.a], Fixed(add(Constant(o.data)), o.exponent), subtract=False)
            case 5:
                return Fixed(add(Constant(o.data)), o.exponent)
            case 6 | -6:
                return self.choice(o)
            case 7:
                a, b = self.made[o.a], self.made[o.b]
                return Fixed(add(Multiply(a.value, b.value)), a.exponent + b.exponent)
            case 8:
                return self.looked_up(o)
            case _:
                raise ValueError("a circuit has no such node")

    def signed(self, o: Operation) -> Fixed:
        """The operand of an operation, negative where the code is."""
        return self.made[o.a] if o.code > 0 else self.negative(self.made[o.a])

    def negative(self, x: Fixed) -> Fixed:
        """``-x``."""
        zero = self.builder.add(Constant(0))
        return Fixed(self.builder.add(Add(zero, x.value, subtract=True)), x.exponent)

    def raised(self, x: Fixed, shift: int) -> Fixed:
        """``x * 2^shift``."""
        return Fixed(x.value, x.exponent + shift)

    def total(self, a: Fixed, b: Fixed, subtract: bool) -> Fixed:
        """``a + b`` or ``a - b``."""
        exponent = min(a.exponent, b.exponent)
        node = Add(a.value, b.value, a.exponent - exponent, b.exponent - exponent, subtract)
        return Fixed(self.builder.add(node), exponent)

    def at(self, x: Fixed, exponent: int) -> Value:
        """The value in units of ``2^exponent``, rounded down."""
        return x.value if x.exponent == exponent else self.builder.add(Shift(x.value, exponent - x.exponent))

    def cut(self, x: Fixed, into: Format) -> Fixed:
        """The bits of a number that a format has: lower ones are dropped, higher ones wrap."""
        add = self.builder.add
        value = self.at(x, into.exponent)
        r = self.builder.ranges[value]
        if not (into.low <= r.low and r.high <= into.high):
            count = into.high - into.low + 1
            moved = add(Add(value, add(Constant(-into.low))))
            above = add(Shift(moved, count.bit_length() - 1))
            rest = add(Add(value, above, 0, count.bit_length() - 1, subtract=True))
            value = add(Clamp(rest, into.low, into.high))  # which it is already
        return Fixed(value, into.exponent)

    def choice(self, o: Operation) -> Fixed:
        """The first operand where the condition's highest bit is 1, else the second one, shifted."""
        add = self.builder.add
        place, shift = o.data & 0xFFFFFFFF, o.data >> 32
        of = self.operations[place].format
        condition = self.at(self.made[place], of.exponent)
        b = self.made[o.b] if o.code > 0 else self.negative(self.made[o.b])
        yes, no = self.made[o.a], self.raised(b, shift)
        exponent = min(yes.exponent, no.exponent)
        first, second = self.at(yes, exponent), self.at(no, exponent)
        if of.low < 0:
            node = Select(add(AtLeast(condition, 0)), second, first)
        else:
            node = Select(add(AtLeast(condition, of.high + 1 >> 1)), first, second)
        return self.cut(Fixed(add(node), exponent), o.format)

    def looked_up(self, o: Operation) -> Fixed:
        """The entry of a table for each step of the operand's range."""
        key = self.operations[o.a]
        table = self.tables[o.data]
        start = round(key.low / key.step)
        index = self.at(self.made[o.a], key.exponent)
        end = start + len(table["table"]) - 1
        r = self.builder.ranges[index]
        if not (start <= r.low and r.high <= end):
            index = self.builder.add(Clamp(index, start, end))  # the program promises that it is there
        step = Operation(0, 0, 0, 0, 0.0, 0.0, table["spec"]["out_qint"]["step"]).exponent
        return Fixed(self.builder.add(Lookup(index, start, tuple(table["table"]))), step)
