"""Which additions share a carry chain.

A chain costs logic at its ends, whatever its length. Additions that do not wait for each other can stand on one, next
to each other, where no carry gets from one into the next: where the highest bit of a sum is only the carry out, nothing
at that position makes or passes a carry; elsewhere a position is put between them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from .ir import Circuit, Constant, Value
from .wires import Sum
from .wiring import Wires

__all__ = ["LONGEST", "Step", "needs_guard", "steps"]

Step = tuple[Value, ...]
"""Values that are computed together: one, or the sums of a chain from its lowest bits on."""

LONGEST = 32
"""Positions of a chain of several sums: what a placer still finds room for, and 0.5 ns more than one sum on ECP5."""


def steps(circuit: Circuit, wires: Wires, stage: Sequence[int], longest: int = LONGEST) -> list[Step]:
    """All values in an order in which each follows what it reads; sums of one stage and one depth share chains."""
    depths = depth(circuit, stage)
    groups: dict[tuple[int, int], list[Value]] = defaultdict(list)
    for v in range(len(circuit.nodes)):
        groups[stage[v], depths[v]].append(v)
    found: list[Step] = []
    for key in sorted(groups):
        sums = [v for v in groups[key] if v in wires.sums and wires.sums[v].positions]
        found += [(v,) for v in groups[key] if v not in wires.sums or not wires.sums[v].positions]
        for subtracts in (False, True):
            found += packed([v for v in sums if wires.sums[v].subtracts == subtracts], wires.sums, longest)
    return found


def depth(circuit: Circuit, stage: Sequence[int]) -> list[int]:
    """How many nodes of its stage a value waits for."""
    depths: list[int] = []
    for v, node in enumerate(circuit.nodes):
        before = [depths[x] + 1 for x in node.reads if stage[x] == stage[v] or isinstance(circuit.nodes[x], Constant)]
        depths.append(max(before, default=0))
    return depths


def packed(values: Iterable[Value], sums: dict[Value, Sum], longest: int) -> list[Step]:
    """Sums of one kind in chains; what shares a word comes next to each other where it fits."""
    chains: list[Step] = []
    waiting = list(values)
    while waiting:
        chain = [waiting.pop(0)]
        length = sums[chain[0]].positions + needs_guard(sums[chain[0]])
        while True:
            words = {x for v in chain for x in (sums[v].a, sums[v].b)}
            room = longest - length
            fitting = [v for v in waiting[:NEAR] if sums[v].positions <= room]
            if not fitting:
                break
            best = max(fitting, key=lambda v: (sums[v].a in words) + (sums[v].b in words))
            waiting.remove(best)
            chain.append(best)
            length += sums[best].positions + needs_guard(sums[best])
        chains.append(tuple(chain))
    return chains


NEAR = 64  # how far a partner may be away in the circuit


def needs_guard(s: Sum) -> bool:
    """Whether a carry might get into what follows a sum on a chain, or a wanted one would not."""
    return not s.ends and (s.wraps or s.subtracts)
