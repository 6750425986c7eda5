"""A stream from one clock to another."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, ShapeLike, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

__all__ = ["StreamCrossing"]


class StreamCrossing(wiring.Component):
    """Carries a stream between two clocks of any ratio and phase by a two-phase handshake.

    One payload at a time lies in a register of the sending side; a toggle says that it is there, another that it was
    taken, and each crosses two flip-flops. The register is only read when its toggle has crossed, so it is stable.
    Both sides must leave their reset before the first payload comes, in any order.

    A serial line needs one byte per 40 clocks at most, so this carries it at any sensible ratio and costs (bytes,
    iCE40) 6 LUTs and 14 flip-flops; ``amaranth.lib.fifo.AsyncFIFO`` of depth 4 costs 49 and 64.

    Latency: 1 clock of the sender and 2 to 3 of the receiver. Throughput: one payload per 3 clocks of each side, at
    worst 4. Back-pressure: ``i.ready`` waits until the payload was taken.

    Parameters
    ----------
    shape: shape of the payload.
    i_domain, o_domain: clock domains of the two sides.

    Members
    -------
    i: stream in ``i_domain``.
    o: stream in ``o_domain``.
    """

    i: stream.Interface
    o: stream.Interface

    def __init__(self, shape: ShapeLike, *, i_domain: str, o_domain: str) -> None:
        self.i_domain = i_domain
        self.o_domain = o_domain
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        held = Signal.like(self.i.payload)
        given = Signal()
        taken = Signal()
        given_seen = Signal()
        taken_seen = Signal()
        m.submodules.forth = FFSynchronizer(given, given_seen, o_domain=self.o_domain)
        m.submodules.back = FFSynchronizer(taken, taken_seen, o_domain=self.i_domain)

        m.d.comb += [
            self.i.ready.eq(given == taken_seen),
            self.o.valid.eq(given_seen != taken),
            self.o.payload.eq(held),
        ]
        with m.If(self.i.valid & self.i.ready):
            m.d[self.i_domain] += [held.eq(self.i.payload), given.eq(~given)]
        with m.If(self.o.valid & self.o.ready):
            m.d[self.o_domain] += taken.eq(~taken)
        return m
