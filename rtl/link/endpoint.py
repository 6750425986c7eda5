"""The device's end of the host link."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Module, Signal
from amaranth.lib import stream, wiring
from amaranth.lib.wiring import In, Out, connect, flipped

from .frame import FrameReceiver, FrameTransmitter, check_length
from .slip import SlipDecoder, SlipEncoder
from .uart import UartReceiver, UartTransmitter, check_divisor

__all__ = ["Endpoint"]


class Endpoint(wiring.Component):
    """Serial line on one side, payload bytes on the other: requests come out of ``o``, answers go into ``i``.

    Each correct request of ``i_length`` bytes is given out once; the next ``o_length`` bytes are sent back as the
    answer, under the request's sequence number. Requests that are broken, or that come before the answer is out, are
    dropped: the host asks again.

    Latency: from the last bit of the request to the first byte of ``o`` half a bit and about 6 clocks.
    Throughput: one request in flight. Back-pressure: both streams may stall for ever.

    Parameters
    ----------
    divisor: clocks per bit, 4 to 65535.
    i_length: bytes of a request, 1 to 65535.
    o_length: bytes of an answer, 1 to 65535. ``ValueError`` if one of the three is out of range.

    Members
    -------
    rx, tx: serial lines, idle high.
    o: payload bytes towards the network.
    i: result bytes from the network.
    """

    rx: Signal
    tx: Signal
    o: stream.Interface
    i: stream.Interface

    def __init__(self, divisor: int, i_length: int, o_length: int) -> None:
        self.divisor = check_divisor(divisor)
        self.i_length = check_length(i_length)
        self.o_length = check_length(o_length)
        super().__init__(
            {
                "rx": In(1, init=1),
                "tx": Out(1, init=1),
                "o": Out(stream.Signature(8)),
                "i": In(stream.Signature(8)),
            }
        )

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.submodules.receiver = receiver = UartReceiver(self.divisor)
        m.submodules.decoder = decoder = SlipDecoder()
        m.submodules.request = request = FrameReceiver(self.i_length)
        m.submodules.answer = answer = FrameTransmitter(self.o_length)
        m.submodules.encoder = encoder = SlipEncoder()
        m.submodules.transmitter = transmitter = UartTransmitter(self.divisor)

        m.d.comb += [
            receiver.rx.eq(self.rx),
            self.tx.eq(transmitter.tx),
            answer.seq.eq(request.seq),
            request.release.eq(answer.done),
        ]
        connect(m, receiver.o, decoder.i)
        connect(m, decoder.o, request.i)
        connect(m, request.o, flipped(self.o))
        connect(m, flipped(self.i), answer.i)
        connect(m, answer.o, encoder.i)
        connect(m, encoder.o, transmitter.i)
        return m
