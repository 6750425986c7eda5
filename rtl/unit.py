"""A circuit alone: without registers, or with a block RAM in it."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Signal, Value, unsigned
from amaranth.lib import memory, wiring
from amaranth.lib.wiring import In, Out

from nnfpga.compiler.circuit.ir import Circuit, Range
from nnfpga.compiler.functions.memory import Memory

from .logic import emit, shape_of
from .products import multiplications

__all__ = ["Block", "MemoryUnit", "Unit"]


class Unit(wiring.Component):
    """A circuit of one input and one output as combinational logic; with ``blocks`` products in multiplier blocks.

    Members
    -------
    x: the input code.
    y: the output code.
    """

    def __init__(self, circuit: Circuit, blocks: bool = False) -> None:
        (number,), (output,) = circuit.inputs, circuit.outputs
        self.circuit, self.blocks = circuit, blocks
        super().__init__({"x": In(shape_of(Range.of(number))), "y": Out(shape_of(circuit.ranges[output]))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        (value,) = emit(m, self.circuit, [self.x], "v", multiplications(self.circuit) if self.blocks else ())
        m.d.comb += self.y.eq(value)
        return m


class Block(wiring.Component):
    """A circuit of any inputs and outputs as combinational logic.

    Members
    -------
    x: the inputs, each in as many bits as its range needs, the first one lowest.
    y: the outputs, likewise.
    """

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self.inputs = [shape_of(Range.of(number)) for number in circuit.inputs]
        self.outputs = [shape_of(circuit.ranges[o]) for o in circuit.outputs]
        x, y = (sum(shape.width for shape in shapes) for shapes in (self.inputs, self.outputs))
        super().__init__({"x": In(unsigned(x)), "y": Out(unsigned(y))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        words: list[Value] = []
        start = 0
        for shape in self.inputs:
            word = self.x[start : start + shape.width]
            words.append(word.as_signed() if shape.signed else word)
            start += shape.width
        values = emit(m, self.circuit, words, "v")
        outputs = [Signal(shape) for shape in self.outputs]
        m.d.comb += [a.eq(b) for a, b in zip(outputs, values, strict=True)]
        m.d.comb += self.y.eq(Cat(*outputs))
        return m


class MemoryUnit(wiring.Component):
    """A circuit of one input and one output whose tables are in a block RAM: an input every clock cycle, its output in
    the next one. With ``blocks`` products are in multiplier blocks.

    Members
    -------
    x: the input code.
    y: the output code of the input before.
    """

    def __init__(self, circuit: Memory, blocks: bool = False) -> None:
        (number,), (output,) = circuit.before.inputs, circuit.after.outputs
        self.circuit, self.blocks = circuit, blocks
        super().__init__({"x": In(shape_of(Range.of(number))), "y": Out(shape_of(circuit.after.ranges[output]))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        c = self.circuit
        before, after = (multiplications(part) if self.blocks else () for part in (c.before, c.after))
        address, *values = emit(m, c.before, [self.x], "a", before)
        m.submodules.rom = rom = memory.Memory(
            shape=unsigned(c.width), depth=len(c.words), init=c.words, attrs={"ram_style": "block"}
        )
        read = rom.read_port()
        m.d.comb += [read.addr.eq(address), read.en.eq(1)]
        given: list[Value] = []
        at = 0
        for field in c.fields:
            bits = read.data[at : at + field.wire.width]
            at += field.wire.width
            given.append((bits.as_signed() if field.wire.signed else bits) if len(bits) else Const(field.wire.base))
        for number, value in zip(c.after.inputs[len(c.fields) :], values, strict=True):
            kept = Signal(shape_of(Range.of(number)), reset_less=True)
            m.d.sync += kept.eq(value)
            given.append(kept)
        (value,) = emit(m, c.after, given, "b", after)
        m.d.comb += self.y.eq(value)
        return m
