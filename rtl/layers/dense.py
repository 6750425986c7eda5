"""Folded matrix: weights in block RAM, pe x simd multipliers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from amaranth.hdl import Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from nnfpga.compiler.device import Device
from nnfpga.compiler.exact import Ints
from nnfpga.compiler.graph import Graph
from nnfpga.compiler.layers.dense import Dense
from nnfpga.compiler.number import Number, Wire
from nnfpga.compiler.plan import Cost, Estimate, Folded, Product

from .._build import Site, hardware
from ..beat import Edge, decode, encode
from ..memories import ram, ram_count, rom, rom_count, without_collisions
from ..products import block

__all__ = ["FoldedMatrix"]


class FoldedMatrix(wiring.Component):
    """A constant matrix times a vector, ``pe * simd`` products a cycle.

    The vector arrives in beats of ``simd`` elements into one half of a two-bank buffer while the other half is read
    ``outputs / pe`` times. Each pass gives one beat of ``pe`` sums.

    Throughput: one vector per ``inputs * outputs / (pe * simd)`` cycles. Latency: a vector's last beat in to its first
    sums out takes ``inputs / simd + 4`` cycles. Back-pressure: a result that is not taken stops the unit; input is
    refused while both banks are full.

    Parameters
    ----------
    weights
        integers, (outputs, inputs)
    i_edge, o_edge
        the streams; their lanes are ``simd`` and ``pe``

    Members
    -------
    i, o : streams of lane words
    """

    def __init__(self, weights: Ints, i_edge: Edge, o_edge: Edge) -> None:
        self.weights, self.i_edge, self.o_edge = weights, i_edge, o_edge
        rows, columns = weights.shape
        if rows % o_edge.lanes or columns % i_edge.lanes:
            raise ValueError(f"lanes must divide the matrix {weights.shape}, not {o_edge.lanes} and {i_edge.lanes}")
        self.passes, self.beats = rows // o_edge.lanes, columns // i_edge.lanes
        self.in_blocks: Sequence[int] = ()
        super().__init__({"i": In(i_edge.signature), "o": Out(o_edge.signature)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        enable = Signal()
        m.d.comb += enable.eq(~self.o.valid | self.o.ready)
        x, valid, first, last = self._vector(m, enable)
        w = self._weights(m, enable, valid[0])
        self._sums(m, enable, x, w, valid[1], first, last)
        return m

    def _vector(self, m: Module, enable: Signal) -> tuple[Signal, tuple[Signal, Signal], Signal, Signal]:
        """The input buffer: its words in order, again for each pass, one cycle after ``valid[0]``."""
        lanes, width, beats = self.i_edge.lanes, self.i_edge.width, self.beats
        m.submodules.vector = buffer = ram(2 * beats, lanes * width)
        write, read = buffer.write_port(), buffer.read_port()
        filled = Signal(range(3))
        put, get, base = Signal(range(2 * beats)), Signal(range(2 * beats)), Signal(range(2 * beats))
        turn = Signal(range(max(self.passes, 2)))
        arrives, leaves = Signal(), Signal()
        bank_end = (put == beats - 1) | (put == 2 * beats - 1)
        m.d.comb += [
            self.i.ready.eq(filled != 2),
            write.addr.eq(put), write.data.eq(self.i.payload.as_value()), write.en.eq(self.i.valid & self.i.ready),
            arrives.eq(write.en & bank_end),
        ]  # fmt: skip
        with m.If(write.en):
            m.d.sync += put.eq(Mux(put == 2 * beats - 1, 0, put + 1))
        m.d.sync += filled.eq(filled + arrives - leaves)

        running, first, at_end = Signal(), Signal(), Signal()
        m.d.comb += [
            running.eq((filled != 0) & enable),
            read.addr.eq(get), read.en.eq(enable),
            first.eq(get == base), at_end.eq((get == beats - 1) | (get == 2 * beats - 1)),
        ]  # fmt: skip
        with m.If(running):
            with m.If(~at_end):
                m.d.sync += get.eq(get + 1)
            with m.Elif(turn != self.passes - 1):
                m.d.sync += [get.eq(base), turn.eq(turn + 1)]
            with m.Else():
                other = Mux(base == 0, beats, 0)
                m.d.sync += [get.eq(other), base.eq(other), turn.eq(0)]
                m.d.comb += leaves.eq(1)
        first_read, last_read, valid = Signal(), Signal(), Signal()
        with m.If(enable):
            m.d.sync += [valid.eq(running), first_read.eq(first), last_read.eq(at_end)]
        # what is used of it stands in the bank that is not written
        return without_collisions(m, read.data, "word"), (running, valid), first_read, last_read

    @property
    def products(self) -> list[Product]:
        """Those of a cycle, all of one kind."""
        return [product_of(self.weights, self.i_edge.wire, self.o_edge.lanes * self.i_edge.lanes)]

    @cached_property
    def weight_width(self) -> int:
        """Bits of a weight's word."""
        return max(weight_wire(self.weights).width, 1)

    @property
    def coded(self) -> Ints:
        """The words of the weights, (outputs, inputs)."""
        return weight_wire(self.weights).encode(self.weights)

    def product(self, m: Module, w: Value, x: Value, name: str) -> Value:
        """The product of a weight and an element, from their words."""
        return decode(w, weight_wire(self.weights)) * decode(x, self.i_edge.wire)

    def _weights(self, m: Module, enable: Signal, running: Signal) -> Signal:
        """The weight memory, read in step with the vector."""
        pe, simd, width = self.o_edge.lanes, self.i_edge.lanes, self.weight_width
        coded = self.coded.reshape(self.passes, pe, self.beats, simd).transpose(0, 2, 1, 3).reshape(-1, pe * simd)
        words = [sum(int(w) << (n * width) for n, w in enumerate(row)) for row in coded]
        m.submodules.weights = memory = rom(words, pe * simd * width)
        read = memory.read_port()
        address = Signal(range(max(len(words), 2)))
        m.d.comb += [read.addr.eq(address), read.en.eq(enable)]
        with m.If(running):
            m.d.sync += address.eq(Mux(address == len(words) - 1, 0, address + 1))
        return read.data

    def _sums(
        self, m: Module, enable: Signal, x: Signal, w: Signal, valid: Signal, first: Signal, last: Signal
    ) -> None:
        """Products, then their sum, then the accumulators; the last sum of a pass goes out."""
        pe, simd = self.o_edge.lanes, self.i_edge.lanes
        o_wire, ww, xw = self.o_edge.wire, self.weight_width, self.i_edge.width
        bits = max(o_wire.shift + o_wire.width, 1)
        stages = 2 if simd == 1 else 3
        flags = [(valid, first, last)]
        for n in range(1, stages):
            stage = (Signal(name=f"valid_{n}"), Signal(name=f"first_{n}"), Signal(name=f"last_{n}"))
            with m.If(enable):
                m.d.sync += [new.eq(old) for new, old in zip(stage, flags[-1], strict=True)]
            flags.append(stage)
        done = Signal()
        words: list[Signal] = []
        for p in range(pe):
            products: list[Signal] = []
            for s in range(simd):
                value = self.product(m, w[(p * simd + s) * ww :][:ww], x[s * xw :][:xw], f"{p}_{s}")
                if p * simd + s < sum(self.in_blocks):
                    value = block(m, value, f"block_{p}_{s}")
                product = Signal(value.shape(), name=f"product_{p}_{s}", reset_less=True)  # as a block has it
                with m.If(enable):
                    m.d.sync += product.eq(value)
                products.append(product)
            total = products[0]
            if simd > 1:
                total = Signal(signed(bits), name=f"total_{p}")
                with m.If(enable):
                    m.d.sync += total.eq(tree(products))
            sum_ = Signal(signed(bits), name=f"sum_{p}")
            after = Signal(signed(bits), name=f"after_{p}")
            m.d.comb += after.eq(Mux(flags[-1][1], total, sum_ + total))  # one LUT a bit, with the sum's own
            with m.If(enable & flags[-1][0]):
                m.d.sync += sum_.eq(after)
            words.append(sum_)
        with m.If(enable):
            m.d.sync += done.eq(flags[-1][0] & flags[-1][2])
        m.d.comb += [self.o.valid.eq(done), *(self.o.payload[p].eq(encode(v, o_wire)) for p, v in enumerate(words))]


