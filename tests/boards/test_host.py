from __future__ import annotations

import builtins
import os
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnfpga.boards.host import Client, Decoder, Frame, encode, open_port
from nnfpga.compiler.errors import CompileError

payloads = st.binary(min_size=1, max_size=40) | st.lists(st.sampled_from(b"\xc0\xdb\xdc\xdd\x00"), min_size=1).map(
    bytes
)
frames = st.builds(Frame, st.integers(0, 255), payloads)
quick = settings(max_examples=80, deadline=None)


@quick
@given(sent=st.lists(frames, max_size=4), cut=st.integers(1, 7))
def test_round_trip_in_pieces(sent: list[Frame], cut: int) -> None:
    line = b"".join(encode(frame.seq, frame.payload) for frame in sent)
    decoder = Decoder()
    got = [frame for start in range(0, len(line), cut) for frame in decoder.feed(line[start : start + cut])]
    assert got == sent


@quick
@given(noise=st.binary(max_size=60), frame=frames)
def test_recovers_from_noise(noise: bytes, frame: Frame) -> None:
    assert Decoder().feed(noise + encode(frame.seq, frame.payload))[-1] == frame


@quick
@given(frame=frames, position=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_one_wrong_byte_is_never_believed(frame: Frame, position: int, flip: int) -> None:
    line = bytearray(encode(frame.seq, frame.payload))
    line[position % len(line)] ^= flip
    assert Decoder().feed(bytes(line)) in ([], [frame])  # the latter where an outer END was hit


def test_encode_refuses() -> None:
    with pytest.raises(ValueError, match=r"^Sequence number must be an integer from 0 to 255, not 256$"):
        encode(256, b"a")
    with pytest.raises(ValueError, match=r"^Payload must be 1 to 65535 bytes long, not 0$"):
        encode(0, b"")


class Line:
    """A port whose other end is a function from request frames to the bytes that come back."""

    def __init__(self, answer: Callable[[Frame], bytes]) -> None:
        self.answer = answer
        self.decoder = Decoder()
        self.requests: list[Frame] = []
        self.waiting = b""

    def write(self, data: bytes, /) -> int:
        for frame in self.decoder.feed(data):
            self.requests.append(frame)
            self.waiting += self.answer(frame)
        return len(data)

    def read(self, size: int, /) -> bytes:
        data, self.waiting = self.waiting[:size], self.waiting[size:]
        return data


def test_client_exchanges() -> None:
    line = Line(lambda frame: encode(frame.seq, frame.payload[::-1] + b"!"))
    client = Client(line, 3, 4, 0.05)
    for n in range(300):
        assert client.exchange(bytes([n & 255, 1, 2])) == bytes([2, 1, n & 255]) + b"!"
    seqs = [frame.seq for frame in line.requests]
    assert all((b - a) % 256 == 1 for a, b in pairwise(seqs))


def test_client_retries_under_the_same_number() -> None:
    tries = iter(range(10))

    def answer(frame: Frame) -> bytes:
        good = encode(frame.seq, b"ok")
        stale = encode(frame.seq - 1 & 255, b"no")
        long = encode(frame.seq, b"too long")
        spoilt = bytes([*good[:5], good[5] ^ 1, *good[6:]])
        return [b"", spoilt + stale + long, stale + good][next(tries)]

    line = Line(answer)
    assert Client(line, 1, 2, 0.02).exchange(b"x") == b"ok"
    assert len({frame.seq for frame in line.requests}) == 1
    assert len(line.requests) == 3


def test_client_gives_up() -> None:
    with pytest.raises(CompileError) as error:
        Client(Line(lambda frame: b""), 1, 1, 0.01, attempts=2).exchange(b"x")
    assert str(error.value) == (
        "host link: no answer after 2 attempts of 0.01 s each; "
        "check that this design is on the board, and the port and its baud rate"
    )
    with pytest.raises(ValueError, match=r"^Payload must be 1 bytes long, not 2$"):
        Client(Line(lambda frame: b""), 1, 1, 0.01).exchange(b"xx")


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals")
def test_through_a_pseudo_terminal() -> None:
    pytest.importorskip("serial")
    device, host = os.openpty()
    decoder = Decoder()

    def serve() -> None:
        served = 0
        while served < 3:
            for frame in decoder.feed(os.read(device, 100)):
                os.write(device, encode(frame.seq, bytes(byte ^ 0xFF for byte in frame.payload)))
                served += 1

    server = threading.Thread(target=serve, daemon=True)
    port: Any = open_port(os.ttyname(host), 1_000_000)
    server.start()
    client = Client(port, 5, 5, 2.0)
    for payload in (b"\xc0\xdb\xdc\xdd\n", b"\r\n\x03\x04\x11", bytes(5)):
        assert client.exchange(payload) == bytes(byte ^ 0xFF for byte in payload)
    server.join(5)
    port.close()
    os.close(device)
    os.close(host)


def test_port_that_is_not_there(tmp_path: Path) -> None:
    pytest.importorskip("serial")
    with pytest.raises(
        CompileError, match=r"^serial port .*none: it cannot be opened at 9600 baud \(.*\); check the path"
    ):
        open_port(str(tmp_path / "none"), 9600)


def test_pyserial_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without_serial(name: str, *args: Any, **options: Any) -> Any:
        if name == "serial":
            raise ImportError(name)
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", without_serial)
    with pytest.raises(CompileError) as error:
        open_port("/dev/ttyUSB0", 9600)
    assert str(error.value) == "host link: the package pyserial is not installed; run: pip install nnfpga[flash]"
