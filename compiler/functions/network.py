"""Networks of LUTs and carry chains on bits, and their growth from tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from random import Random
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..exact import Ints

__all__ = ["FREE", "Bits", "Fabric", "Gate", "Grower", "Kind", "Network"]

Bits = npt.NDArray[np.bool_]

FREE = 2
"""In a table of 0 and 1: an entry that does not matter."""

MULTIPLEXER = 0b11001010
SUM = {2: 0b0110, 3: 0b10010110}
CARRY = {2: 0b1000, 3: 0b11101000}


@dataclass(frozen=True)
class Fabric:
    """What logic is made of: LUTs of ``inputs`` inputs. ``absorbs``: a sum's LUT has ``inputs`` free inputs as others
    have, so that one operand may be a function of all but one of them."""

    inputs: int = 4
    absorbs: bool = True


class Kind(IntEnum):
    """What a gate is: a LUT that may change, or one bit of a carry chain, whose operands are a, b and the carry."""

    LUT = 0
    SUM = 1
    CARRY = 2


class Gate(NamedTuple):
    """A function of earlier signals: bit ``n`` of ``table``, where operand ``k`` is bit ``k`` of ``n``."""

    operands: tuple[int, ...]
    table: int
    kind: Kind = Kind.LUT


@dataclass(frozen=True)
class Network:
    """Signals: 0 is the constant 0, then inputs up to ``inputs``, then a signal per gate; ``outputs`` are signals, the
    lowest bit first."""

    inputs: int
    gates: tuple[Gate, ...]
    outputs: tuple[int, ...]

    def price(self, fabric: Fabric) -> int:
        """LUTs that it takes: its own, and those of sums, but for bits with one operand and LUTs that a sum absorbs."""
        readers = Counter(self.outputs)
        for gate in self.gates:
            readers.update(() if gate.kind == Kind.CARRY else {*gate.operands})
        total = 0
        for gate in self.gates:
            if gate.kind == Kind.LUT:
                total += len(gate.operands) > 1
            elif gate.kind == Kind.SUM and 0 not in gate.operands[:2]:
                total += not any(self.absorbed(s, readers[s], fabric) for s in gate.operands[:2])
        return total

    def absorbed(self, signal: int, readers: int, fabric: Fabric) -> bool:
        """Whether a sum takes an operand's LUT into its own."""
        if not fabric.absorbs or readers > 1 or signal < self.inputs:
            return False
        gate = self.gates[signal - self.inputs]
        return gate.kind == Kind.LUT and 1 < len(gate.operands) < fabric.inputs

    def evaluate(self, inputs: Sequence[Bits]) -> Ints:
        """The output words for a batch, from the inputs without the constant."""
        signals = [np.zeros(len(inputs[0]), dtype=np.bool_), *inputs]
        for gate in self.gates:
            signals.append(look_up(gate, signals))
        words = np.zeros(len(inputs[0]), dtype=np.int64)
        for k, s in enumerate(self.outputs):
            words += signals[s].astype(np.int64) << k
        return words

    def tidied(self, order: Random) -> Network:
        """The same without what no output needs, without buffers, inverters and constants inside, in a random order."""
        gates: list[Gate] = []
        now = {s: (s, False) for s in range(self.inputs)}  # each signal as another one, inverted or not

        def put(gate: Gate) -> int:
            gates.append(gate)
            return self.inputs + len(gates) - 1

        inverters: dict[int, int] = {}

        def plain(signal: tuple[int, bool]) -> int:
            s, inverted = signal
            if inverted and s not in inverters:
                inverters[s] = put(Gate((s,) if s else (), 1))
            return inverters[s] if inverted else s

        for n, gate in enumerate(self.gates):
            operands = [now[s] for s in gate.operands]
            if gate.kind != Kind.LUT:
                now[self.inputs + n] = put(gate._replace(operands=tuple(map(plain, operands)))), False
                continue
            needed, table = reduced(operands, gate.table)
            if not needed:
                now[self.inputs + n] = 0, bool(table)
            elif len(needed) == 1:
                now[self.inputs + n] = needed[0], table == 1
            else:
                now[self.inputs + n] = put(Gate(needed, table)), False
        outputs = [plain(now[s]) for s in self.outputs]
        return Network(self.inputs, *shuffled(self.inputs, gates, outputs, order))

    def behind(self, wiring: Sequence[Gate]) -> Network:
        """The network on the outputs of ``wiring``, a gate for each of its inputs, of ``wiring``'s own inputs."""
        first = max((s for gate in wiring for s in gate.operands), default=0) + 1
        new = {0: 0} | {1 + k: first + k for k in range(len(wiring))}
        gates = list(wiring)
        for n, gate in enumerate(self.gates):
            gates.append(gate._replace(operands=tuple(new[s] for s in gate.operands)))
            new[self.inputs + n] = first + len(gates) - 1
        return Network(first, tuple(gates), tuple(new[s] for s in self.outputs))


def look_up(gate: Gate, signals: Sequence[Bits]) -> Bits:
    """A gate's values."""
    rows = np.zeros(len(signals[0]), dtype=np.int64)
    for k, s in enumerate(gate.operands):
        rows += signals[s].astype(np.int64) << k
    return np.array([gate.table >> n & 1 for n in range(1 << len(gate.operands))], dtype=np.bool_)[rows]


def reduced(operands: Sequence[tuple[int, bool]], table: int) -> tuple[tuple[int, ...], int]:
    """The distinct signals that a function of signals, some of them inverted, depends on, and its table over these."""
    needed = list(dict.fromkeys(s for s, _ in operands if s))
    values: list[int] = []
    for row in range(1 << len(needed)):
        at = sum((inverted ^ (s > 0 and row >> needed.index(s) & 1)) << k for k, (s, inverted) in enumerate(operands))
        values.append(table >> at & 1)
    for k in range(len(needed) - 1, -1, -1):
        if all(v == values[row ^ 1 << k] for row, v in enumerate(values)):
            values = [v for row, v in enumerate(values) if not row >> k & 1]
            del needed[k]
    return tuple(needed), sum(v << row for row, v in enumerate(values))


def shuffled(
    inputs: int, gates: Sequence[Gate], outputs: Sequence[int], order: Random
) -> tuple[tuple[Gate, ...], tuple[int, ...]]:
    """The gates that outputs need in a random order that has operands first."""
    live = {*outputs}
    for n in range(len(gates) - 1, -1, -1):
        if inputs + n in live:
            live.update(gates[n].operands)
    readers: dict[int, list[int]] = {}
    missing: dict[int, int] = {}
    ready: list[int] = []
    for n, gate in enumerate(gates):
        if inputs + n in live:
            before = {s for s in gate.operands if s >= inputs}
            missing[inputs + n] = len(before)
            for s in before:
                readers.setdefault(s, []).append(inputs + n)
            if not before:
                ready.append(inputs + n)
    new = {s: s for s in range(inputs)}
    found: list[Gate] = []
    while ready:
        s = ready.pop(order.randrange(len(ready)))
        new[s] = inputs + len(found)
        gate = gates[s - inputs]
        found.append(gate._replace(operands=tuple(new[o] for o in gate.operands)))
        for reader in readers.get(s, ()):
            missing[reader] -= 1
            if not missing[reader]:
                ready.append(reader)
    return tuple(found), tuple(new[s] for s in outputs)


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
