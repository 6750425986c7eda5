"""Element-wise integer functions, a few elements a cycle, with each channel's parameters in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from math import ceil

import numpy as np
from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out
from amaranth.utils import bits_for

from nnfpga.compiler.circuit.ir import Builder, Circuit
from nnfpga.compiler.device import Device
from nnfpga.compiler.graph import Graph
from nnfpga.compiler.layers.scalar import Scalar, expand
from nnfpga.compiler.number import Number
from nnfpga.compiler.plan import Cost, Estimate, Lanes, Product
from nnfpga.compiler.scalar.forms import MultiplyShift, shift_clip
from nnfpga.compiler.scalar.pieces import Pieces

from .._build import Site, hardware
from ..beat import Edge, decode, encode
from ..circuit_cost import circuit_cost
from ..logic import emit
from ..memories import rom, rom_count
from ..products import multiplications, products_of

__all__ = ["Function", "ShiftClipUnit", "TableUnit"]

TABLE_LIMIT = 1 << 12  # entries of a function's table in block RAM


class Unit(wiring.Component):
    """What the units here share: a stream in, a stream out, and which channel a beat begins with.

    Throughput: one beat a cycle. Latency: ``latency`` cycles. Back-pressure: a result that is not taken stops the unit.
    """

    latency = 2

    def __init__(self, pieces: tuple[Pieces, ...], i_edge: Edge, o_edge: Edge) -> None:
        self.pieces, self.i_edge, self.o_edge = pieces, i_edge, o_edge
        lanes = i_edge.lanes
        if len(pieces) > 1 and (len(pieces) % lanes and lanes % len(pieces)):
            raise ValueError(f"lanes must divide the {len(pieces)} channels, not {lanes}")
        self.groups = max(len(pieces) // lanes, 1)
        super().__init__({"i": In(i_edge.signature), "o": Out(o_edge.signature)})

    def start(self, m: Module) -> tuple[Signal, Signal, Signal]:
        """Enable of the pipeline, whether a beat enters, and the number of its group of channels."""
        enable, enters = Signal(), Signal()
        group = Signal(range(max(self.groups, 2)))
        m.d.comb += [enable.eq(~self.o.valid | self.o.ready), enters.eq(self.i.valid & self.i.ready)]
        if self.groups > 1:
            with m.If(enters):
                m.d.sync += group.eq(Mux(group == self.groups - 1, 0, group + 1))
        return enable, enters, group

    def channel(self, group: int, lane: int) -> int:
        """The channel of a lane in a group of channels."""
        return (group * self.i_edge.lanes + lane) % len(self.pieces)

    def functions(self, lane: int) -> tuple[tuple[Pieces, ...], list[int]]:
        """The different functions of a lane, and which of them each group of channels has."""
        return different(of_lane(self.pieces, lane, self.i_edge.lanes))


def of_lane(pieces: Sequence[Pieces], lane: int, lanes: int) -> Sequence[Pieces]:
    """The functions that a lane computes one after the other."""
    return pieces[lane % len(pieces) :: lanes]


def different(pieces: Sequence[Pieces]) -> tuple[tuple[Pieces, ...], list[int]]:
    """The functions without repetition, and the index of each."""
    index = {p: i for i, p in enumerate(dict.fromkeys(pieces))}
    return tuple(index), [index[p] for p in pieces]


def one_of(group: Value, which: Sequence[int]) -> Value:
    """The entry of the group; wires where they count like the groups."""
    if list(which) == [*range(len(which))]:
        return group
    return Array([Const(i, bits_for(max(which))) for i in which])[group]


class ShiftClipUnit(Unit):
    """``clip(((v << left) + bias) >> right, low, high)`` per channel; see :class:`Unit` for its timing.

    The parameters of the next beat's channels are read ahead from a memory.
    """

    def elaborate(self, platform: object) -> Module:
        m = Module()
        enable, enters, group = self.start(m)
        forms = [form for p in self.pieces if (form := shift_clip(p)) is not None]
        up = max(f.left for f in forms)  # all channels are computed in units of the finest one
        rights = [f.right + up - f.left for f in forms]
        scaled = [f.offset << (up - f.left) for f in forms]
        shifts = sorted({*rights})
        biases = Number.of(min(scaled), max(scaled))
        width, codes = biases.wire.width, (len(shifts) - 1).bit_length()  # no bits where all biases are equal
        bounds = saturations(self.pieces, forms)
        clips = sorted({*bounds})
        kinds = (len(clips) - 1).bit_length()
        fields = max(width + codes + kinds, 1)  # a memory of no bits is none

        def word(group: int) -> int:
            total = 0
            for lane in range(self.i_edge.lanes):
                c = self.channel(group, lane)
                bias = scaled[c] & ((1 << width) - 1)
                packed = bias | shifts.index(rights[c]) << width | clips.index(bounds[c]) << (width + codes)
                total |= packed << (lane * fields)
            return total

        parameters, known = self._parameters(m, [word(g) for g in range(self.groups)], fields, group, enters)
        m.d.comb += self.i.ready.eq(enable & known)
        low = min(p.low for p in self.pieces) << up
        high = max(p.high for p in self.pieces) << up
        reach = max(abs(low) + abs(int(biases.low)), abs(high) + abs(int(biases.high)), 1).bit_length() + 1
        valid = Signal()
        with m.If(enable):
            m.d.sync += [valid.eq(enters), self.o.valid.eq(valid)]
        for lane in range(self.i_edge.lanes):
            here = parameters[lane * fields :][:fields]
            bias = decode(here, biases.wire)
            v = decode(self.i.payload[lane], self.i_edge.wire) << up
            moved, code = (
                Signal(signed(reach), name=f"moved_{lane}"),
                Signal(max(codes + kinds, 1), name=f"code_{lane}"),
            )
            with m.If(enable):
                m.d.sync += [moved.eq(v + bias), code.eq(here[width:])]
            options = [moved >> s for s in shifts]
            shifted = Signal(signed(reach), name=f"shifted_{lane}")
            m.d.comb += shifted.eq(options[0] if len(options) == 1 else Array(options)[code[:codes]])
            results = [clamp(shifted, a, b, reach) for a, b in clips]
            chosen = results[0] if len(results) == 1 else Array(results)[code[codes : codes + kinds]]
            result = Signal(signed(reach), name=f"result_{lane}")
            m.d.comb += result.eq(chosen)
            with m.If(enable):
                m.d.sync += self.o.payload[lane].eq(encode(result, self.o_edge.wire))
        return m

    def _parameters(
        self, m: Module, words: list[int], fields: int, group: Signal, enters: Signal
    ) -> tuple[Value, Value]:
        """The parameter word of the group of channels that enters next, and whether it is there yet."""
        width = fields * self.i_edge.lanes
        known = Signal()
        if len(words) == 1:
            return Const(words[0], width), Const(1)
        m.submodules.parameters = memory = rom(words, width)
        read = memory.read_port()
        following = Mux(group == len(words) - 1, 0, group + 1)
        m.d.comb += read.addr.eq(Mux(enters, following, group))
        m.d.sync += known.eq(1)
        return read.data, known


def saturations(pieces: tuple[Pieces, ...], forms: list[MultiplyShift]) -> list[tuple[int, int]]:
    """The bounds at which each channel has to saturate: one pair for all channels where that changes none of them."""
    common = min(f.low for f in forms), max(f.high for f in forms)
    shared = [replace(f, low=common[0], high=common[1]) for f in forms]
    if all(f.at(v) == y for f, p in zip(shared, pieces, strict=True) for v, y in p.critical):
        return [common] * len(forms)
    return [(f.low, f.high) for f in forms]


def clamp(value: Value, low: int, high: int, width: int) -> Value:
    """``min(max(value, low), high)`` of a signed value of ``width`` bits; a bound that it cannot pass costs nothing."""
    top = 1 << (width - 1)
    capped = value if high >= top - 1 else Mux(value > high, Const(high), value)
    return capped if low <= -top else Mux(value < low, Const(low), capped)


class TableUnit(Unit):
    """Any function of a small domain as a table in memory, addressed by channel and value; see :class:`Unit`."""

    latency = 1

    def elaborate(self, platform: object) -> Module:
        m = Module()
        enable, enters, group = self.start(m)
        wire = self.i_edge.wire
        entries = 1 << max(wire.width, 1)
        m.d.comb += self.i.ready.eq(enable)
        with m.If(enable):
            m.d.sync += self.o.valid.eq(enters)
        for lane in range(self.i_edge.lanes):
            functions, which = self.functions(lane)
            words = [w for f in functions for w in self._table(f, entries)]
            m.submodules[f"table_{lane}"] = memory = rom(words, self.o_edge.width)
            read = memory.read_port()
            address = self.i.payload[lane] if len(functions) == 1 else Cat(self.i.payload[lane], one_of(group, which))
            m.d.comb += [read.addr.eq(address), read.en.eq(enable), self.o.payload[lane].eq(read.data)]
        return m

    def _table(self, pieces: Pieces, entries: int) -> list[int]:
        """Output words for every input word; words outside the domain give what its nearest value gives."""
        values = np.clip(self.i_edge.wire.decode(np.arange(entries)), pieces.low, pieces.high)
        return [int(w) for w in self.o_edge.wire.encode(pieces(values))]


class Function(Unit):
    """Any function as comparisons and lines in logic, the channel's one selected; see :class:`Unit` for its timing."""

    latency = 1

    def __init__(self, pieces: tuple[Pieces, ...], i_edge: Edge, o_edge: Edge) -> None:
        super().__init__(pieces, i_edge, o_edge)
        self.in_blocks: Sequence[int] = ()

    @cached_property
    def circuits(self) -> list[Circuit]:
        """Each lane's functions."""
        return [function_circuit(self.i_edge.number, self.functions(lane)[0]) for lane in range(self.i_edge.lanes)]

    @property
    def products(self) -> list[Product]:
        """Those of all lanes."""
        return [p for circuit in self.circuits for p in products_of(circuit)]

    def elaborate(self, platform: object) -> Module:
        m = Module()
        enable, enters, group = self.start(m)
        m.d.comb += self.i.ready.eq(enable)
        with m.If(enable):
            m.d.sync += self.o.valid.eq(enters)
        in_blocks = iter(self.in_blocks)
        for lane, circuit in enumerate(self.circuits):
            blocks = [v for v, n in zip(multiplications(circuit), in_blocks, strict=False) if n]
            given = decode(self.i.payload[lane], self.i_edge.wire)
            values = emit(m, circuit, [given], f"f{lane}", blocks)
            chosen = Signal(signed(max(len(v) for v in values) + 1), name=f"chosen_{lane}")
            which = one_of(group, self.functions(lane)[1])
            m.d.comb += chosen.eq(values[0] if len(values) == 1 else Array(values)[which])
            with m.If(enable):
                m.d.sync += self.o.payload[lane].eq(encode(chosen, self.o_edge.wire))
        return m


