"""Width converters: the same elements in beats of another size."""

from __future__ import annotations

from math import gcd

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

__all__ = ["Narrow", "Widen", "convert"]


class Narrow(wiring.Component):
    """Beats of ``lanes * ratio`` elements as ``ratio`` beats of ``lanes``, first element first.

    Throughput: a beat out every cycle. Latency: one cycle. Back-pressure: takes a new beat as the last part leaves.
    Memory: ``lanes * ratio * width`` bits.
    """

    def __init__(self, width: int, lanes: int, ratio: int) -> None:
        if ratio < 2:
            raise ValueError(f"ratio must be at least 2, not {ratio!r}")
        self.width, self.lanes, self.ratio = width, lanes, ratio
        wide, narrow = data.ArrayLayout(width, lanes * ratio), data.ArrayLayout(width, lanes)
        super().__init__({"i": In(stream.Signature(wide)), "o": Out(stream.Signature(narrow))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        step = self.width * self.lanes
        held, left = Signal(step * self.ratio), Signal(range(self.ratio + 1))
        m.d.comb += [
            self.o.valid.eq(left != 0),
            self.o.payload.as_value().eq(held[:step]),
            self.i.ready.eq((left == 0) | ((left == 1) & self.o.ready)),
        ]
        with m.If(self.o.valid & self.o.ready):
            m.d.sync += [held.eq(held[step:]), left.eq(left - 1)]
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += [held.eq(self.i.payload.as_value()), left.eq(self.ratio)]
        return m


class Widen(wiring.Component):
    """``ratio`` beats of ``lanes`` elements as one of ``lanes * ratio``, first element first.

    Throughput: a beat in every cycle. Latency: one cycle after the last part. Back-pressure: a full beat that is not
    taken refuses the next part. Memory: ``lanes * ratio * width`` bits.
    """

    def __init__(self, width: int, lanes: int, ratio: int) -> None:
        if ratio < 2:
            raise ValueError(f"ratio must be at least 2, not {ratio!r}")
        self.width, self.lanes, self.ratio = width, lanes, ratio
        wide, narrow = data.ArrayLayout(width, lanes * ratio), data.ArrayLayout(width, lanes)
        super().__init__({"i": In(stream.Signature(narrow)), "o": Out(stream.Signature(wide))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        step = self.width * self.lanes
        held, count = Signal(step * self.ratio), Signal(range(self.ratio))
        m.d.comb += [self.o.payload.as_value().eq(held), self.i.ready.eq(~self.o.valid | self.o.ready)]
        with m.If(self.o.ready):
            m.d.sync += self.o.valid.eq(0)
        with m.If(self.i.valid & self.i.ready):
            m.d.sync += held.eq(Cat(held[step:], self.i.payload.as_value()))
            with m.If(count == self.ratio - 1):
                m.d.sync += [count.eq(0), self.o.valid.eq(1)]
            with m.Else():
                m.d.sync += count.eq(count + 1)
        return m


def convert(width: int, lanes_in: int, lanes_out: int) -> list[wiring.Component]:
    """The converters, in order, that turn beats of one size into beats of another."""
    common = gcd(lanes_in, lanes_out)
    chain: list[wiring.Component] = []
    if lanes_in > common:
        chain.append(Narrow(width, common, lanes_in // common))
    if lanes_out > common:
        chain.append(Widen(width, common, lanes_out // common))
    return chain
