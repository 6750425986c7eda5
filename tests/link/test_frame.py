# amaranth: UnusedElaboratable=no
from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from amaranth.sim import Simulator

from nnfpga.boards.host import Decoder, Frame, encode
from nnfpga.rtl.link import FrameReceiver, FrameTransmitter, SlipEncoder

CLOCK = 1e-8
LENGTH = 7
END = 0x100


def tokens(seq: int, payload: bytes) -> list[int]:
    """The frame as the SLIP decoder gives it."""
    items: list[int] = []
    escaped = False
    for byte in encode(seq, payload):
        if byte == 0xC0:
            items.append(END)
        elif escaped:
            items.append({0xDC: 0xC0, 0xDD: 0xDB}[byte])
        elif byte != 0xDB:
            items.append(byte)
        escaped = byte == 0xDB
    return items


def crc16(data: bytes) -> int:
    """CRC-16/IBM-3740, bit by bit, from its definition: polynomial 0x1021, start 0xFFFF, nothing reflected."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = (crc << 1 ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return crc


def test_reference_crc() -> None:
    assert crc16(b"123456789") == 0x29B1
    assert encode(5, b"ab") == b"\xc0\x02\x00\x05ab" + crc16(b"\x02\x00\x05ab").to_bytes(2, "little") + b"\xc0"


def receive(length: int, items: list[int], *, seed: int = 0, answer: int = 0, gap: int = 6) -> list[tuple[int, bytes]]:
    """Feed tokens, one in about ``gap`` clocks; return (seq, payload) of what came out.

    ``answer`` clocks after a payload was taken it is released; ``seq`` must not change until then.
    """
    dut = FrameReceiver(length)
    chance = random.Random(seed)
    received: list[tuple[int, bytes]] = []
    slow = random.Random(seed + 1)

    async def source(ctx: Any) -> None:
        for item in items:
            ctx.set(dut.i.payload.as_value(), item)
            ctx.set(dut.i.valid, 1)
            await ctx.tick()
            ctx.set(dut.i.valid, 0)
            ctx.set(dut.i.payload.as_value(), chance.randrange(512))
            await ctx.tick().repeat(chance.randrange(1, 2 * gap))
        await ctx.tick().repeat(10 * length + 50 + answer)

    async def sink(ctx: Any) -> None:
        while True:
            payload = bytearray()
            seqs: set[int] = set()
            while len(payload) < length:
                ready = slow.random() < 0.5
                ctx.set(dut.o.ready, ready)
                _, _, valid, byte, seq = await ctx.tick().sample(dut.o.valid, dut.o.payload, dut.seq)
                if valid and ready:
                    payload.append(byte)
                    seqs.add(seq)
            ctx.set(dut.o.ready, 1)
            for _ in range(answer):
                _, _, valid, seq = await ctx.tick().sample(dut.o.valid, dut.seq)
                assert not valid, "a payload before the last was answered"
                seqs.add(seq)
            ctx.set(dut.release, 1)
            await ctx.tick()
            ctx.set(dut.release, 0)
            assert len(seqs) == 1, "the sequence number changed"
            received.append((seqs.pop(), bytes(payload)))

    simulator = Simulator(dut)
    simulator.add_clock(CLOCK)
    simulator.add_testbench(source)
    simulator.add_testbench(sink, background=True)
    simulator.run()
    return received


@pytest.mark.parametrize("length", [1, 2, 3, 7, 64, 257])
def test_good_frames_come_out(length: int) -> None:
    chance = random.Random(length)
    frames = [(chance.randrange(256), chance.randbytes(length)) for _ in range(2)]
    pause = [END] * (length + 5)  # time to give out the payload
    items = [item for seq, payload in frames for item in tokens(seq, payload) + pause]
    assert receive(length, items) == frames


def test_garbage_around_frames() -> None:
    chance = random.Random(1)
    items: list[int] = []
    frames: list[tuple[int, bytes]] = []
    for n in range(12):
        items += [chance.randrange(256) for _ in range(chance.randrange(20))]
        frames.append((n, chance.randbytes(LENGTH)))
        items += tokens(*frames[-1]) + [END] * 5
    assert receive(LENGTH, items) == frames


def mangled() -> dict[str, list[int]]:
    good = tokens(9, bytes(range(LENGTH)))
    body = good[1:-1]
    cases = {f"truncated to {n} bytes": [END, *body[:n], END] for n in range(len(body))}
    cases |= {
        f"byte {n} wrong": [END, *body[:n], body[n] ^ (1 << n % 8), *body[n + 1 :], END] for n in range(len(body))
    }
    for name, field in (("low", [LENGTH ^ 1, 0]), ("high", [LENGTH, 1])):
        head = [*field, *body[2:-2]]
        cases[f"length {name} wrong under a right CRC"] = [END, *head, *crc16(bytes(head)).to_bytes(2, "little"), END]
    cases |= {
        "one byte too many": [END, *body, 0, END],
        "a second copy without END": [END, *body, *body, END],
        "shorter frame": tokens(9, bytes(LENGTH - 1)),
        "longer frame": tokens(9, bytes(LENGTH + 1)),
        "length plus 256": tokens(9, bytes(LENGTH + 256)),
        "CRC bytes swapped": [END, *body[:-2], body[-1], body[-2], END],
        "CRC low zero": [END, *body[:-2], 0, body[-1], END],
        "CRC high zero": [END, *body[:-1], 0, END],
        "only ENDs": [END] * 10,
    }
    return cases


@pytest.mark.parametrize("case", mangled())
def test_bad_frame_is_dropped_and_next_is_not(case: str) -> None:
    good = (3, b"correct")
    # The bad frame comes first after reset, then again where the receiver is already in step.
    items = mangled()[case] + tokens(*good) + [END] * 8 + mangled()[case] + tokens(*good) + [END] * 8
    assert receive(LENGTH, items, gap=8) == [good, good]


def test_frame_without_first_end() -> None:
    frame = tokens(3, b"correct")
    assert receive(LENGTH, frame[1:] + frame) == [(3, b"correct")]  # in the dark before the first END
    assert receive(LENGTH, [END] + (frame[1:] + [END] * 8) * 2) == [(3, b"correct")] * 2


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("answer", [0, 3, 40, 150, 400])
def test_early_frames_are_dropped_whole(seed: int, answer: int) -> None:
    chance = random.Random(seed)
    frames = [(n, chance.randbytes(LENGTH)) for n in range(20)]
    items = [item for frame in frames for item in tokens(*frame)]
    got = receive(LENGTH, items, seed=seed, answer=answer, gap=3)
    assert got[0] == frames[0]
    order = [frames.index(item) for item in got]
    assert order == sorted(set(order))
    assert answer < 150 or len(got) < len(frames)


@pytest.mark.parametrize("length", [1, 2, 7, 256, 300])
def test_transmits(length: int, transfer: Callable[..., list[int]]) -> None:
    chance = random.Random(length)
    payloads = [chance.randbytes(length) for _ in range(2)]
    expected = [item for payload in payloads for item in tokens(0, payload)]
    got = transfer(FrameTransmitter(length), b"".join(payloads), len(expected))
    assert [item & END or item for item in got] == expected
    line = transfer(SlipEncoder(), got, len(encode(0, payloads[0]) + encode(0, payloads[1])))
    assert Decoder().feed(bytes(line)) == [Frame(0, payload) for payload in payloads]


@pytest.mark.parametrize("frame", [FrameReceiver, FrameTransmitter])
@pytest.mark.parametrize("length", [0, -1, 1 << 16])
def test_length_out_of_range(frame: type, length: int) -> None:
    with pytest.raises(ValueError, match=rf"^Frame length must be an integer from 1 to 65535 bytes, not {length}$"):
        frame(length)
