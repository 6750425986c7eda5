"""The host's end of the link: frames to bytes and back, and a client that asks until it is answered.

Standard library only; pyserial is imported when a serial port is opened. docs/link.md gives the frame layout.
"""

from __future__ import annotations

import time
from binascii import crc_hqx
from dataclasses import dataclass
from typing import Protocol

from nnfpga.compiler.errors import CompileError, Problem

__all__ = ["Client", "Decoder", "Frame", "Port", "encode", "open_port"]

_END = 0xC0
_ESC = 0xDB
_ESC_END = 0xDC
_ESC_ESC = 0xDD
_CRC_INIT = 0xFFFF  # with this start the CCITT polynomial is CRC-16/IBM-3740
_OVERHEAD = 5  # length (2), sequence number, CRC (2)


@dataclass(frozen=True)
class Frame:
    """One correct frame: sequence number (0 to 255) and payload (1 to 65535 bytes)."""

    seq: int
    payload: bytes


def encode(seq: int, payload: bytes) -> bytes:
    """Return the line bytes of a frame, END at both ends.

    Raises ``ValueError`` unless ``seq`` is 0 to 255 and the payload has 1 to 65535 bytes.
    """
    if seq not in range(256):
        raise ValueError(f"Sequence number must be an integer from 0 to 255, not {seq!r}")
    if len(payload) not in range(1, 1 << 16):
        raise ValueError(f"Payload must be 1 to 65535 bytes long, not {len(payload)}")
    body = len(payload).to_bytes(2, "little") + bytes([seq]) + bytes(payload)
    body += crc_hqx(body, _CRC_INIT).to_bytes(2, "little")
    stuffed = body.replace(bytes([_ESC]), bytes([_ESC, _ESC_ESC])).replace(bytes([_END]), bytes([_ESC, _ESC_END]))
    return bytes([_END]) + stuffed + bytes([_END])


class Decoder:
    """Finds the correct frames in a stream of line bytes; everything else passes without a word.

    It starts in the dark: what comes before the first END is ignored, as in the hardware.
    """

    def __init__(self) -> None:
        self._body: bytearray | None = None
        self._escaped = False

    def feed(self, data: bytes) -> list[Frame]:
        """Take line bytes as they come; return the frames that they complete, in order."""
        frames: list[Frame] = []
        for byte in data:
            if byte == _END:
                frame = _parse(bytes(self._body or b""))
                if frame is not None:
                    frames.append(frame)
                self._body = bytearray()
                self._escaped = False
            elif byte == _ESC and not self._escaped:
                self._escaped = True
            else:
                if self._escaped:
                    byte = {_ESC_END: _END, _ESC_ESC: _ESC}.get(byte, byte)
                self._escaped = False
                if self._body is not None:
                    self._body.append(byte)
        return frames


def _parse(body: bytes) -> Frame | None:
    length = len(body) - _OVERHEAD
    if length < 1 or int.from_bytes(body[:2], "little") != length:
        return None
    if crc_hqx(body[:-2], _CRC_INIT) != int.from_bytes(body[-2:], "little"):
        return None
    return Frame(body[2], body[3:-2])


class Port(Protocol):
    """What the client needs of a serial port; ``serial.Serial`` has it.

    ``read`` returns at most that many bytes, fewer (or none) after a time-out of its own, which bounds how late the
    client notices that its time is over.
    """

    def read(self, size: int, /) -> bytes: ...

    def write(self, data: bytes, /) -> int | None: ...


class Client:
    """Sends requests of ``i_length`` bytes and returns the answers of ``o_length`` bytes.

    A request that is not answered within ``timeout`` seconds (lost or broken on either way) is sent again under the
    same sequence number, ``attempts`` times in all; answers with another number or length are ignored. So the network
    may compute a request twice, which changes nothing as each inference starts afresh.
    """

    def __init__(self, port: Port, i_length: int, o_length: int, timeout: float, *, attempts: int = 4) -> None:
        if attempts < 1:
            raise ValueError(f"Attempts must be a positive integer, not {attempts!r}")
        self.port = port
        self.i_length = i_length
        self.o_length = o_length
        self.timeout = timeout
        self.attempts = attempts
        self._seq = time.monotonic_ns() // 1_000_000 & 0xFF  # an answer to an earlier process is then hardly ever ours
        self._decoder = Decoder()

    def exchange(self, payload: bytes) -> bytes:
        """Return the answer to ``payload``.

        Raises ``ValueError`` if the payload has a wrong length, ``CompileError`` if no answer comes.
        """
        if len(payload) != self.i_length:
            raise ValueError(f"Payload must be {self.i_length} bytes long, not {len(payload)}")
        self._seq = (self._seq + 1) & 0xFF
        request = encode(self._seq, payload)
        for _ in range(self.attempts):
            self.port.write(request)
            answer = self._await(time.monotonic() + self.timeout)
            if answer is not None:
                return answer
        raise CompileError(
            [
                Problem(
                    "host link",
                    f"no answer after {self.attempts} attempts of {self.timeout:g} s each",
                    "check that this design is on the board, and the port and its baud rate",
                )
            ]
        )

    def _await(self, deadline: float) -> bytes | None:
        while time.monotonic() < deadline:
            for frame in self._decoder.feed(self.port.read(4096)):
                if frame.seq == self._seq and len(frame.payload) == self.o_length:
                    return frame.payload
        return None


def open_port(path: str, baud: int) -> Port:
    """Open a serial port (or a pseudo-terminal) by its path, 8N1, reads waiting 20 ms at most.

    Raises ``CompileError`` if pyserial is missing or the port cannot be opened.
    """
    try:
        import serial
    except ImportError:
        raise CompileError(
            [Problem("host link", "the package pyserial is not installed", "run: pip install nnfpga[flash]")]
        ) from None
    try:
        return serial.Serial(path, baud, timeout=0.02, exclusive=True)
    except (OSError, ValueError) as error:
        raise CompileError(
            [
                Problem(
                    f"serial port {path}",
                    f"it cannot be opened at {baud} baud ({error})",
                    "check the path, that the board is plugged in, and that you may read and write the port",
                )
            ]
        ) from error
