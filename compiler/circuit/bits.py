"""Nodes on values of one bit: Boolean functions, numbers made of bits, weighted sums of bits still to be built."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from ..exact import Ints, trailing_zeros
from .nodes import Node
from .values import Range, Value

__all__ = ["BitSum", "Concat", "Logic", "OnBits"]


@dataclass(frozen=True)
class OnBits:
    """An operation on any number of values that are 0 or 1."""

    operands: ClassVar[tuple[str, ...]] = ("bits",)

    bits: tuple[Value, ...]

    @property
    def reads(self) -> tuple[Value, ...]:
        return self.bits

    def renumber(self, new: Mapping[Value, Value]) -> Self:
        return replace(self, bits=tuple(new[v] for v in self.bits))

    def fault(self, *inputs: Range) -> str | None:
        return None if all(Range(0, 1).holds(r) for r in inputs) else "a bit can be other than 0 and 1"


@dataclass(frozen=True)
class Logic(OnBits, Node):
    """A Boolean function: bit ``n`` of ``table``, where operand ``k`` is bit ``k`` of ``n``."""

    table: int

    def range(self, *inputs: Range) -> Range:
        return Range(0, 1)

    def evaluate(self, *inputs: Ints) -> Ints:
        rows = 1 << len(self.bits)
        table = np.frombuffer(self.table.to_bytes(rows // 8 or 1, "little"), dtype=np.uint8)
        values = np.unpackbits(table, bitorder="little", count=rows)
        return values[index(inputs)].astype(np.int64)

    def magnitude(self, *inputs: Range) -> int:
        return 1 << len(self.bits)


@dataclass(frozen=True)
class Concat(OnBits, Node):
    """The bits as a number of the range ``of``, the lowest first; the last one is the sign where that is negative."""

    of: Range

    def range(self, *inputs: Range) -> Range:
        return self.of

    def evaluate(self, *inputs: Ints) -> Ints:
        if not self.of.signed:
            return index(inputs)
        return index(inputs[:-1]) - (np.asarray(inputs[-1]) << (len(inputs) - 1))

    def magnitude(self, *inputs: Range) -> int:
        return 1 << len(self.bits)


@dataclass(frozen=True)
class BitSum(OnBits, Node):
    """``offset`` and ``weights[k]`` for each operand ``k`` that is 1: a bit heap, which ``counting`` makes logic of."""

    weights: tuple[int, ...]
    offset: int

    def range(self, *inputs: Range) -> Range:
        low = self.offset + sum(w for w in self.weights if w < 0)
        high = self.offset + sum(w for w in self.weights if w > 0)
        zeros = min(trailing_zeros(v) for v in (*self.weights, self.offset) if v) if low or high else 0
        return Range(low, high, zeros)

    def evaluate(self, *inputs: Ints) -> Ints:
        total: Ints = np.asarray(self.offset)
        for bit, weight in zip(inputs, self.weights, strict=True):
            total = total + weight * bit
        return total

    def magnitude(self, *inputs: Range) -> int:
        return abs(self.offset) + sum(map(abs, self.weights))


def index(bits: Sequence[Ints]) -> Ints:
    """Bits, the lowest first, as a number."""
    total: Ints = np.asarray(0)
    for k, bit in enumerate(bits):
        total = total + (bit << k)
    return total
