"""Networks grown from tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..exact import Ints
from .network import CARRY, SUM, Bits, Gate, Kind, Network, look_up

__all__ = ["FREE", "Grower"]

FREE = 2
"""In a table of 0 and 1: an entry that does not matter."""

MULTIPLEXER = 0b11001010


class Grower:
    """Makes a network from tables; the same gate is made once."""

    def __init__(self, inputs: Sequence[Bits], luts: int) -> None:
        self.luts = luts
        self.values: list[Bits] = [np.zeros(len(inputs[0]), dtype=np.bool_), *inputs]
        self.inputs = len(self.values)
        self.gates: list[Gate] = []
        self.known: dict[Gate, int] = {}

    def gate(self, gate: Gate) -> int:
        """The signal of a gate."""
        if gate not in self.known:
            self.values.append(look_up(gate, self.values))
            self.gates.append(gate)
            self.known[gate] = len(self.values) - 1
        return self.known[gate]

    def table(self, entries: npt.NDArray[Any], signals: tuple[int, ...]) -> int:
        """A signal that has the entries which are not ``FREE``; entry ``n`` is for the word ``n`` of ``signals``.

        Shannon's expansion by the variable that leaves the least, down to single LUTs.
        """
        if not (entries == 1).any():
            return 0
        if not (entries == 0).any():
            return self.gate(Gate((), 1))
        halves: list[tuple[npt.NDArray[Any], npt.NDArray[Any]]] = []
        for k in range(len(signals)):
            pairs = entries.reshape(-1, 2, 1 << k)
            a, b = pairs[:, 0].reshape(-1), pairs[:, 1].reshape(-1)
            if not (a + b == 1)[(a != FREE) & (b != FREE)].any():
                return self.table(np.where(a == FREE, b, a), signals[:k] + signals[k + 1 :])
            halves.append((a, b))
        if len(signals) <= self.luts:
            return self.gate(Gate(signals, sum(1 << n for n, v in enumerate(entries.tolist()) if v == 1)))

        def left(k: int) -> tuple[int, int]:
            a, b = halves[k]
            trivial = sum(not (h == 1).any() or not (h == 0).any() for h in (a, b))
            return -trivial, -int((a + b == 1)[(a != FREE) & (b != FREE)].sum())

        k = min(range(len(signals)), key=left)
        rest = signals[:k] + signals[k + 1 :]
        a, b = (self.table(half, rest) for half in halves[k])
        return a if a == b else self.gate(Gate((a, b, signals[k]), MULTIPLEXER))

    def words(self, low: Ints, high: Ints, signals: tuple[int, ...], width: int) -> list[int]:
        """Bits of words between ``low`` and ``high``, the lowest first: from the highest on each has the value that is
        still possible, and is free where both are."""
        low, high = low.copy(), high.copy()
        bits: list[int] = []
        rows = np.zeros(len(self.values[0]), dtype=np.int64)
        for k, s in enumerate(signals):
            rows += self.values[s].astype(np.int64) << k
        for p in range(width - 1, -1, -1):
            first, last = low >> p & 1, high >> p & 1
            s = self.table(np.where(first == last, first, FREE), signals)
            one = np.zeros(len(low), dtype=np.bool_)
            one[rows] = self.values[s]
            middle = high >> p << p  # the first word with this bit
            low = np.where(one & (first == 0), middle, low)
            high = np.where(~one & (last == 1), middle - 1, high)
            bits.insert(0, s)
        return bits

    def sum(self, a: Sequence[int], b: Sequence[int]) -> list[int]:
        """As many bits of a sum of words as the wider one has."""
        bits: list[int] = []
        carry: tuple[int, ...] = ()
        for p in range(max(len(a), len(b))):
            operands = (*(w[p] if p < len(w) else 0 for w in (a, b)), *carry)
            if not carry and 0 in operands:
                bits.append(max(operands))
                continue
            bits.append(self.gate(Gate(operands, SUM[len(operands)], Kind.SUM)))
            carry = (self.gate(Gate(operands, CARRY[len(operands)], Kind.CARRY)),)
        return bits

    def network(self, outputs: Sequence[int]) -> Network:
        """The network with these outputs."""
        return Network(self.inputs, tuple(self.gates), tuple(outputs))
