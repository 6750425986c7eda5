"""Arg-max of a vector that arrives a few elements at a time."""

from __future__ import annotations

import numpy as np
from amaranth.hdl import Const, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from nnfpga.compiler.device import Device
from nnfpga.compiler.graph import Graph
from nnfpga.compiler.layers.arg_max import ArgMax
from nnfpga.compiler.plan import Cost, Estimate, Lanes

from .._build import Site, hardware
from ..beat import Edge, decode, encode

__all__ = ["SerialArgMax"]


class SerialArgMax(wiring.Component):
    """The index of the greatest element; the lowest of equals.

    Throughput: one beat of elements a cycle. Latency: one cycle after a vector's last beat. Back-pressure: a result
    that is not taken stops the unit.

    Members
    -------
    i, o : streams of lane words; ``o`` carries one index per vector
    """

    def __init__(self, i_edge: Edge, o_edge: Edge) -> None:
        self.i_edge, self.o_edge = i_edge, o_edge
        super().__init__({"i": In(i_edge.signature), "o": Out(o_edge.signature)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        lanes, beats, wire = self.i_edge.lanes, self.i_edge.beats, self.i_edge.wire
        bits = self.i_edge.number.max_abs.bit_length() + 1
        best, index = Signal(signed(bits)), Signal(range(max(lanes * beats, 2)))
        start = Signal.like(index)
        contest: list[tuple[Value, Value]] = [
            (decode(self.i.payload[n], wire), Const(n, range(max(lanes, 2)))) for n in range(lanes)
        ]
        while len(contest) > 1:
            pairs = list(zip(contest[::2], contest[1::2], strict=False))
            contest = [(Mux(b[0] > a[0], b[0], a[0]), Mux(b[0] > a[0], b[1], a[1])) for a, b in pairs] + contest[
                len(pairs) * 2 :
            ]
        value, lane = contest[0]
        m.d.comb += [
            self.i.ready.eq(~self.o.valid | self.o.ready),
            self.o.payload[0].eq(encode(index, self.o_edge.wire)),
        ]
        with m.If(self.i.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(self.i.valid & self.i.ready):
            with m.If((start == 0) | (value > best)):
                m.d.sync += [best.eq(value), index.eq(start + lane)]
            with m.If(start == lanes * (beats - 1)):
                m.d.sync += [start.eq(0), self.o.valid.eq(1)]
            with m.Else():
                m.d.sync += start.eq(start + lanes)
        return m


def cost(graph: Graph, layer: ArgMax, choice: Lanes, device: Device) -> Cost:
    """Estimate: one comparison and selection per lane."""
    x = graph.tensors[layer.inputs[0]]
    width, index = x.number.union().wire.width, np.log2(max(x.size, 2))
    lut = choice.lanes * (width + index) * 1.5 + 2.5 * index
    return Cost(
        Estimate(lut, 0.3), Estimate(width + 2 * index), interval=Estimate(x.size // choice.lanes), latency=Estimate(1)
    )


@hardware(ArgMax, Lanes, cost)
def serial(site: Site) -> wiring.Component:
    """The serial unit."""
    return SerialArgMax(site.i, site.o)
