"""Circuit nodes as Amaranth values."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

from amaranth.hdl import Array, Const, Module, Mux, Shape, Signal, Value

from nnfpga.compiler.circuit.ir import (
    Add,
    AtLeast,
    Bit,
    Circuit,
    Clamp,
    Constant,
    Greater,
    Input,
    Lookup,
    Multiply,
    Node,
    Range,
    Select,
    Shift,
)

__all__ = ["emit", "express", "shape_of"]


def shape_of(r: Range) -> Shape:
    """The shape of a signal that holds a range."""
    return Shape(max(r.width, 1), r.signed)


@singledispatch
def express(node: Node, ranges: Sequence[Range], *inputs: Value) -> Value:
    """The expression of a node from its operands and what each of them can be."""
    raise TypeError(f"no logic for {type(node).__name__}")


@express.register
def _(node: Constant, ranges: Sequence[Range], *inputs: Value) -> Value:
    return Const(node.value)


@express.register
def _(node: Add, ranges: Sequence[Range], *inputs: Value) -> Value:
    a, b = inputs[0].shift_left(node.a_shift), inputs[1].shift_left(node.b_shift)
    return a - b if node.subtract else a + b


@express.register
def _(node: Multiply, ranges: Sequence[Range], *inputs: Value) -> Value:
    return inputs[0] * inputs[1]


@express.register
def _(node: Shift, ranges: Sequence[Range], *inputs: Value) -> Value:
    return inputs[0].shift_right(node.right) if node.right >= 0 else inputs[0].shift_left(-node.right)


@express.register
def _(node: Clamp, ranges: Sequence[Range], *inputs: Value) -> Value:
    (v,), (r,) = inputs, ranges
    value = v if r.high <= node.high else Mux(above(v, node.high), Const(node.high), v)
    return value if r.low >= node.low else Mux(above(v, node.low - 1), value, Const(node.low))


@express.register
def _(node: Lookup, ranges: Sequence[Range], *inputs: Value) -> Value:
    low, high = min(node.table), max(node.table)
    shape = shape_of(Range(low, high))
    return Array([Const(v, shape) for v in node.table])[(inputs[0] - node.start).as_unsigned()]


@express.register
def _(node: AtLeast, ranges: Sequence[Range], *inputs: Value) -> Value:
    return above(inputs[0], node.bound - 1)


@express.register
def _(node: Bit, ranges: Sequence[Range], *inputs: Value) -> Value:
    (v,) = inputs
    return v[min(node.index, len(v) - 1)] if ranges[0].signed or node.index < len(v) else Const(0)


@express.register
def _(node: Greater, ranges: Sequence[Range], *inputs: Value) -> Value:
    a, b = inputs
    return (b - a)[-1]  # the sign of a sum: one carry chain whose carry out nobody needs


@express.register
def _(node: Select, ranges: Sequence[Range], *inputs: Value) -> Value:
    return Mux(inputs[0], inputs[1], inputs[2])


def above(v: Value, bound: int) -> Value:
    """Whether ``v > bound``, a constant: bit by bit in LUTs, about one for three bits; a carry chain takes one each."""
    shape = v.shape()
    low, high = (-1 << (shape.width - 1), 1 << (shape.width - 1)) if shape.signed else (0, 1 << shape.width)
    if bound < low or bound >= high - 1:
        return Const(bound < low)
    bits = [v[n] for n in range(shape.width)]
    if shape.signed:
        bits[-1] = ~bits[-1]  # counted from the lowest value, both are unsigned
    result: Value = Const(0)
    for n, bit in enumerate(bits):
        result = result & bit if (bound - low) >> n & 1 else result | bit
    return result


def emit(m: Module, circuit: Circuit, inputs: list[Value], prefix: str) -> list[Value]:
    """The outputs of a circuit as combinational logic, one signal per node."""
    values: list[Value] = []
    for number, (node, r) in enumerate(zip(circuit.nodes, circuit.ranges, strict=True)):
        if isinstance(node, Input):
            value = inputs[node.index]
        else:
            value = express(node, [circuit.ranges[v] for v in node.reads], *(values[v] for v in node.reads))
        signal = Signal(shape_of(r), name=f"{prefix}_{number}")
        m.d.comb += signal.eq(value)
        values.append(signal)
    return [values[o] for o in circuit.outputs]
