"""Pipelining: which stage each value of a circuit is computed in, with as few register bits as the stages allow.

``delays.py`` says how long a node takes, ``stages.py`` which values cannot share a stage, ``registers.py`` chooses
among all stages that are left those with the fewest register bits.

A clock that a node cannot keep with the wires in front of it has stages without logic: between two registers, where
placement can put the second one near the logic that reads it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from ...device import Timing
from ..ir import Circuit, Constant, Input, Value
from ..wiring import Wires, wires_of
from .delays import Delay, delays
from .registers import fewest_registers
from .stages import Delays, delays_of, earliest

__all__ = ["MARGIN", "Delay", "Schedule", "delays", "even_schedule", "readers", "register_bits", "schedule"]


MARGIN = 0.85
"""Of the period, the part that stages are shortened to where their number stays: routes in full chips are longer."""

BEHIND = 1 << 20
"""Bits that no register can have: the correction of an output stays behind the last register."""


@dataclass(frozen=True)
class Schedule:
    """``stage[i]`` is the stage that computes value ``i``; registers stand between stages and behind the last.

    So a result leaves ``stages`` cycles after its input came. ``critical_ns`` is the longest path through the logic
    of one stage by the delays that ``timing`` gives, without its ``overhead_ns``. A constant's stage means nothing.

    With ``far``, wires have stages of their own, ``timing`` has no ``spread_ns``, and all `readers` of a value get
    a register.
    """

    stage: tuple[int, ...]
    stages: int
    critical_ns: float
    timing: Timing
    far: bool = False


def schedule(circuit: Circuit, timing: Timing, clock_mhz: float) -> Schedule:
    """The fewest stages for a clock, as short as they can be down to `MARGIN` of it, in the fewest register bits.

    A node that takes longer than the period on its own gets a stage of its own. Where it would not if its wires took
    nothing, all wires between registers get a stage of their own: so there are twice as many.
    """
    wires = wires_of(circuit)
    period = max(int(1e6 / clock_mhz - 1e3 * timing.overhead_ns + 1e-6), 1)
    plan = relaxed(circuit, wires, timing, period)
    if 1e3 * plan.critical_ns <= period or not timing.spread_ns:
        return plan
    near = replace(timing, spread_ns=0.0)
    apart = far(circuit, relaxed(circuit, wires, near, period), timing.spread_ns)
    return apart if 1e3 * apart.critical_ns <= period else plan


def relaxed(circuit: Circuit, wires: Wires, timing: Timing, period: int) -> Schedule:
    """The fewest stages for a period in picoseconds, with what margin they have."""
    found = delays_of(circuit, wires, timing)
    return fewest(wires, timing, found, shortest(found, earliest(found, period).stages, int(MARGIN * period), period))


def far(circuit: Circuit, plan: Schedule, spread_ns: float) -> Schedule:
    """A stage of wires that take ``spread_ns`` before each stage, the first one too."""
    stage = (0 if isinstance(node, Input) else 2 * at + 1 for node, at in zip(circuit.nodes, plan.stage, strict=True))
    return Schedule(tuple(stage), 2 * plan.stages, max(plan.critical_ns, spread_ns), plan.timing, far=True)


def even_schedule(circuit: Circuit, timing: Timing, stages: int) -> Schedule:
    """The shortest period that so many stages allow, and the fewest register bits for that period.

    Fewer stages where more would not make the period shorter.
    """
    wires = wires_of(circuit)
    found = delays_of(circuit, wires, timing)
    longest = earliest(found, 1 << 60).critical
    return fewest(wires, timing, found, shortest(found, stages, 1, max(longest, 1)))


def shortest(found: Delays, stages: int, low: int, high: int) -> int:
    """The shortest period that needs no more than so many stages, in ps.

    It is not below ``low`` nor any node's own delay, and ``high`` where none is shorter.
    """
    low = max(low, int((found.gate + found.chain).max(initial=1)))
    while low < high:
        period = (low + high) // 2
        if earliest(found, period).stages <= stages:
            high = period
        else:
            low = period + 1
    return high


def fewest(wires: Wires, timing: Timing, found: Delays, period: int) -> Schedule:
    """The schedule for a period in picoseconds."""
    first = earliest(found, period)
    bits = weights(wires)
    late = np.full(len(found) - len(bits), BEHIND)
    stage = fewest_registers(found, period, first.stage, first.stages, np.concatenate([bits, late]))
    critical = earliest(found, period, stage).critical / 1e3
    return Schedule(tuple(stage[: len(bits)].tolist()), first.stages, critical, timing)


def weights(wires: Wires) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Bits that a register of each value takes."""
    return np.array([word.width for word in wires.words], dtype=np.int64)


def register_bits(circuit: Circuit, plan: Schedule) -> int:
    """Bits of registers between the stages and behind the last, one copy of a value in each stage that needs it.

    Where a value has several `readers` in a stage, each has its copy.
    """
    last = list(plan.stage)
    for node, at in zip(circuit.nodes, plan.stage, strict=True):
        for v in node.reads:
            last[v] = max(last[v], at)
    for o in circuit.outputs:
        last[o] = plan.stages - 1
    bits = weights(wires_of(circuit))
    between = int(bits @ (np.array(last) - np.array(plan.stage)))
    further = sum(int(bits[v]) * (count - 1) for (v, _), count in readers(circuit, plan).items())
    ends = [circuit.ranges[o] for o in circuit.outputs]
    return between + further + sum(r.width - r.zeros for r in ends if r.low != r.high)


def readers(circuit: Circuit, plan: Schedule) -> Counter[tuple[Value, int]]:
    """How many nodes of a stage read a value's register, each of which gets its own; none without wire stages."""
    found = Counter[tuple[Value, int]]()
    for node, at in zip(circuit.nodes, plan.stage, strict=True):
        for v in {*node.reads}:
            if plan.far and at > plan.stage[v] and not isinstance(circuit.nodes[v], Constant):
                found[v, at] += 1
    return found
