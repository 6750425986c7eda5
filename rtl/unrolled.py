"""Unrolled layers: neighbours become one island."""

from __future__ import annotations

from collections.abc import Mapping

from nnfpga.compiler.circuit.ir import Builder, Circuit
from nnfpga.compiler.circuit.passes import optimise
from nnfpga.compiler.circuit.passes.ternary import ternary
from nnfpga.compiler.circuit.passes.tighten import tighten
from nnfpga.compiler.device import GENERIC, Device
from nnfpga.compiler.functions.few_inputs import few_inputs
from nnfpga.compiler.functions.lookups import Units, with_units
from nnfpga.compiler.functions.network import Fabric
from nnfpga.compiler.graph import Graph, Layer
from nnfpga.compiler.passes.shift_scores import shift_scores
from nnfpga.compiler.plan import Implementation, Unrolled

from .circuit_cost import circuit_cost

__all__ = ["circuit_of", "expanded", "optimised"]


def circuit_of(
    graph: Graph,
    layers: list[Layer],
    device: Device = GENERIC,
    choices: Mapping[str, Implementation] | None = None,
    units: Units | None = None,
) -> Circuit:
    """Layers as one optimised circuit: from the first one's input, alone from outside, to the last one's result.

    ``units`` finds logic for functions that else are tables. Where few bits go into a neuron, it is a truth table if
    that is estimated to take fewer LUTs of the device.
    """
    circuit = expanded(graph, layers, choices)
    if units is not None:
        circuit = with_units(tighten(circuit), units)

    def price(part: Circuit) -> float:
        return circuit_cost(part, device).lut.value

    fabric = Fabric(device.lut_inputs, absorbs=False)
    tables = few_inputs(circuit, fabric, lambda cone: price(optimised(cone, device)))
    if tables is circuit:
        return optimised(circuit, device)
    return min(optimised(circuit, device), optimised(tables, device), key=price)


def expanded(graph: Graph, layers: list[Layer], choices: Mapping[str, Implementation] | None = None) -> Circuit:
    """Layers as one circuit, before all passes."""
    names = {layer.name for layer in layers}
    graph = shift_scores(graph, names)
    source = graph.tensors[layers[0].inputs[0]]
    builder = Builder(tuple(source.number.elements(source.shape)))
    values = {source.name: builder.start()}
    for layer in graph.layers:
        if layer.name not in names:
            continue
        choice = choices[layer.name] if choices else Unrolled()
        assert isinstance(choice, Unrolled)
        builder.slack, builder.effort = choice.slack, choice.effort
        values[layer.name] = layer.expand(builder, *(values[name] for name in layer.inputs))
    return builder.finish(values[layers[-1].name])


def optimised(circuit: Circuit, device: Device) -> Circuit:
    """The circuit after all passes for a device."""
    circuit = optimise(circuit)
    return ternary(circuit) if device.lut_inputs >= 6 else circuit
