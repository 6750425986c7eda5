"""A vector whose elements come several times each, one after the other: squares beside what they are of."""

from __future__ import annotations

import numpy as np
from amaranth.hdl import Array, Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from nnfpga.compiler.device import Device
from nnfpga.compiler.errors import CompileError, Problem
from nnfpga.compiler.graph import Graph
from nnfpga.compiler.layers.rearrange import Rearrange
from nnfpga.compiler.plan import Cost, Estimate, Lanes

from .._build import Site, hardware
from ..beat import Edge

__all__ = ["Repeat"]


class Repeat(wiring.Component):
    """Each element ``times`` times: of a beat of ``lanes`` elements it makes as many beats.

    Throughput: a beat out every cycle. Latency: none, the first beat is the input's own. Back-pressure: takes the
    input beat as the last of its own is taken. Memory: none but a counter.

    Members
    -------
    i, o : streams of lane words, the same number a beat
    """

    def __init__(self, i_edge: Edge, o_edge: Edge, times: int) -> None:
        if times < 2:
            raise ValueError(f"times must be at least 2, not {times!r}")
        self.lanes, self.times = i_edge.lanes, times
        super().__init__({"i": In(i_edge.signature), "o": Out(o_edge.signature)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        count = Signal(range(self.times))
        last = count == self.times - 1
        m.d.comb += [self.o.valid.eq(self.i.valid), self.i.ready.eq(self.o.ready & last)]
        for lane in range(self.lanes):
            sources = [self.i.payload[(beat * self.lanes + lane) // self.times] for beat in range(self.times)]
            m.d.comb += self.o.payload[lane].eq(sources[0] if self.lanes == 1 else Array(sources)[count])
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += count.eq(Mux(last, 0, count + 1))
        return m


def times_of(graph: Graph, layer: Rearrange) -> int | None:
    """How often each element comes, one after the other; None where that is not what the layer does."""
    size = graph.tensors[layer.inputs[0]].size
    times, rest = divmod(layer.index.size, size)
    repeated = times > 1 and not rest and np.array_equal(layer.index.reshape(-1), np.repeat(np.arange(size), times))
    return times if repeated else None


def cost(graph: Graph, layer: Rearrange, choice: Lanes, device: Device) -> Cost:
    """Estimate: a counter, and a selection for each bit of a beat of several elements.

    Raises
    ------
    CompileError
        where elements move.
    """
    times, x = times_of(graph, layer), graph.tensors[layer.inputs[0]]
    if times is None:
        what = "it moves elements, which has no hardware in lanes"
        raise CompileError([Problem(f"layer '{layer.name}'", what, "choose Unrolled")])
    bits = 0 if choice.lanes == 1 else choice.lanes * x.number.union().wire.width * (times - 1) / 2
    beats = Estimate(layer.index.size // choice.lanes)
    return Cost(lut=Estimate(3 + bits, 0.3), ff=Estimate((times - 1).bit_length()), interval=beats)


@hardware(Rearrange, Lanes, cost)
def repeat(site: Site) -> wiring.Component:
    """Elements that come several times each."""
    assert isinstance(site.layer, Rearrange)
    times = times_of(site.graph, site.layer)
    assert times is not None  # its cost was asked first
    return Repeat(site.i, site.o, times)