def tree(values: list[Signal]) -> Signal:
    """A balanced sum."""
    while len(values) > 1:
        pairs = [a + b for a, b in zip(values[::2], values[1::2], strict=False)]
        values = pairs + values[len(pairs) * 2 :]
    return values[0]


def weight_wire(weights: Ints) -> Wire:
    """The narrowest wire format that holds every weight."""
    low, high = int(weights.min()), int(weights.max())
    return Number.of(low, high, int(np.gcd.reduce((weights - low).reshape(-1))) or 1).wire


def product_of(weights: Ints, x: Wire, count: int) -> Product:
    """So many products of a weight and an element, as `decode` gives them."""
    a, b = ((wire.shift + wire.width, wire.signed) for wire in (weight_wire(weights), x))
    return Product.of(a, b, count)


def cost(graph: Graph, layer: Dense, choice: Folded, device: Device) -> Cost:
    """Estimate: multipliers, accumulators, control; see docs/hardware.md for its error."""
    x, y = graph.tensors[layer.inputs[0]].number.union().wire, graph.tensors[layer.name].number.union().wire
    outputs, inputs = layer.weights.shape
    w = max(weight_wire(layer.weights.to_dense()).width, 1)
    passes, beats, units = outputs // choice.pe, inputs // choice.simd, choice.pe * choice.simd
    product = product_of(layer.weights.to_dense(), x, units)
    multiplier = product.luts if min(w, x.width) > 1 else max(w, x.width)
    accumulator = y.width * (1.2 if choice.simd == 1 else 2.0) * choice.pe
    address = np.log2(max(passes * beats, 2)) * 2 + np.log2(4 * beats) * 4
    rams = rom_count(passes * beats, units * w, device) + ram_count(2 * beats, choice.simd * max(x.width, 1), device)
    lut = units * multiplier + accumulator + address + 12
    ff = units * (w + x.width) + accumulator + address
    interval = passes * beats
    return Cost(
        Estimate(lut, 0.25),
        Estimate(ff, 0.4),
        Estimate(rams, 0.2),
        interval=Estimate(interval),
        latency=Estimate(interval + beats + 4),
        products=(product,),
    )


@hardware(Dense, Folded, cost)
def folded(site: Site) -> wiring.Component:
    """The folded unit of a matrix."""
    assert isinstance(site.layer, Dense)
    return FoldedMatrix(site.layer.weights.to_dense(), site.i, site.o)
