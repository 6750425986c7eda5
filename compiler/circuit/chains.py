"""Which additions share a carry chain.

A chain costs logic at its ends, whatever its length. Additions that do not wait for each other can stand on one, next
to each other, where no carry gets from one into the next: where the highest bit of a sum is only the carry out, nothing
at that position makes or passes a carry; elsewhere a position is put between them.

Timing analysis takes the chain for one long path nevertheless. So what stands lower is what is ready earlier, and
nothing comes later than what the longest path leaves it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..device import Timing
from .ir import Circuit, Constant, Value
from .pipeline.delays import corrections, delays
from .wires import Sum
from .wiring import Wires

__all__ = ["LONGEST", "Step", "needs_guard", "steps"]

Step = tuple[Value, ...]
"""Values that are computed together: one, or the sums of a chain from its lowest bits on."""

LONGEST = 32  # positions of a chain of several sums, which a placer still finds room for
SLACK = 0.8  # of the longest path: what fills up to it hinders the placer
NEAR = 64  # how far a partner may be in the order of the circuit


def steps(
    circuit: Circuit, wires: Wires, stage: Sequence[int], timing: Timing | None = None, longest: int = LONGEST
) -> list[Step]:
    """All values in an order in which each follows what it reads; sums of one stage and one depth share chains.

    Without ``timing`` chains are as long as they can be.
    """
    times = Times(circuit, wires, stage, timing)
    groups: dict[tuple[int, int], list[Value]] = defaultdict(list)
    for v, depth in enumerate(depths(circuit, stage)):
        groups[stage[v], depth].append(v)
    found: list[Step] = []
    for key in sorted(groups):
        sums = {v: wires.sums[v] for v in groups[key] if v in wires.sums and wires.sums[v].positions}
        for v in groups[key]:
            if v not in sums:
                times.put(v)
                found.append((v,))
        for subtracts in (False, True):
            found += packed({v: s for v, s in sums.items() if s.subtracts == subtracts}, times, longest)
    return found


def depths(circuit: Circuit, stage: Sequence[int]) -> list[int]:
    """How many nodes of its stage each value waits for."""
    found: list[int] = []
    for v, node in enumerate(circuit.nodes):
        before = [found[x] + 1 for x in node.reads if stage[x] == stage[v] or isinstance(circuit.nodes[x], Constant)]
        found.append(max(before, default=0))
    return found


def packed(sums: dict[Value, Sum], times: Times, longest: int) -> list[Step]:
    """Sums of one kind in chains; what shares a word comes next to each other where it fits."""
    chains: list[Step] = []
    waiting = sorted(sums, key=times.ready)
    while waiting:
        chain = [waiting.pop(0)]
        carry = times.put(chain[0])
        length = sums[chain[0]].positions + needs_guard(sums[chain[0]])
        words = {sums[chain[0]].a, sums[chain[0]].b}
        late: set[Value] = set()  # carries only get later along a chain
        while True:
            near = [v for v in waiting[:NEAR] if v not in late and length + sums[v].positions <= longest]
            near.sort(key=lambda v: (sums[v].a in words) + (sums[v].b in words), reverse=True)
            while near and not times.fits(near[0], carry):
                late.add(near.pop(0))
            if not near:
                break
            best = near[0]
            waiting.remove(best)
            chain.append(best)
            carry = times.put(best, carry)
            length += sums[best].positions + needs_guard(sums[best])
            words |= {sums[best].a, sums[best].b}
        chains.append(tuple(chain))
    return chains


def needs_guard(s: Sum) -> bool:
    """Whether a carry might get into what follows a sum on a chain, or a wanted one would not."""
    return not s.ends and (s.wraps or s.subtracts)


@dataclass
class Times:
    """When the lowest and the highest bit of each value are there, and when they have to be, in ns within a stage."""

    circuit: Circuit
    wires: Wires
    stage: Sequence[int]
    timing: Timing | None
    low: list[float] = field(default_factory=list[float])
    high: list[float] = field(default_factory=list[float])

    def __post_init__(self) -> None:
        n = len(self.circuit.nodes)
        self.low, self.high = [0.0] * n, [0.0] * n
        if self.timing is None:
            return
        self.delays = delays(self.circuit, self.wires, self.timing)
        last = max((self.stage[o] for o in self.circuit.outputs), default=0)
        after = [0.0] * n
        for o, (gate, *_) in corrections(self.circuit, self.wires, self.timing).items():
            if self.stage[o] == last:
                after[o] = gate
        for v in range(n):
            self.put(v)
        latest = SLACK * max((self.high[v] + after[v] for v in self.wires.sums), default=0.0)
        self.high_needed = [max(latest - late, high) for high, late in zip(self.high, after, strict=True)]
        self.low_needed = self.high_needed.copy()
        for v in range(n - 1, -1, -1):
            gate, chain, whole = self.delays[v]
            low, high = self.low_needed[v], self.high_needed[v]
            if whole:
                low = high = min(low, high)
            for x in self._operands(v):
                self.low_needed[x] = min(self.low_needed[x], low - gate, high - gate - chain)
                self.high_needed[x] = min(self.high_needed[x], high - gate)

    def _operands(self, v: Value) -> list[Value]:
        return [x for x in self.circuit.nodes[v].reads if self.stage[x] == self.stage[v]]

    def ready(self, v: Value) -> float:
        """When the operands are there."""
        return max((self.high[x] for x in self._operands(v)), default=0.0)

    def put(self, v: Value, carry: float = 0.0) -> float:
        """Note when a value is there with a carry that comes up to it from below; returns when it goes on."""
        if self.timing is not None:
            self.low[v], self.high[v] = self._times(v, carry)
        return self.high[v]

    def fits(self, v: Value, carry: float) -> bool:
        """Whether a value is there in time with such a carry."""
        if self.timing is None:
            return True
        low, high = self._times(v, carry)
        return low <= self.low_needed[v] and high <= self.high_needed[v]

    def _times(self, v: Value, carry: float) -> tuple[float, float]:
        gate, chain, whole = self.delays[v]
        operands = self._operands(v)
        low = max((self.low[x] for x in operands), default=0.0) + gate
        high = max((self.high[x] for x in operands), default=0.0) + gate
        high = max(high, low + chain, carry + chain)
        return high if whole else max(low, carry), high
