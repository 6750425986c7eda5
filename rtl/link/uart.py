"""Asynchronous serial lines: 8 data bits, no parity, one stop bit, least significant bit first."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.cdc import FFSynchronizer
from amaranth.lib.wiring import In, Out

__all__ = ["UartReceiver", "UartTransmitter", "check_divisor"]


def check_divisor(divisor: int) -> int:
    """Return ``divisor`` if a UART can run with that many clocks per bit; else raise ``ValueError``.

    Below 4 clocks per bit the sampling point is more than an eighth of a bit away from the middle.
    """
    if divisor not in range(4, 1 << 16):
        raise ValueError(f"UART divisor must be an integer from 4 to 65535 clocks per bit, not {divisor!r}")
    return divisor


class UartReceiver(wiring.Component):
    """Turns a serial line into bytes.

    The line passes a two flip-flop synchroniser. A start bit is confirmed in its middle, each bit is sampled in its
    middle; a byte whose stop bit is low is dropped, and the line must then be seen high before the next start bit.

    Latency: a byte appears ``divisor // 2 + 3`` clocks (give or take one) after its stop bit begins.
    Throughput: one byte per ``10 * divisor`` clocks. Back-pressure: none, a serial line cannot wait; ``o.valid``
    lasts one clock.

    Parameters
    ----------
    divisor: clocks per bit, 4 to 65535 (``ValueError`` otherwise).

    Members
    -------
    rx: serial line, idle high, asynchronous.
    o: stream of bytes, always ready.
    """

    rx: Signal
    o: stream.Interface

    def __init__(self, divisor: int) -> None:
        self.divisor = check_divisor(divisor)
        super().__init__({"rx": In(1, init=1), "o": Out(stream.Signature(8, always_ready=True))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        line = Signal(init=1)
        m.submodules.synchroniser = FFSynchronizer(self.rx, line, init=1)

        timer = Signal(range(self.divisor))
        index = Signal(4)  # 0: start bit, 1..8: data, 9: stop bit
        byte = Signal(8)
        m.d.comb += self.o.payload.eq(byte)

        with m.FSM():
            with m.State("idle"):
                m.d.sync += [timer.eq(self.divisor // 2 - 1), index.eq(0)]
                with m.If(~line):
                    m.next = "bits"
            with m.State("bits"):
                m.d.sync += timer.eq(Mux(timer == 0, self.divisor - 1, timer - 1))
                with m.If(timer == 0):
                    m.d.sync += index.eq(index + 1)
                    with m.If(index == 9):
                        m.d.comb += self.o.valid.eq(line)
                        m.next = "high"
                    with m.Else():
                        m.d.sync += byte.eq(Cat(byte[1:], line))
                        with m.If((index == 0) & line):
                            m.next = "idle"
            with m.State("high"), m.If(line):
                m.next = "idle"
        return m


class UartTransmitter(wiring.Component):
    """Turns bytes into a serial line.

    Latency: the start bit begins one clock after the byte is taken. Throughput: one byte per ``10 * divisor + 1``
    clocks. Back-pressure: ``i.ready`` is high only between bytes.

    Parameters
    ----------
    divisor: clocks per bit, 4 to 65535 (``ValueError`` otherwise).

    Members
    -------
    i: stream of bytes.
    tx: serial line, idle high, straight from a flip-flop.
    """

    i: stream.Interface
    tx: Signal

    def __init__(self, divisor: int) -> None:
        self.divisor = check_divisor(divisor)
        super().__init__({"i": In(stream.Signature(8)), "tx": Out(1, init=1)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        timer = Signal(range(self.divisor))
        left = Signal(4)  # bits still to end, start and stop bit included; 0 when idle
        rest = Signal(8)

        m.d.comb += self.i.ready.eq(left == 0)
        with m.If(left == 0):
            m.d.sync += [timer.eq(self.divisor - 1), rest.eq(self.i.payload)]
            with m.If(self.i.valid):
                m.d.sync += [self.tx.eq(0), left.eq(10)]
        with m.Elif(timer == 0):
            m.d.sync += [Cat(self.tx, rest).eq(Cat(rest, 1)), left.eq(left - 1), timer.eq(self.divisor - 1)]
        with m.Else():
            m.d.sync += timer.eq(timer - 1)
        return m
