"""Unrolled layers: neighbours become one island."""

from __future__ import annotations

from collections.abc import Mapping

from nnfpga.compiler.circuit.ir import Builder, Circuit
from nnfpga.compiler.circuit.passes import optimise
from nnfpga.compiler.circuit.passes.ternary import ternary
from nnfpga.compiler.circuit.passes.tighten import tighten
from nnfpga.compiler.functions.lookups import Units, with_units
from nnfpga.compiler.graph import Graph, Layer
from nnfpga.compiler.plan import Implementation, Unrolled

__all__ = ["circuit_of"]


def circuit_of(
    graph: Graph,
    layers: list[Layer],
    lut_inputs: int = 4,
    choices: Mapping[str, Implementation] | None = None,
    units: Units | None = None,
) -> Circuit:
    """Layers as one optimised circuit: from the first one's input, alone from outside, to the last one's result.

    ``units`` finds logic for functions that else are tables.
    """
    source = graph.tensors[layers[0].inputs[0]]
    builder = Builder(tuple(source.number.elements(source.shape)))
    values = {source.name: builder.start()}
    for layer in layers:
        choice = choices[layer.name] if choices else Unrolled()
        assert isinstance(choice, Unrolled)
        builder.slack, builder.effort = choice.slack, choice.effort
        values[layer.name] = layer.expand(builder, *(values[name] for name in layer.inputs))
    circuit = builder.finish(values[layers[-1].name])
    if units is not None:
        circuit = with_units(tighten(circuit), units)
    circuit = optimise(circuit)
    return ternary(circuit) if lut_inputs >= 6 else circuit