def function_circuit(number: Number, functions: Sequence[Pieces]) -> Circuit:
    """Functions of one value."""
    builder = Builder((number,))
    (x,) = builder.start()
    return builder.finish([expand(builder, p, x) for p in functions])


def table_size(graph: Graph, layer: Scalar) -> int:
    """Entries of the table that a lane of a one-lane unit needs."""
    functions, _ = different(layer.pieces)
    return len(functions) << max(graph.tensors[layer.inputs[0]].number.union().wire.width, 1)


def cost(graph: Graph, layer: Scalar, choice: Lanes, device: Device) -> Cost:
    """Estimate: an adder, a small shifter and a saturation per lane, or a table."""
    x, y = graph.tensors[layer.inputs[0]], graph.tensors[layer.name].number.union().wire
    width, beats = x.number.union().wire.width, x.size // choice.lanes
    timing = Cost(interval=Estimate(beats), latency=Estimate(2))
    found = layer.forms
    if found is not None:
        shifts = len({f.right - f.left for f in found})
        lane = 1.2 * width + (shifts - 1) * 0.7 * y.width + 1.5 * y.width + 4
        per = (width + 2) * choice.lanes
        words = max(len(layer.pieces) // choice.lanes, 1)
        rams = rom_count(words, per, device)
        lut, ff = Estimate(lane * choice.lanes + 8, 0.3), Estimate((width + y.width) * choice.lanes, 0.3)
        return replace(timing, lut=lut, ff=ff, bram=Estimate(rams))
    if table_size(graph, layer) <= TABLE_LIMIT:
        rams = ceil(table_size(graph, layer) * max(y.width, 1) / device.bram_bits) * choice.lanes
        return replace(timing, lut=Estimate(8 + choice.lanes), ff=Estimate(8), bram=Estimate(rams))
    each = [different(of_lane(layer.pieces, lane, choice.lanes))[0] for lane in range(choice.lanes)]
    known = {f: circuit_cost(function_circuit(x.number.union(), f), device) for f in dict.fromkeys(each)}
    logic = [known[f] for f in each]
    lut = Estimate(sum(c.lut.value + (len(f) - 1) * y.width / 2 for c, f in zip(logic, each, strict=True)), 0.5)
    products = tuple(p for c in logic for p in c.products)
    return replace(timing, lut=lut, ff=Estimate(y.width * choice.lanes), products=products)


@hardware(Scalar, Lanes, cost)
def lanes(site: Site) -> wiring.Component:
    """The cheapest unit that is exact for every channel."""
    assert isinstance(site.layer, Scalar)
    if site.layer.forms is not None:
        return ShiftClipUnit(site.layer.pieces, site.i, site.o)
    if table_size(site.graph, site.layer) <= TABLE_LIMIT:
        return TableUnit(site.layer.pieces, site.i, site.o)
    return Function(site.layer.pieces, site.i, site.o)
