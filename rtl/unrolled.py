"""Unrolled layers: neighbours become one island; what one of them costs alone."""

from __future__ import annotations

from dataclasses import replace
from weakref import WeakKeyDictionary

from nnfpga.compiler.circuit.ir import Add, AtLeast, Builder, Circuit, Clamp, Greater, Lookup, Multiply, Select
from nnfpga.compiler.device import Device
from nnfpga.compiler.graph import Graph, Layer
from nnfpga.compiler.plan import Cost, Estimate

__all__ = ["circuit_cost", "circuit_of", "unrolled_cost"]


def circuit_of(graph: Graph, layers: list[Layer]) -> Circuit:
    """A chain of layers as one circuit from the first one's input to the last one's result."""
    source = graph.tensors[layers[0].inputs[0]]
    builder = Builder(tuple(source.number.elements(source.shape)))
    values = {source.name: builder.start()}
    for layer in layers:
        values[layer.name] = layer.expand(builder, *(values[name] for name in layer.inputs))
    return builder.finish(values[layers[-1].name])


def circuit_cost(circuit: Circuit) -> Cost:
    """Estimate before mapping: one LUT per bit of each adder, comparison or selection."""
    lut = 0.0
    for node, r in zip(circuit.nodes, circuit.ranges, strict=True):
        width = max((circuit.ranges[v].width for v in node.reads), default=0)
        match node:
            case Add():
                lut += r.width - r.zeros
            case Multiply():
                a, b = (circuit.ranges[v] for v in node.reads)
                lut += a.width * b.width
            case Clamp() | Select():
                lut += 1.5 * r.width if isinstance(node, Clamp) else r.width
            case Greater() | AtLeast():
                lut += width
            case Lookup(table=table):
                lut += max(1, len(table) / 16) * r.width * 0.5
            case _:
                pass
    adders = sum(r.width for n, r in zip(circuit.nodes, circuit.ranges, strict=True) if isinstance(n, Add))
    return Cost(Estimate(lut, 0.3), Estimate(adders * 0.5, 0.6), interval=Estimate(1), latency=Estimate(4, 1.0))


_known: WeakKeyDictionary[Layer, Cost] = WeakKeyDictionary()


PLACED: dict[str, float] = {}
"""LUT sites that nextpnr places per estimated LUT: 35,786 for 16,200 on the digits example (ULX3S-25F)."""


def unrolled_cost(graph: Graph, layer: Layer, device: Device) -> Cost:
    """A layer's cost on its own; remembered, as sharing takes seconds."""
    if layer not in _known:
        _known[layer] = circuit_cost(circuit_of(graph, [layer]))
    cost = _known[layer]
    placed = PLACED.get(device.family, 1.0)
    return replace(cost, lut=Estimate(cost.lut.value * placed, cost.lut.error))
