"""Frames: length, sequence number, payload and CRC-16 between two ENDs (docs/link.md gives the layout)."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Mux, ResetInserter, Signal, unsigned
from amaranth.lib import stream, wiring
from amaranth.lib.crc.catalog import CRC16_IBM_3740
from amaranth.lib.memory import Memory
from amaranth.lib.wiring import In, Out

from .slip import Token

__all__ = ["FrameReceiver", "FrameTransmitter", "check_length"]


def check_length(length: int) -> int:
    """Return ``length`` if a frame can hold that many payload bytes; else raise ``ValueError``."""
    if length not in range(1, 1 << 16):
        raise ValueError(f"Frame length must be an integer from 1 to 65535 bytes, not {length!r}")
    return length


class FrameReceiver(wiring.Component):
    """Gives out the payloads of correct frames of one length, and nothing of any other.

    Store and forward: the payload waits in a memory until length field, CRC-16 and END are right. A frame that is
    truncated, too long, of another length or corrupted is dropped without a word; the next END resynchronises.
    One frame at a time: from the END of a correct frame until ``release``, tokens are ignored, and so is the rest of
    a frame that had begun by then. So an early second frame is dropped whole, and ``seq`` is stable meanwhile.

    Latency: 2 clocks from the END to the first payload byte. Throughput: one byte per 2 clocks when giving out.
    Back-pressure: ``o`` may stall for ever; ``i`` cannot be stalled.

    Parameters
    ----------
    length: payload bytes, 1 to 65535 (``ValueError`` otherwise).

    Members
    -------
    i: tokens from the SLIP decoder, always ready.
    o: payload bytes.
    seq: sequence number of the frame being given out or answered.
    release: high for one clock when the answer is out (or abandoned): the next frame may come.
    """

    i: stream.Interface
    o: stream.Interface
    seq: Signal
    release: Signal

    def __init__(self, length: int) -> None:
        self.length = check_length(length)
        super().__init__(
            {
                "i": In(stream.Signature(Token, always_ready=True)),
                "o": Out(stream.Signature(8)),
                "seq": Out(8),
                "release": In(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        crc = CRC16_IBM_3740(data_width=8).create()
        restart = Signal()
        m.submodules.crc = ResetInserter(restart)(crc)  # `crc.start` would cost 8 LUTs more
        m.submodules.memory = memory = Memory(shape=unsigned(8), depth=self.length, init=[])
        write = memory.write_port()
        read = memory.read_port(domain="comb")
        fetched = Signal(8)  # never loaded while writing: Yosys sees that and needs no bypass around the block RAM

        byte = self.i.payload.byte
        index = Signal(range(max(self.length, 3)))  # byte of the header, then byte of the payload, in and out
        last = index == self.length - 1

        m.d.comb += [
            crc.data.eq(byte),
            restart.eq(self.i.valid & self.i.payload.end),
            write.addr.eq(index),
            write.data.eq(byte),
            read.addr.eq(index),
            self.o.payload.eq(fetched),
        ]
        with m.If(~write.en):
            m.d.sync += fetched.eq(read.data)

        with m.FSM():
            with m.State("hunt"), m.If(self.i.valid & self.i.payload.end):
                m.d.sync += index.eq(0)
                m.next = "header"
            with m.State("header"), m.If(self.i.valid):
                m.d.comb += crc.valid.eq(~self.i.payload.end)
                with m.If(self.i.payload.end):
                    m.d.sync += index.eq(0)
                with m.Elif(index[1]):
                    m.d.sync += [index.eq(0), self.seq.eq(byte)]
                    m.next = "payload"
                with m.Else():
                    m.d.sync += index.eq(index + 1)
                    with m.If(byte != Mux(index[0], self.length >> 8, self.length & 0xFF)):
                        m.next = "hunt"
            with m.State("payload"), m.If(self.i.valid):
                m.d.comb += [crc.valid.eq(~self.i.payload.end), write.en.eq(~self.i.payload.end)]
                m.d.sync += index.eq(index + 1)
                with m.If(self.i.payload.end | last):
                    m.d.sync += index.eq(0)
                with m.If(self.i.payload.end):
                    m.next = "header"
                with m.Elif(last):
                    m.next = "crc low"
            for state, following, expected in (("crc low", "crc high", crc.crc[:8]), ("crc high", "end", crc.crc[8:])):
                with m.State(state), m.If(self.i.valid):
                    with m.If(self.i.payload.end):
                        m.next = "header"
                    with m.Elif(byte == expected):
                        m.next = following
                    with m.Else():
                        m.next = "hunt"
            with m.State("end"), m.If(self.i.valid):
                m.next = "hunt"
                with m.If(self.i.payload.end):
                    m.next = "fetch"
            with m.State("fetch"):
                m.next = "give"
            with m.State("give"):
                m.d.comb += self.o.valid.eq(1)
                with m.If(self.o.ready):
                    m.d.sync += index.eq(index + 1)
                    m.next = "fetch"
                    with m.If(last):
                        m.next = "answer"
            with m.State("answer"), m.If(self.release):
                m.next = "hunt"
        return m


class FrameTransmitter(wiring.Component):
    """Makes a frame of every ``length`` bytes that come.

    Latency: END goes out as soon as the first byte waits; the byte itself follows END and three header bytes.
    Throughput: one byte per clock, 7 more tokens per frame. Back-pressure: ``i`` waits for ``o``, ``o`` for ``i``.

    Parameters
    ----------
    length: payload bytes, 1 to 65535 (``ValueError`` otherwise).

    Members
    -------
    i: payload bytes.
    seq: sequence number to send; stable from the first byte of ``i`` until ``done``.
    o: tokens for the SLIP encoder.
    done: high in the clock in which the END of a frame is taken.
    """

    i: stream.Interface
    seq: Signal
    o: stream.Interface
    done: Signal

    def __init__(self, length: int) -> None:
        self.length = check_length(length)
        super().__init__(
            {
                "i": In(stream.Signature(8)),
                "seq": In(8),
                "o": Out(stream.Signature(Token)),
                "done": Out(1),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        crc = CRC16_IBM_3740(data_width=8).create()
        restart = Signal()
        m.submodules.crc = ResetInserter(restart)(crc)  # `crc.start` would cost 8 LUTs more
        byte = self.o.payload.byte
        index = Signal(range(max(self.length, 3)))
        sent = self.o.valid & self.o.ready
        m.d.comb += crc.data.eq(byte)

        with m.FSM():
            with m.State("begin"):
                m.d.comb += [self.o.valid.eq(self.i.valid), self.o.payload.end.eq(1), restart.eq(1)]
                with m.If(sent):
                    m.next = "header"
            with m.State("header"):
                header = Mux(index[0], self.length >> 8, self.length & 0xFF)
                m.d.comb += [self.o.valid.eq(1), byte.eq(Mux(index[1], self.seq, header)), crc.valid.eq(sent)]
                with m.If(sent):
                    m.d.sync += index.eq(index + 1)
                    with m.If(index[1]):
                        m.d.sync += index.eq(0)
                        m.next = "payload"
            with m.State("payload"):
                m.d.comb += [
                    self.o.valid.eq(self.i.valid),
                    self.i.ready.eq(self.o.ready),
                    byte.eq(self.i.payload),
                    crc.valid.eq(sent),
                ]
                with m.If(sent):
                    m.d.sync += index.eq(index + 1)
                    with m.If(index == self.length - 1):
                        m.d.sync += index.eq(0)
                        m.next = "crc low"
            with m.State("crc low"):
                m.d.comb += [self.o.valid.eq(1), byte.eq(crc.crc[:8])]
                with m.If(sent):
                    m.next = "crc high"
            with m.State("crc high"):
                m.d.comb += [self.o.valid.eq(1), byte.eq(crc.crc[8:])]
                with m.If(sent):
                    m.next = "end"
            with m.State("end"):
                m.d.comb += [self.o.valid.eq(1), self.o.payload.end.eq(1), self.done.eq(sent)]
                with m.If(sent):
                    m.next = "begin"
        return m
