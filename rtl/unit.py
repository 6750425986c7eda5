"""A circuit alone, without registers."""

from __future__ import annotations

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from nnfpga.compiler.circuit.ir import Circuit, Range

from .logic import emit, shape_of

__all__ = ["Unit"]


class Unit(wiring.Component):
    """A circuit of one input and one output as combinational logic.

    Members
    -------
    x: the input code.
    y: the output code.
    """

    def __init__(self, circuit: Circuit) -> None:
        (number,), (output,) = circuit.inputs, circuit.outputs
        self.circuit = circuit
        super().__init__({"x": In(shape_of(Range.of(number))), "y": Out(shape_of(circuit.ranges[output]))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        (value,) = emit(m, self.circuit, [self.x], "v")
        m.d.comb += self.y.eq(value)
        return m
