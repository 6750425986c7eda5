"""Networks of LUTs and carry chains on bits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from random import Random
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..exact import Ints

__all__ = ["CARRY", "SUM", "Bits", "Fabric", "Gate", "Kind", "Network", "look_up"]

Bits = npt.NDArray[np.bool_]

BUFFER, INVERTER = 0b10, 0b01
SUM = {2: 0b0110, 3: 0b10010110}
CARRY = {2: 0b1000, 3: 0b11101000}


@dataclass(frozen=True)
class Fabric:
    """What logic is made of: LUTs of ``inputs`` inputs.

    A bit of a sum that adds nothing but the carry takes no LUT, or is part of one that reads it; ``fixed``: it does, as
    sums are made of cells that do nothing else, and a carry chain takes one more to begin.
    ``absorbs``: a sum's LUT has ``inputs`` free inputs as others have, so that one operand may be a function of the
    other one and of all but one of them; but a carry needs that LUT even where the sum is not read.
    """

    inputs: int = 4
    absorbs: bool = True
    fixed: bool = False


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
        wanted = {*self.outputs, *(s for gate in self.gates if gate.kind != Kind.LUT for s in gate.operands)}
        summed = {gate.operands for gate in self.gates if gate.kind == Kind.SUM}
        total = 0
        for s, gate in enumerate(self.gates, self.inputs):
            if gate.kind == Kind.LUT:
                total += takes_lut(gate) and (len(gate.operands) > 1 or s in wanted)
            elif gate.kind == Kind.SUM or (gate.operands not in summed and (fabric.absorbs or fabric.fixed)):
                total += fabric.fixed or not self.free(gate, readers, fabric)
            total += fabric.fixed and gate.kind == Kind.CARRY and len(gate.operands) == 2
        return total

    def free(self, gate: Gate, readers: Counter[int], fabric: Fabric) -> bool:
        """Whether a bit of a sum takes no LUT besides those of its operands."""
        a, b = gate.operands[:2]
        pairs = [(s, other) for s, other in ((a, b), (b, a)) if fabric.absorbs and readers[s] <= 1]
        return 0 in (a, b) or any(self.absorbed(s, other, fabric) for s, other in pairs)

    def absorbed(self, signal: int, other: int, fabric: Fabric) -> bool:
        """Whether a sum with an operand takes the LUT of the other one into its own, if nothing else reads that."""
        if signal < self.inputs:
            return False
        gate = self.gates[signal - self.inputs]
        return takes_lut(gate) and len({*gate.operands, other}) <= fabric.inputs

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
                read = tuple(map(plain, operands))
                read = read[:2] if read[2:] == (0,) else read
                if read[:2] == (0, 0) and (gate.kind == Kind.CARRY or len(read) == 2):
                    now[self.inputs + n] = 0, False
                elif len(read) == 2 and 0 in read:
                    now[self.inputs + n] = 0 if gate.kind == Kind.CARRY else max(read), False
                else:
                    table = (CARRY if gate.kind == Kind.CARRY else SUM)[len(read)]
                    now[self.inputs + n] = put(Gate(read, table, gate.kind)), False
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

    def loosened(self) -> Network:
        """The same with a LUT of its own, a buffer where there is none, in front of each bit that a sum adds and of
        each output: so the search can change what is read there."""
        readers = Counter(self.outputs)
        for gate in self.gates:
            readers.update(() if gate.kind == Kind.CARRY else {*gate.operands})
        gates: list[Gate] = []
        now = {s: s for s in range(self.inputs)}
        buffered: dict[tuple[int, ...], tuple[int, ...]] = {}

        def put(gate: Gate) -> int:
            gates.append(gate)
            return self.inputs + len(gates) - 1

        def own(s: int) -> int:
            lut = s >= self.inputs and self.gates[s - self.inputs].kind == Kind.LUT
            return now[s] if lut and readers[s] == 1 else put(Gate((now[s],), BUFFER))

        for n, gate in enumerate(self.gates):
            operands = tuple(now[s] for s in gate.operands)
            if gate.kind != Kind.LUT:
                if gate.operands not in buffered:
                    buffered[gate.operands] = tuple(own(s) if s else 0 for s in gate.operands[:2])
                operands = buffered[gate.operands] + operands[2:]
            now[self.inputs + n] = put(gate._replace(operands=operands))
        outputs = tuple(own(s) for s in self.outputs)
        return Network(self.inputs, tuple(gates), outputs)

    def behind(self, wiring: Sequence[Gate]) -> Network:
        """The network on the outputs of ``wiring``, a gate for each of its inputs, of ``wiring``'s own inputs."""
        first = max((s for gate in wiring for s in gate.operands), default=0) + 1
        new = {0: 0} | {1 + k: first + k for k in range(len(wiring))}
        gates = list(wiring)
        for n, gate in enumerate(self.gates):
            gates.append(gate._replace(operands=tuple(new[s] for s in gate.operands)))
            new[self.inputs + n] = first + len(gates) - 1
        return Network(first, tuple(gates), tuple(new[s] for s in self.outputs))


def takes_lut(gate: Gate) -> bool:
    """Whether a gate is no wire and no constant. An inverter is part of LUTs that read it, not of sums and outputs."""
    return gate.kind == Kind.LUT and (len(gate.operands) > 1 or (len(gate.operands) == 1 and gate.table == INVERTER))


def look_up(gate: Gate, signals: Sequence[Bits]) -> Bits:
    """A gate's values."""
    rows = np.zeros(len(signals[0]), dtype=np.int64)
    for k, s in enumerate(gate.operands):
        rows += signals[s].astype(np.int64) << k
    return np.array([gate.table >> n & 1 for n in range(1 << len(gate.operands))], dtype=np.bool_)[rows]


def reduced(operands: Sequence[tuple[int, bool]], table: int) -> tuple[tuple[int, ...], int]:
    """The distinct signals that a function of signals, some of them inverted, depends on, and its table over these."""
    signals = list(dict.fromkeys(s for s, _ in operands if s))
    place = {s: k for k, s in enumerate(signals)}
    needed, table = reduced_places(tuple((place.get(s, -1), inverted) for s, inverted in operands), table)
    return tuple(signals[k] for k in needed), table


@lru_cache(maxsize=1 << 16)
def reduced_places(operands: tuple[tuple[int, bool], ...], table: int) -> tuple[tuple[int, ...], int]:
    """The same of signals that are known by their places, -1 for the constant 0."""
    needed = list(range(1 + max((k for k, _ in operands), default=-1)))
    values: list[int] = []
    for row in range(1 << len(needed)):
        at = sum((inverted ^ (k >= 0 and row >> k & 1)) << n for n, (k, inverted) in enumerate(operands))
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
