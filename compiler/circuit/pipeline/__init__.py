"""Pipelining: which stage each value of a circuit is computed in, with as few register bits as the stages allow.

``delays.py`` says how long a node takes, ``stages.py`` which values cannot share a stage, ``registers.py`` chooses
among all stages that are left those with the fewest register bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...device import Timing
from ..ir import Circuit
from ..wiring import Wires, wires_of
from .delays import Delay, delays
from .registers import fewest_registers
from .stages import Delays, delays_of, earliest

__all__ = ["Delay", "Schedule", "delays", "even_schedule", "register_bits", "schedule"]


@dataclass(frozen=True)
class Schedule:
    """``stage[i]`` is the stage that computes value ``i``; registers stand between stages and behind the last.

    So a result leaves ``stages`` cycles after its input came. ``critical_ns`` is the longest path through the logic
    of one stage by the delays that ``timing`` gives, without its ``overhead_ns``. A constant's stage means nothing.
    """

    stage: tuple[int, ...]
    stages: int
    critical_ns: float
    timing: Timing


def schedule(circuit: Circuit, timing: Timing, clock_mhz: float) -> Schedule:
    """The fewest stages for a clock, and the fewest register bits for that number of stages.

    A node that takes longer than the period on its own gets a stage of its own.
    """
    wires = wires_of(circuit)
    return fewest(
        wires, timing, delays_of(circuit, wires, timing), max(int(1e6 / clock_mhz - 1e3 * timing.overhead_ns), 1)
    )


def even_schedule(circuit: Circuit, timing: Timing, stages: int) -> Schedule:
    """The shortest period that so many stages allow, and the fewest register bits for that period.

    Fewer stages where more would not make the period shorter.
    """
    wires = wires_of(circuit)
    found = delays_of(circuit, wires, timing)
    longest = earliest(found, 1 << 60).critical
    low, high = int((found.gate + found.chain).max(initial=1)), max(longest, 1)
    while low < high:
        period = (low + high) // 2
        if earliest(found, period).stages <= stages:
            high = period
        else:
            low = period + 1
    return fewest(wires, timing, found, high)


def fewest(wires: Wires, timing: Timing, found: Delays, period: int) -> Schedule:
    """The schedule for a period in picoseconds."""
    first = earliest(found, period)
    stage = fewest_registers(found, period, first.stage, first.stages, weights(wires))
    return Schedule(tuple(stage.tolist()), first.stages, earliest(found, period, stage).critical / 1e3, timing)


def weights(wires: Wires) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Bits that a register of each value takes."""
    return np.array([word.width for word in wires.words], dtype=np.int64)


def register_bits(circuit: Circuit, plan: Schedule) -> int:
    """Bits of registers between the stages and behind the last, one copy of a value in each stage that needs it."""
    last = list(plan.stage)
    for node, at in zip(circuit.nodes, plan.stage, strict=True):
        for v in node.reads:
            last[v] = max(last[v], at)
    for o in circuit.outputs:
        last[o] = plan.stages - 1
    ends = [circuit.ranges[o] for o in circuit.outputs]
    between = weights(wires_of(circuit)) @ (np.array(last) - np.array(plan.stage))
    return int(between) + sum(r.width - r.zeros for r in ends if r.low != r.high)
