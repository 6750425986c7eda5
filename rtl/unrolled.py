"""Unrolled layers: neighbours become one island."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from threading import Thread

from nnfpga.compiler.circuit.adders import COMPILED, SMALL, digit_count
from nnfpga.compiler.circuit.ir import Builder, Circuit
from nnfpga.compiler.circuit.passes import optimise
from nnfpga.compiler.circuit.passes.ternary import ternary
from nnfpga.compiler.circuit.passes.tighten import tighten
from nnfpga.compiler.device import GENERIC, Device
from nnfpga.compiler.functions.few_inputs import few_inputs
from nnfpga.compiler.functions.lookups import Units, with_units
from nnfpga.compiler.functions.network import Fabric
from nnfpga.compiler.graph import Graph, Layer
from nnfpga.compiler.layers.dense import Dense
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
    inside = [layer for layer in graph.layers if layer.name in names]
    search_ahead(graph, inside, choices)
    source = graph.tensors[layers[0].inputs[0]]
    builder = Builder(tuple(source.number.elements(source.shape)))
    values = {source.name: builder.start()}
    for layer in inside:
        limit(builder, layer, choices)
        values[layer.name] = layer.expand(builder, *(values[name] for name in layer.inputs))
    return builder.finish(values[layers[-1].name])


def limit(builder: Builder, layer: Layer, choices: Mapping[str, Implementation] | None) -> None:
    """What is chosen for a layer holds for what is built next."""
    choice = choices[layer.name] if choices else Unrolled()
    assert isinstance(choice, Unrolled)
    builder.slack, builder.effort = choice.slack, choice.effort


def search_ahead(graph: Graph, layers: list[Layer], choices: Mapping[str, Implementation] | None) -> None:
    """Look for the shared sums of several matrices at once, a core for each: those that follow find them made.

    That is so where the inputs of a layer are as wide in the whole circuit as in the graph.
    """

    def search(layer: Layer) -> None:
        x = graph.tensors[layer.inputs[0]]
        builder = Builder(tuple(x.number.elements(x.shape)))
        limit(builder, layer, choices)
        with suppress(Exception):  # it comes again where the circuit is made
            layer.expand(builder, builder.start())

    def work() -> None:
        with suppress(IndexError):
            while True:
                search(waiting.popleft())

    waiting = deque(layer for layer in layers if is_searched(layer))
    threads = [Thread(target=work, daemon=True) for _ in range(min(len(waiting), os.cpu_count() or 1))]
    if len(threads) > 1:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def is_searched(layer: Layer) -> bool:
    """Whether making the adders of a layer takes seconds, in machine code, which other threads do not wait for."""
    return COMPILED and isinstance(layer, Dense) and digit_count(layer.weights.to_dense()) >= SMALL


def optimised(circuit: Circuit, device: Device) -> Circuit:
    """The circuit after all passes for a device."""
    circuit = optimise(circuit)
    return ternary(circuit) if device.lut_inputs >= 6 else circuit
