"""Circuit nodes as Amaranth values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import singledispatch
from typing import NamedTuple

from amaranth.hdl import Array, Cat, Const, Module, Mux, Shape, Signal, Value

from nnfpga.compiler.circuit.chains import Step, needs_guard, steps
from nnfpga.compiler.circuit.ir import (
    AtLeast,
    Bit,
    BitSum,
    Circuit,
    Clamp,
    Concat,
    Greater,
    Input,
    Logic,
    Lookup,
    Multiply,
    Node,
    Range,
    Select,
    Shift,
)
from nnfpga.compiler.circuit.wires import Sum, Word, clamp_bits
from nnfpga.compiler.circuit.wiring import Wires, wires_of

from .beat import fit
from .products import block
from .ternary import ternary_sum

__all__ = ["Wired", "emit", "express", "input_bits", "shape_of", "step_logic", "word_shape"]


class Wired(NamedTuple):
    """A value: what it can be, and the bits of its word."""

    range: Range
    word: Word
    bits: Value

    @property
    def unsigned(self) -> Value:
        """The bits of the unsigned word."""
        return Cat(self.bits[:-1], ~self.bits[-1]) if self.word.signed else self.bits

    @property
    def positive(self) -> Value:
        """The bits of the positive word."""
        return ~self.unsigned if self.word.negative else self.unsigned

    @property
    def integer(self) -> Value:
        """The value itself, as a signed or unsigned integer."""
        r, word = self.range, self.word
        if not word.width:
            return Const(word.base)
        if not word.shows(r.width):
            scaled = self.bits.shift_left(word.shift)
            return Const(word.base) - scaled if word.negative else Const(word.base) + scaled
        low = Const(word.base & (1 << min(word.shift, r.width)) - 1, min(word.shift, r.width))
        bits = fit(self.bits, r.width - len(low))
        value = Cat(low, ~bits if word.negative else bits)
        return value.as_signed() if r.signed else value


def shape_of(r: Range) -> Shape:
    """The shape of a signal that holds a range."""
    return Shape(max(r.width, 1), r.signed)


def word_shape(word: Word) -> Shape:
    """The shape of a signal that holds a word."""
    return Shape(word.width, word.signed)


@singledispatch
def express(node: Node, word: Word, *inputs: Wired) -> Value:
    """The word of a node that is no sum, from its operands."""
    raise TypeError(f"no logic for {type(node).__name__}")


@express.register
def _(node: Multiply, word: Word, *inputs: Wired) -> Value:
    return times(*inputs).shift_right(word.shift)


def times(a: Wired, b: Wired) -> Value:
    """The product of two values."""
    return a.integer * b.integer


@express.register
def _(node: Shift, word: Word, *inputs: Wired) -> Value:
    (x,) = inputs
    if node.right <= x.word.shift:
        return x.unsigned
    if x.word.unsigned.shows(node.right):
        return x.unsigned[node.right - x.word.shift :]
    return x.integer.shift_right(node.right)


@express.register
def _(node: Clamp, word: Word, *inputs: Wired) -> Value:
    (x,) = inputs
    r = node.range(x.range)
    how = clamp_bits(r, x.word)
    bits = Cat(Const(0, how.below), x.positive)
    width = how.word.width
    value = Const(0, width) if how.most == how.least else above(bits, how.least)
    if how.most - how.less > 1 or how.least > how.less:
        value = fit(bits, width) ^ (how.less & (1 << width) - 1)
        value = value if x.range.high <= r.high else Mux(above(bits, how.most), how.most - how.less, value)
        value = value if x.range.low >= r.low else Mux(above(bits, how.least - 1), value, how.least - how.less)
    return value


@express.register
def _(node: Lookup, word: Word, *inputs: Wired) -> Value:
    (x,) = inputs
    first = x.word.positive.base
    values = [first + (n << x.word.shift) for n in range(1 << x.word.width)]
    entries = [node.table[min(max(v - node.start, 0), len(node.table) - 1)] - word.base for v in values]
    return Array([Const(entry, word.width) for entry in entries])[x.positive]


@express.register
def _(node: AtLeast, word: Word, *inputs: Wired) -> Value:
    (x,) = inputs
    return above(x.positive, (node.bound - 1 - x.word.positive.base) >> x.word.shift)


@express.register
def _(node: Bit, word: Word, *inputs: Wired) -> Value:
    (x,) = inputs
    value = x.integer
    at = node.index
    if not x.word.shows(x.range.width) and x.word.shows(at + 1) and at < x.word.shift + x.word.width:
        value = Cat(Const(x.word.base & (1 << x.word.shift) - 1, x.word.shift), ~x.bits if x.word.negative else x.bits)
    return value[min(at, len(value) - 1)] if x.range.signed or at < len(value) else Const(0)


@express.register
def _(node: Greater, word: Word, *inputs: Wired) -> Value:
    a, b = inputs
    return (b.integer - a.integer)[-1]  # the sign of a sum: one carry chain whose carry out nobody needs


@express.register
def _(node: Select, word: Word, *inputs: Wired) -> Value:
    return Mux(inputs[0].integer, inputs[1].integer, inputs[2].integer).shift_right(word.shift)


@express.register
def _(node: Logic, word: Word, *inputs: Wired) -> Value:
    return function([x.integer[0] for x in inputs], node.table)


@express.register
def _(node: Concat, word: Word, *inputs: Wired) -> Value:
    return Cat(x.integer[0] for x in inputs[word.shift : word.shift + word.width])


@express.register
def _(node: BitSum, word: Word, *inputs: Wired) -> Value:
    total: Value = Const(node.offset)
    for x, weight in zip(inputs, node.weights, strict=True):
        total = total + Mux(x.integer[0], weight, 0)
    return total.shift_right(word.shift)


def function(bits: Sequence[Value], table: int) -> Value:
    """A Boolean function of bits, cut by the last of them (Shannon)."""
    if not bits:
        return Const(table, 1)
    *rest, last = bits
    half = 1 << len(rest)
    every = (1 << half) - 1
    zero, one = table & every, table >> half
    if zero == one:
        return function(rest, zero)
    if zero == every ^ one:
        return function(rest, zero) ^ last
    if zero in (0, every):
        inner = function(rest, one)
        return inner & last if zero == 0 else inner | ~last
    if one in (0, every):
        inner = function(rest, zero)
        return inner & ~last if one == 0 else inner | last
    return Mux(last, function(rest, one), function(rest, zero))


def above(v: Value, bound: int) -> Value:
    """Whether unsigned ``v > bound``, a constant: bit by bit, a LUT for about three; a chain would take one each."""
    if bound < 0 or bound >= (1 << len(v)) - 1:
        return Const(bound < 0)
    result: Value = Const(0)
    for n in range(len(v)):
        result = result & v[n] if bound >> n & 1 else result | v[n]
    return result


def placed(v: Value, at: int, low: int, high: int, fill: int) -> Value:
    """Bits ``low`` to ``high`` of a word that stands at bit ``at``, and bits of ``fill`` where it has none."""
    first, last = (min(max(end, low), high) for end in (at, at + len(v)))
    below = Const(fill >> low & (1 << first - low) - 1, first - low)
    beyond = Const(fill >> last & (1 << high - last) - 1, high - last)
    return Cat(below, v[first - at : last - at] if last > first else Const(0, 0), beyond)


def addends(s: Sum, a: Value, b: Value) -> tuple[Value, Value]:
    """The words that stand on the carry chain of a sum."""
    of_a = (1 << len(a)) - 1 << s.a_at
    constant, other = s.constant & ~of_a, s.constant & of_a
    if s.subtracts:
        top = (1 << s.width - 1) * s.ends  # 1 - 0: there the carry comes out, and 1 goes on as at the chain's beginning
        constant, other = constant | top, ~(other | top) & (1 << s.width) - 1
    return placed(a, s.a_at, s.start, s.width, constant), placed(b, s.b_at, s.start, s.width, other)


def sums(m: Module, step: Step, wires: Wires, at: Callable[[int], Wired], into: Sequence[Signal]) -> None:
    """Sums that share one carry chain, which gives the bits of all their words."""
    xs: list[Value] = []
    ys: list[Value] = []
    bits: list[Value] = []
    first = wires.sums[step[0]]
    for v, word in zip(step, into, strict=True):
        s = wires.sums[v]
        a, b = at(s.a).unsigned, Const(0, 0) if s.b is None else at(s.b).unsigned
        x, y = addends(s, a, b)
        xs.append(x)
        ys.append(y)
        if s.start:
            m.d.comb += word[: s.start].eq(placed(a, s.a_at, 0, s.start, 0) | placed(b, s.b_at, 0, s.start, 0))
        bits.append(word[s.start :])
        if needs_guard(s):
            xs.append(Const(s.subtracts, 1))
            ys.append(Const(0, 1))
            bits.append(Signal(name="guard"))
    if any(map(len, bits)):
        m.d.comb += Cat(*bits).eq(Cat(*xs) - Cat(*ys) if first.subtracts else Cat(*xs) + Cat(*ys))


def step_logic(
    m: Module, circuit: Circuit, wires: Wires, step: Step, at: Callable[[int], Wired], into: Sequence[Signal],
    blocks: Collection[int] = (),
) -> None:  # fmt: skip
    """The words of values that are computed together, from those that ``at`` gives; ``blocks`` are the products that go
    into multiplier blocks."""
    if step[0] in wires.sums:
        sums(m, step, wires, at, into)
        return
    (v,), (word,) = step, into
    if v in wires.ternary:
        s = wires.ternary[v]
        m.d.comb += word.eq(ternary_sum(m, s, [at(x).unsigned for x, _ in s.operands], f"{word.name}_sum"))
    elif v in blocks:
        made = block(m, times(*map(at, circuit.nodes[v].reads)), f"{word.name}_product")
        m.d.comb += word.eq(made.shift_right(wires.words[v].shift))
    elif len(word):
        m.d.comb += word.eq(express(circuit.nodes[v], wires.words[v], *map(at, circuit.nodes[v].reads)))


def input_bits(value: Value, word: Word) -> Value:
    """The word of an input that is given as an integer."""
    return fit(value, word.shift + word.width)[word.shift :]


def emit(m: Module, circuit: Circuit, inputs: list[Value], prefix: str, blocks: Collection[int] = ()) -> list[Value]:
    """The outputs of a circuit as combinational logic, a signal for each value; see `step_logic` for ``blocks``."""
    wires = wires_of(circuit)
    made: dict[int, Wired] = {}
    for step in steps(circuit, wires, [0] * len(circuit.nodes)):
        node = circuit.nodes[step[0]]
        into = [Signal(word_shape(wires.words[v]), name=f"{prefix}_{v}") for v in step]
        if isinstance(node, Input):
            m.d.comb += into[0].eq(input_bits(inputs[node.index], wires.words[step[0]]))
        else:
            step_logic(m, circuit, wires, step, made.__getitem__, into, blocks)
        for v, signal in zip(step, into, strict=True):
            made[v] = Wired(circuit.ranges[v], wires.words[v], signal)
    return [made[o].integer for o in circuit.outputs]
