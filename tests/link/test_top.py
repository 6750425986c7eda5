# amaranth: UnusedElaboratable=no
from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from amaranth.hdl import DomainRenamer, Module, unsigned
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out, connect
from amaranth.sim import Simulator

from nnfpga.boards.host import Decoder, Frame, encode
from nnfpga.rtl.link import Endpoint, StreamCrossing
from nnfpga.rtl.top import Top

DIVISOR = 8
LINK = 1e-8
BIT = DIVISOR * LINK
END = b"\xc0"


class Increment(wiring.Component):
    """Adds one to each element, one beat per clock."""

    i: stream.Interface
    o: stream.Interface

    def __init__(self, width: int, lanes: int) -> None:
        shape = data.ArrayLayout(unsigned(width), lanes)
        self.lanes = lanes
        super().__init__({"i": In(stream.Signature(shape)), "o": Out(stream.Signature(shape))})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        m.d.comb += self.i.ready.eq(~self.o.valid | self.o.ready)
        with m.If(self.i.ready):
            m.d.sync += self.o.valid.eq(self.i.valid)
            for lane in range(self.lanes):
                m.d.sync += self.o.payload[lane].eq(self.i.payload[lane] + 1)
        return m


class Loop(wiring.Component):
    """An endpoint in domain ``link`` whose bytes come back from domain ``sync``."""

    def __init__(self, length: int) -> None:
        self.length = length
        super().__init__({"rx": In(1, init=1), "tx": Out(1, init=1)})

    def elaborate(self, platform: Any) -> Module:
        m = Module()
        endpoint = Endpoint(DIVISOR, self.length, self.length)
        m.submodules.endpoint = DomainRenamer({"sync": "link"})(endpoint)
        m.submodules.inward = inward = StreamCrossing(8, i_domain="link", o_domain="sync")
        m.submodules.outward = outward = StreamCrossing(8, i_domain="sync", o_domain="link")
        connect(m, endpoint.o, inward.i)
        connect(m, outward.o, endpoint.i)
        m.d.comb += [
            endpoint.rx.eq(self.rx),
            self.tx.eq(endpoint.tx),
            outward.i.payload.eq(~inward.o.payload),
            outward.i.valid.eq(inward.o.valid),
            inward.o.ready.eq(outward.i.ready),
        ]
        return m


def talk(dut: Any, requests: Sequence[bytes], answers: int, sync: float, send: Any, hear: Any) -> list[Frame]:
    """Send each request (line bytes) and wait for an answer after each that should have one; return all answers."""
    decoder = Decoder()
    heard = bytearray()
    frames: list[Frame] = []

    async def host(ctx: Any) -> None:
        await ctx.delay(5 * BIT)
        for request in requests:
            await send(ctx, dut.rx, request, BIT * 1.01)
            before = len(frames)
            for _ in range(400):
                await ctx.delay(BIT)
                frames.extend(decoder.feed(bytes(heard)))
                heard.clear()
                if len(frames) > before:
                    break
        await ctx.delay(20 * BIT)
        assert len(frames) == answers

    async def line(ctx: Any) -> None:
        await hear(ctx, dut.tx, BIT, heard)

    simulator = Simulator(dut)
    simulator.add_clock(LINK, domain="link")
    simulator.add_clock(sync, phase=0.3 * sync, domain="sync")
    simulator.add_testbench(host)
    simulator.add_testbench(line, background=True)
    simulator.run()
    return frames


@pytest.mark.parametrize("ratio", [0.31, 1.0, 3.7])
def test_endpoint_at_the_pins(ratio: float, send: Callable[..., Any], hear: Callable[..., Any]) -> None:
    special = b"\xc0\xdb\xdc\xdd\x00"
    spoilt = bytearray(encode(7, b"wrong"))
    spoilt[5] ^= 4
    requests = [
        b"noise" + encode(0xC0, special),
        bytes(spoilt),
        encode(0xDB, b"abcde")[:-3],
        encode(8, b"four"),
        encode(9, b"right"),
    ]
    frames = talk(Loop(5), requests, 2, ratio * LINK, send, hear)
    inverted = [bytes(byte ^ 0xFF for byte in payload) for payload in (special, b"right")]
    assert frames == [Frame(0xC0, inverted[0]), Frame(9, inverted[1])]


def test_endpoint_drops_early_requests(send: Callable[..., Any], hear: Callable[..., Any]) -> None:
    burst = b"".join(encode(n, bytes([n]) * 5) for n in range(6))
    dut = Loop(5)
    got = bytearray()

    async def host(ctx: Any) -> None:
        await ctx.delay(5 * BIT)
        await send(ctx, dut.rx, burst, BIT)
        await ctx.delay(200 * BIT)
        await send(ctx, dut.rx, encode(77, b"after"), BIT)
        await ctx.delay(200 * BIT)

    async def line(ctx: Any) -> None:
        await hear(ctx, dut.tx, BIT, got)

    simulator = Simulator(dut)
    simulator.add_clock(LINK, domain="link")
    simulator.add_clock(0.7 * LINK, domain="sync")
    simulator.add_testbench(host)
    simulator.add_testbench(line, background=True)
    simulator.run()
    answers = Decoder().feed(bytes(got))
    for answer in answers[:-1]:
        assert answer.payload == bytes([answer.seq ^ 0xFF]) * 5
    assert answers[0].seq == 0
    assert 1 < len(answers) < 7
    assert answers[-1] == Frame(77, bytes(byte ^ 0xFF for byte in b"after"))


@pytest.mark.parametrize(
    ("width", "lanes", "beats", "signed", "ratio"),
    [(8, 1, 4, False, 0.3), (5, 3, 2, True, 1.3), (12, 2, 2, True, 0.77), (1, 6, 1, False, 2.9)],
)
def test_top_at_the_pins(
    width: int, lanes: int, beats: int, signed: bool, ratio: float, send: Callable[..., Any], hear: Callable[..., Any]
) -> None:
    chance = random.Random(width)
    size = -(-width // 8)
    dut = Top(Increment(width, lanes), DIVISOR, width, lanes, beats, width, lanes, beats, signed)
    assert (dut.i_length, dut.o_length) == (size * lanes * beats,) * 2
    requests: list[bytes] = []
    expected: list[Frame] = []
    for seq in range(3):
        values = [chance.getrandbits(width) for _ in range(lanes * beats)]
        results = [(value + 1) & ((1 << width) - 1) for value in values]
        if signed:
            results = [value - (value >> (width - 1) << width) for value in results]
        requests.append(encode(seq, b"".join(value.to_bytes(size, "little") for value in values)))
        expected.append(Frame(seq, b"".join(value.to_bytes(size, "little", signed=signed) for value in results)))
    assert talk(dut, requests, 3, ratio * LINK, send, hear) == expected


def test_top_refuses() -> None:
    with pytest.raises(ValueError, match=r"^Beat count must be positive, not 0$"):
        Top(Increment(8, 1), DIVISOR, 8, 1, 0, 8, 1, 1, False)
    with pytest.raises(ValueError, match=r"^Frame length must be an integer from 1 to 65535 bytes, not 70000$"):
        Top(Increment(8, 1), DIVISOR, 8, 1, 70000, 8, 1, 1, False)
    with pytest.raises(ValueError, match=r"^Network must have the ports .*ArrayLayout.*, not .*$"):
        Top(Increment(8, 1), DIVISOR, 8, 2, 1, 8, 1, 1, False)
