"""Back-pressure for a pipeline that does not stop: results wait in a queue, credits keep it from overflowing."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.fifo import SyncFIFOBuffered
from amaranth.lib.wiring import In, Out

__all__ = ["CreditQueue"]


class CreditQueue(wiring.Component):
    """Says when a pipeline of ``latency`` cycles may start, and keeps its results until they are taken.

    A start takes a credit, a result that is taken gives it back. There are as many credits as the queue has places, so
    a result that leaves the pipeline always finds one. No signal goes to the registers of the pipeline, so their
    clock does not depend on their number.

    Throughput: a result every cycle, which ``latency + 3`` places are just enough for. Latency: two cycles from
    ``done`` to ``o``. Back-pressure: without credits, ``ready`` is low. Memory: ``(latency + 3) * width`` bits.

    Members
    -------
    valid, ready : a start, taken in a cycle where both are high
    credits : how many more starts there may be
    done, result : what leaves the pipeline, ``latency`` cycles after its start; exactly one for each start
    o : stream of results
    """

    def __init__(self, width: int, latency: int) -> None:
        if latency < 0:
            raise ValueError(f"latency must be at least 0, not {latency}")
        self.places = latency + 3
        super().__init__(
            {
                "valid": In(1),
                "ready": Out(1),
                "credits": Out(range(self.places + 1), init=self.places),
                "done": In(1),
                "result": In(width),
                "o": Out(stream.Signature(width)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        width = len(self.result)
        m.submodules.queue = queue = SyncFIFOBuffered(width=width, depth=self.places)
        taken = Signal()
        m.d.comb += [
            self.ready.eq(self.credits != 0),
            queue.w_data.eq(self.result),
            queue.w_en.eq(self.done),
            self.o.payload.eq(queue.r_data),
            self.o.valid.eq(queue.r_rdy),
            queue.r_en.eq(self.o.ready),
            taken.eq(self.o.valid & self.o.ready),
        ]
        m.d.sync += self.credits.eq(self.credits + taken - (self.valid & self.ready))
        return m
