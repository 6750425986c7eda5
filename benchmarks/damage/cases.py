"""Cases: one of the real models with one to three changes, of its bytes or of its structure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import onnx

from .structure import STRUCTURE

__all__ = ["Case", "make_case"]


def flip(r: Random, data: bytearray) -> None:
    for _ in range(r.choice((1, 1, 4, 16, 200))):
        data[r.randrange(len(data))] ^= 1 << r.randrange(8)


def flip_head(r: Random, data: bytearray) -> None:
    data[r.randrange(min(300, len(data)))] ^= 1 << r.randrange(8)


def delete(r: Random, data: bytearray) -> None:
    start = r.randrange(len(data))
    del data[start : start + r.choice((1, 2, 8, 1000))]


def insert(r: Random, data: bytearray) -> None:
    start = r.randrange(len(data))
    data[start:start] = r.randbytes(r.choice((1, 2, 8, 1000)))


def repeat(r: Random, data: bytearray) -> None:
    start, size = r.randrange(len(data)), r.choice((2, 20, 2000))
    data[start:start] = data[start : start + size]


def truncate(r: Random, data: bytearray) -> None:
    del data[r.randrange(len(data)) :]


BYTEWISE: tuple[Callable[[Random, bytearray], None], ...] = (flip, flip, flip_head, delete, insert, repeat, truncate)


@dataclass(frozen=True)
class Case:
    """One damaged model: its bytes, the model and the changes that it was made with."""

    number: int
    source: str
    changes: tuple[str, ...]
    data: bytes


def make_case(number: int, models: list[Path]) -> Case:
    """Case ``number``: the same whenever the models are."""
    r = Random(number)
    source = r.choice(models)
    data = bytearray(source.read_bytes())
    done: list[str] = []
    structural = r.random() < 0.75
    for _ in range(r.choice((1, 1, 1, 2, 3))):
        if structural:
            model = onnx.ModelProto.FromString(bytes(data))
            change = r.choice(STRUCTURE)
            try:
                change(r, model)
                data = bytearray(model.SerializeToString())
            except (IndexError, ValueError):
                continue  # the model lacks what would be damaged
            done.append(change.__name__)
        elif data:
            damage = r.choice(BYTEWISE)
            damage(r, data)
            done.append(damage.__name__)
    return Case(number, source.stem, tuple(done), bytes(data))
