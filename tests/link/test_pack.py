# amaranth: UnusedElaboratable=no
from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from nnfpga.rtl.link import BytePacker, ByteUnpacker

SHAPES = [(1, 1), (8, 1), (5, 1), (9, 1), (16, 1), (20, 1), (1, 9), (8, 4), (3, 5), (12, 3), (17, 2), (32, 2)]


def as_bytes(value: int, width: int, signed: bool) -> bytes:
    if signed and value >> (width - 1):
        value -= 1 << width
    return value.to_bytes(-(-width // 8), "little", signed=signed)


def beats(width: int, lanes: int) -> tuple[list[list[int]], list[int]]:
    chance = random.Random(width * 100 + lanes)
    values = [[chance.getrandbits(width) for _ in range(lanes)] for _ in range(10)]
    return values, [sum(element << n * width for n, element in enumerate(beat)) for beat in values]


@pytest.mark.parametrize(("width", "lanes"), SHAPES)
@pytest.mark.parametrize("busy", [0.3, 1.0])
def test_unpacks(width: int, lanes: int, busy: float, transfer: Callable[..., list[int]]) -> None:
    values, expected = beats(width, lanes)
    data = b"".join(as_bytes(value, width, False) for beat in values for value in beat)
    if width % 8:  # excess bits are ignored
        top = -(-width // 8) - 1
        data = bytes(b | (0xFF << width % 8 & 0xFF if n % (top + 1) == top else 0) for n, b in enumerate(data))
    assert transfer(ByteUnpacker(width, lanes), data, len(expected), i_busy=busy, o_busy=busy) == expected


@pytest.mark.parametrize(("width", "lanes"), SHAPES)
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("busy", [0.3, 1.0])
def test_packs(width: int, lanes: int, signed: bool, busy: float, transfer: Callable[..., list[int]]) -> None:
    values, words = beats(width, lanes)
    expected = [b for beat in values for value in beat for b in as_bytes(value, width, signed)]
    assert transfer(BytePacker(width, lanes, signed), words, len(expected), i_busy=busy, o_busy=busy) == expected


def test_shape_out_of_range() -> None:
    with pytest.raises(ValueError, match=r"^Element width must be a positive number of bits, not 0$"):
        ByteUnpacker(0, 1)
    with pytest.raises(ValueError, match=r"^Lane count must be positive, not 0$"):
        BytePacker(8, 0, False)
