"""Beats as arrays of words: a payload's flat bits, least significant first, in little-endian 32-bit words.

A beat of ``width`` bits takes ``words(width)`` words; bits above the width are zero. One beat is one row.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint32]
Integers = NDArray[np.int64]

_ROWS = 1 << 22         # bits spread out at once, each takes a byte


def words(width: int) -> int:
    """Return the number of 32-bit words of a beat of ``width`` bits."""
    return -(-width // 32)


def pack(values: Sequence[Sequence[int]] | NDArray[np.integer], width: int) -> Words:
    """Return the beats of an integer array (n, lanes), each lane a field of ``width`` bits, lane 0 lowest.

    Negative numbers become two's complement. Raises ValueError unless 1 <= width <= 64 and every value fits, read
    as signed or as unsigned.
    """
    array = np.atleast_2d(np.asarray(values))
    if array.ndim != 2 or array.dtype.kind not in "iu":
        raise ValueError(f"Values must be integers of shape (n, lanes), not {array.dtype} of shape {array.shape}")
    if not 1 <= width <= 64:
        raise ValueError(f"Width must be 1 to 64, not {width!r}")
    if array.size and (int(array.min()) < -(1 << (width - 1)) or int(array.max()) >= 1 << width):
        raise ValueError(f"Values must fit {width} bits, not be {int(array.min())} to {int(array.max())}")
    count, lanes = array.shape
    fields = array.astype(np.uint64) if array.dtype == np.uint64 else array.astype(np.int64).view(np.uint64)
    out = np.zeros((count, words(lanes * width)), np.uint32)
    shifts = np.arange(width, dtype=np.uint64)
    step = max(1, _ROWS // max(1, lanes * width))
    for start in range(0, count, step):
        part = fields[start:start + step]
        bits = ((part[:, :, None] >> shifts) & np.uint64(1)).astype(np.uint8).reshape(len(part), lanes * width)
        out[start:start + step] = _bits_to_words(bits)
    return out


def unpack(beats: Words, width: int, lanes: int = 1, *, signed: bool = False) -> Integers:
    """Return the fields of beats as an integer array (n, lanes): the inverse of `pack`.

    Raises ValueError unless 1 <= width <= 63 (64 if signed) and the beats have as many words as the fields take.
    """
    if not 1 <= width <= (64 if signed else 63):
        raise ValueError(f"Width must be 1 to {64 if signed else 63}, not {width!r}")
    _check(beats, width * lanes)
    out = np.zeros((len(beats), lanes), np.int64)
    weights = np.uint64(1) << np.arange(width, dtype=np.uint64)
    step = max(1, _ROWS // (lanes * width))
    for start in range(0, len(beats), step):
        part = beats[start:start + step]
        bits = _words_to_bits(part, lanes * width).reshape(len(part), lanes, width)
        fields = (bits * weights).sum(axis=2, dtype=np.uint64).view(np.int64)
        if signed and width < 64:
            fields = (fields << (64 - width)) >> (64 - width)
        out[start:start + step] = fields
    return out


def pack_ints(values: Iterable[int], width: int) -> Words:
    """Return the beats of Python integers, one beat of ``width`` bits (any number) each; negatives as two's complement.

    Raises ValueError if a value does not fit.
    """
    size = words(width) * 4
    mask = (1 << width) - 1
    raw = bytearray()
    for value in values:
        if not -(1 << max(0, width - 1)) <= value <= mask:
            raise ValueError(f"Values must fit {width} bits, not be {value}")
        raw += (value & mask).to_bytes(size, "little")
    return np.frombuffer(bytes(raw), "<u4").astype(np.uint32).reshape(-1, words(width))


def unpack_ints(beats: Words, width: int, *, signed: bool = False) -> list[int]:
    """Return beats as Python integers of ``width`` bits: the inverse of `pack_ints`."""
    _check(beats, width)
    out = [int.from_bytes(row.astype("<u4").tobytes(), "little") for row in beats]
    if signed:
        sign = 1 << (width - 1)
        out = [(value ^ sign) - sign for value in out]
    return out


def _check(beats: Words, width: int) -> None:
    if beats.ndim != 2 or beats.shape[1] != words(width):
        raise ValueError(f"Beats of {width} bits must have shape (n, {words(width)}), not {beats.shape}")


def _bits_to_words(bits: NDArray[np.uint8]) -> Words:
    padded = np.zeros((len(bits), words(bits.shape[1]) * 32), np.uint8)
    padded[:, :bits.shape[1]] = bits
    return np.packbits(padded, axis=1, bitorder="little").view("<u4").astype(np.uint32)


def _words_to_bits(beats: Words, width: int) -> NDArray[np.uint64]:
    raw = np.ascontiguousarray(beats.astype("<u4")).view(np.uint8)
    return np.unpackbits(raw, axis=1, count=width, bitorder="little").astype(np.uint64)
