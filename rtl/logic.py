"""Circuit nodes as Amaranth values."""

from __future__ import annotations

from functools import singledispatch

from amaranth.hdl import Array, Const, Module, Mux, Shape, Signal, Value

from nnfpga.compiler.circuit.ir import (
    Add,
    AtLeast,
    Circuit,
    Clamp,
    Constant,
    Greater,
    Input,
    Lookup,
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
def express(node: Node, *inputs: Value) -> Value:
    """The expression of a node from its operands' values."""
    raise TypeError(f"no logic for {type(node).__name__}")


@express.register
def _(node: Constant, *inputs: Value) -> Value:
    return Const(node.value)


@express.register
def _(node: Add, *inputs: Value) -> Value:
    a, b = inputs[0] << node.a_shift, inputs[1] << node.b_shift
    return a - b if node.subtract else a + b


@express.register
def _(node: Shift, *inputs: Value) -> Value:
    return inputs[0] >> node.right if node.right >= 0 else inputs[0] << -node.right


@express.register
def _(node: Clamp, *inputs: Value) -> Value:
    return Mux(inputs[0] < node.low, Const(node.low), Mux(inputs[0] > node.high, Const(node.high), inputs[0]))


@express.register
def _(node: Lookup, *inputs: Value) -> Value:
    low, high = min(node.table), max(node.table)
    shape = shape_of(Range(low, high))
    return Array([Const(v, shape) for v in node.table])[(inputs[0] - node.start).as_unsigned()]


@express.register
def _(node: AtLeast, *inputs: Value) -> Value:
    return inputs[0] >= node.bound


@express.register
def _(node: Greater, *inputs: Value) -> Value:
    return inputs[0] > inputs[1]


@express.register
def _(node: Select, *inputs: Value) -> Value:
    return Mux(inputs[0], inputs[1], inputs[2])


def emit(m: Module, circuit: Circuit, inputs: list[Value], prefix: str) -> list[Value]:
    """The outputs of a circuit as combinational logic, one signal per node."""
    values: list[Value] = []
    for number, (node, r) in enumerate(zip(circuit.nodes, circuit.ranges, strict=True)):
        value = inputs[node.index] if isinstance(node, Input) else express(node, *(values[v] for v in node.reads))
        signal = Signal(shape_of(r), name=f"{prefix}_{number}")
        m.d.comb += signal.eq(value)
        values.append(signal)
    return [values[o] for o in circuit.outputs]
