"""Elements of a tensor to bytes and back: whole bytes per element, little-endian, lane after lane."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Array, Cat, Module, Mux, Signal, signed, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["BytePacker", "ByteUnpacker", "check_elements", "element_bytes"]


def element_bytes(width: int) -> int:
    """Bytes in which an element of ``width`` bits travels."""
    return -(-width // 8)


def check_elements(width: int, lanes: int) -> None:
    """Raise ``ValueError`` unless a beat can have ``lanes`` elements of ``width`` bits."""
    if width < 1:
        raise ValueError(f"Element width must be a positive number of bits, not {width!r}")
    if lanes < 1:
        raise ValueError(f"Lane count must be positive, not {lanes!r}")


class ByteUnpacker(wiring.Component):
    """Collects bytes into beats of ``lanes`` elements.

    An element comes as ``ceil(width / 8)`` bytes, lowest first; its excess high bits are ignored. Elements come in
    the order of the lanes.

    Latency: 1 clock from the last byte of a beat; 0 if a beat is one byte (then it is only wires).
    Throughput: one byte per clock; the first byte of the next beat is taken while the last beat leaves.
    Back-pressure: ``i`` waits while a beat waits. Registers: ``width * lanes`` bits and the low bytes of one element.

    Members
    -------
    i: bytes.
    o: beats, ``ArrayLayout(unsigned(width), lanes)``.
    """

    i: stream.Interface
    o: stream.Interface

    def __init__(self, width: int, lanes: int) -> None:
        check_elements(width, lanes)
        self.width = width
        self.lanes = lanes
        super().__init__(
            {
                "i": In(stream.Signature(8)),
                "o": Out(stream.Signature(data.ArrayLayout(unsigned(width), lanes))),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        low = element_bytes(self.width) - 1  # bytes of an element before its last
        beat = self.o.payload.as_value()
        if low == 0 and self.lanes == 1:
            m.d.comb += [beat.eq(self.i.payload), self.o.valid.eq(self.i.valid), self.i.ready.eq(self.o.ready)]
            return m

        register = Signal(self.width * self.lanes)
        begun = Signal(8 * low)
        index = Signal(range(low + 1))
        lane = Signal(range(self.lanes))
        full = Signal()
        element = Signal(self.width)

        m.d.comb += [
            element.eq(Cat(begun, self.i.payload)),
            beat.eq(register),
            self.o.valid.eq(full),
            self.i.ready.eq(~full | self.o.ready),
        ]
        with m.If(self.o.ready):
            m.d.sync += full.eq(0)
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += index.eq(index + 1)
            if low:
                m.d.sync += begun.eq(Cat(begun, self.i.payload) >> 8)
            with m.If(index == low):
                m.d.sync += [index.eq(0), lane.eq(lane + 1), register.eq(Cat(register, element) >> self.width)]
                with m.If(lane == self.lanes - 1):
                    m.d.sync += [lane.eq(0), full.eq(1)]
        return m


class BytePacker(wiring.Component):
    """Gives out beats of ``lanes`` elements as bytes.

    An element goes as ``ceil(width / 8)`` bytes, lowest first, sign-extended if ``signed`` else zero-extended, in the
    order of the lanes.

    Latency: 1 clock; 0 if a beat is one byte (then it is only wires). Throughput: one byte per clock, and one clock
    more per beat. Back-pressure: ``i`` waits while bytes of the last beat wait. Registers: ``width * lanes`` bits.

    Members
    -------
    i: beats, ``ArrayLayout(unsigned(width), lanes)``.
    o: bytes.
    """

    i: stream.Interface
    o: stream.Interface

    def __init__(self, width: int, lanes: int, signed: bool) -> None:
        check_elements(width, lanes)
        self.width = width
        self.lanes = lanes
        self.signed = signed
        super().__init__(
            {
                "i": In(stream.Signature(data.ArrayLayout(unsigned(width), lanes))),
                "o": Out(stream.Signature(8)),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        size = element_bytes(self.width)
        beat = self.i.payload.as_value()
        shape = signed(8 * size) if self.signed else unsigned(8 * size)
        extended = Signal(shape)
        if size == 1 and self.lanes == 1:
            m.d.comb += [
                extended.eq(beat.as_signed() if self.signed else beat),
                self.o.payload.eq(extended),
                self.o.valid.eq(self.i.valid),
                self.i.ready.eq(self.o.ready),
            ]
            return m

        register = Signal(self.width * self.lanes)
        index = Signal(range(size))
        lane = Signal(range(self.lanes))
        full = Signal()
        element = register[: self.width]

        m.d.comb += [
            extended.eq(element.as_signed() if self.signed else element),
            self.o.payload.eq(Array(extended[8 * n : 8 * n + 8] for n in range(size))[index] if size > 1 else extended),
            self.o.valid.eq(full),
            self.i.ready.eq(~full),
        ]
        with m.If(~full):
            m.d.sync += [register.eq(beat), full.eq(self.i.valid)]
        with m.Elif(self.o.ready):
            m.d.sync += index.eq(Mux(index == size - 1, 0, index + 1))
            with m.If(index == size - 1):
                m.d.sync += [register.eq(register >> self.width), lane.eq(lane + 1)]
                with m.If(lane == self.lanes - 1):
                    m.d.sync += [lane.eq(0), full.eq(0)]
        return m
