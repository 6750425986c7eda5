"""A circuit as combinational logic, for LUT counts."""

from __future__ import annotations

from amaranth.back import rtlil
from amaranth.hdl import Module, Signal

from nnfpga.compiler.circuit.ir import Circuit, Range
from nnfpga.rtl.logic import emit, shape_of

__all__ = ["logic_of"]


def logic_of(circuit: Circuit) -> str:
    """The circuit as RTLIL, a port for each input and output, which are integers."""
    m = Module()
    inputs = [Signal(shape_of(Range.of(number)), name=f"x{n}") for n, number in enumerate(circuit.inputs)]
    values = emit(m, circuit, list(inputs), "v")
    outputs = [Signal(shape_of(circuit.ranges[o]), name=f"y{n}") for n, o in enumerate(circuit.outputs)]
    m.d.comb += [signal.eq(value) for signal, value in zip(outputs, values, strict=True)]
    return rtlil.convert(m, ports=[*inputs, *outputs], name="circuit", emit_src=False)
