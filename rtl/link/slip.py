"""Byte stuffing after RFC 1055 (SLIP): a frame ends with a byte found nowhere else, so hearing it resynchronises."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["END", "ESC", "ESC_END", "ESC_ESC", "SlipDecoder", "SlipEncoder", "Token"]

END = 0xC0
ESC = 0xDB
ESC_END = 0xDC
ESC_ESC = 0xDD

Token = data.StructLayout({"byte": 8, "end": 1})
"""One byte of a frame or, with ``end`` set, the boundary between two frames (``byte`` is then meaningless)."""


class SlipDecoder(wiring.Component):
    """Turns line bytes into tokens: frame bytes and ends.

    END ends a frame at any place, even after ESC. A byte after ESC that is neither ESC_END nor ESC_ESC stands for
    itself, as in RFC 1055; the checksum of the layer above catches it.

    Latency: 0 clocks. Throughput: one byte per clock. Back-pressure: none.

    Members
    -------
    i: line bytes, always ready.
    o: tokens, always ready.
    """

    i: stream.Interface
    o: stream.Interface

    def __init__(self) -> None:
        super().__init__(
            {
                "i": In(stream.Signature(8, always_ready=True)),
                "o": Out(stream.Signature(Token, always_ready=True)),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        byte = self.i.payload
        escaped = Signal()
        end = byte == END
        escape = (byte == ESC) & ~escaped

        m.d.comb += [
            self.o.valid.eq(self.i.valid & ~escape),
            self.o.payload.end.eq(end),
            self.o.payload.byte.eq(byte),
        ]
        with m.If(escaped & (byte == ESC_END)):
            m.d.comb += self.o.payload.byte.eq(END)
        with m.If(escaped & (byte == ESC_ESC)):
            m.d.comb += self.o.payload.byte.eq(ESC)
        with m.If(self.i.valid):
            m.d.sync += escaped.eq(escape)
        return m


class SlipEncoder(wiring.Component):
    """Turns tokens into line bytes.

    Latency: 0 clocks. Throughput: one line byte per clock; END and ESC among the frame bytes take two.
    Back-pressure: ``i.ready`` follows ``o.ready`` on the last line byte of a token.

    Members
    -------
    i: tokens.
    o: line bytes.
    """

    i: stream.Interface
    o: stream.Interface

    def __init__(self) -> None:
        super().__init__({"i": In(stream.Signature(Token)), "o": Out(stream.Signature(8))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        byte = self.i.payload.byte
        end = self.i.payload.end
        escaped = Signal()
        is_end = byte == END
        escape = ~end & (is_end | (byte == ESC)) & ~escaped

        m.d.comb += [self.o.valid.eq(self.i.valid), self.i.ready.eq(self.o.ready & ~escape)]
        with m.If(end):
            m.d.comb += self.o.payload.eq(END)
        with m.Elif(escape):
            m.d.comb += self.o.payload.eq(ESC)
        with m.Elif(escaped):
            m.d.comb += self.o.payload.eq(Mux(is_end, ESC_END, ESC_ESC))
        with m.Else():
            m.d.comb += self.o.payload.eq(byte)
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += escaped.eq(escape)
        return m
