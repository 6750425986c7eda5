"""The earliest stage of each value for a period, and the pairs of values that no stage can hold both of.

The pairs are those of retiming (Leiserson and Saxe, "Retiming synchronous circuitry", 1991): a stage is too long
exactly where it holds two values with a path between them that takes more than the period. Times are picoseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...device import Timing
from ..ir import Circuit, Constant
from ..native import Array, native
from ..wiring import Wires
from .delays import corrections, delays

__all__ = ["Delays", "Earliest", "Int64", "conflicts", "delays_of", "earliest"]

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Delays:
    """A circuit as its pipeline sees it: who reads whom, and how long each value takes.

    Value ``v`` reads ``operands[start[v] : start[v + 1]]`` (constants left out: they are there in every stage) and
    is read by ``readers[readers_start[v] : readers_start[v + 1]]``; ``gate``, ``chain`` and ``whole`` are `Delay`'s.
    The last values are no nodes but the corrections of outputs.
    """

    start: Int64
    operands: Int64
    readers_start: Int64
    readers: Int64
    gate: Int64
    chain: Int64
    whole: Int64
    outputs: Int64

    def __len__(self) -> int:
        return len(self.gate)


@dataclass(frozen=True)
class Earliest:
    """The stage of each value, how many stages there are, and the longest path within one in ps."""

    stage: Int64
    stages: int
    critical: int


def delays_of(circuit: Circuit, wires: Wires, timing: Timing) -> Delays:
    """The delays of a circuit's values on a device."""
    constant = [isinstance(node, Constant) for node in circuit.nodes]
    reads = [sorted({v for v in node.reads if not constant[v]}) for node in circuit.nodes]
    late = corrections(circuit, wires, timing)
    ends = {o for o in circuit.outputs if not constant[o]} - late.keys() | {len(reads) + n for n in range(len(late))}
    reads += [[o] for o in late]
    taken = [*delays(circuit, wires, timing), *late.values()]
    rows = [(round(1e3 * d.gate), round(1e3 * d.chain), d.whole) for d in taken]
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    start = np.cumsum([0, *(len(r) for r in reads)])
    operands = np.array([v for r in reads for v in r], dtype=np.int64)
    by = np.repeat(np.arange(len(reads)), np.diff(start))
    counts = np.bincount(operands, minlength=len(reads))
    return Delays(
        start,
        operands,
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        by[np.argsort(operands, kind="stable")],
        table[:, 0].copy(),
        table[:, 1].copy(),
        table[:, 2].copy(),
        np.array(sorted(ends), dtype=np.int64),
    )


def within(delays: Delays, period: int) -> tuple[Int64, Int64]:
    """Gate and chain of each value, none longer than the period: such a value gets a stage of its own."""
    gate = np.minimum(delays.gate, period)
    return gate, np.minimum(delays.chain, period - gate)


def earliest(delays: Delays, period: int, least: Int64 | None = None) -> Earliest:
    """Each value as early as its operands and the period allow, and in no stage before ``least``."""
    stage = np.zeros(len(delays), np.int64) if least is None else least.copy()
    low, top = np.zeros(len(delays), np.int64), np.zeros(len(delays), np.int64)
    gate, chain = within(delays, period)
    native(arrive)(len(delays), delays.start, delays.operands, gate, chain, delays.whole, period, stage, low, top)
    late = top + delays.gate + delays.chain - gate - chain
    outputs = stage[delays.outputs]
    return Earliest(stage, int(outputs.max(initial=0)) + 1, int(late.max(initial=0)))


def arrive(
    count: int,
    start: Array,
    operands: Array,
    gate: Array,
    chain: Array,
    whole: Array,
    period: int,
    stage: Array,
    low: Array,
    top: Array,
) -> int:
    """Raise stages to what the period needs; ``low`` and ``top`` are when a value's end bits are there in its stage."""
    for v in range(count):
        at = stage[v]
        for e in range(start[v], start[v + 1]):
            at = max(at, stage[operands[e]])
        first = 0
        last = 0
        for e in range(start[v], start[v + 1]):
            if stage[operands[e]] == at:
                first = max(first, low[operands[e]])
                last = max(last, top[operands[e]])
        if max(last + gate[v], first + gate[v] + chain[v]) > period:
            at += 1
            first = 0
            last = 0
        stage[v] = at
        top[v] = max(last + gate[v], first + gate[v] + chain[v])
        low[v] = top[v] if whole[v] else first + gate[v]
    return 0


def conflicts(delays: Delays, period: int) -> tuple[Int64, Int64]:
    """Pairs (earlier, later) of values that cannot be in one stage; those that follow from others are left out."""
    gate, chain = within(delays, period)
    n = len(delays)
    room = 8 * n + 64
    while True:
        pairs, starts = np.zeros(room, np.int64), np.zeros(n + 1, np.int64)
        low, top, mark, seen = (np.zeros(n + 1, np.int64) for _ in range(4))
        made = native(pair_up)(
            n, delays.readers_start, delays.readers, gate, chain, delays.whole, period, low, top, mark, seen, starts,
            pairs, room,
        )  # fmt: skip
        if made <= room:
            break
        room = 4 * room
    # sources were taken from the last to the first
    sizes = starts[:n] - starts[1:]
    return np.repeat(np.arange(n)[::-1], sizes[::-1]), pairs[:made]


def pair_up(
    count: int,
    start: Array,
    readers: Array,
    gate: Array,
    chain: Array,
    whole: Array,
    period: int,
    low: Array,
    top: Array,
    mark: Array,
    seen: Array,
    starts: Array,
    pairs: Array,
    room: int,
) -> int:
    """Fill ``pairs`` with what lies just beyond each value's reach, ``starts[v]`` being the end of its part.

    The parts are in order of falling ``v``. Returns the number of pairs, more than ``room`` where they do not fit.
    """
    made = 0
    starts[count] = 0
    for back in range(count):
        u = count - 1 - back
        # mark[v] == u + 1: reached from u; seen[v] == u + 1: apart from something between u and v already
        mark[u] = u + 1
        low[u] = gate[u]
        top[u] = gate[u] + chain[u]
        if whole[u]:
            low[u] = top[u]
        furthest = u
        v = u
        while v <= furthest:
            if mark[v] == u + 1:
                if v > u:
                    first = low[v] + gate[v]
                    top[v] = max(top[v] + gate[v], first + chain[v])
                    low[v] = top[v] if whole[v] else first
                if top[v] > period:
                    if seen[v] != u + 1:
                        if made < room:
                            pairs[made] = v
                        made += 1
                else:
                    if v > u and made <= room:
                        for e in range(starts[v + 1], starts[v]):
                            seen[pairs[e]] = u + 1
                    for e in range(start[v], start[v + 1]):
                        r = readers[e]
                        if mark[r] != u + 1:
                            mark[r] = u + 1
                            low[r] = 0
                            top[r] = 0
                            furthest = max(furthest, r)
                        low[r] = max(low[r], low[v])
                        top[r] = max(top[r], top[v])
            v += 1
        starts[u] = made
        if made > room:
            return made
    return made
