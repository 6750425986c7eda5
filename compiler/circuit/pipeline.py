"""Which pipeline stage each value of a circuit is computed in, for a target clock."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch

from ..device import Timing
from .ir import Add, AtLeast, Circuit, Clamp, Constant, Greater, Input, Lookup, Multiply, Node, Select

__all__ = ["Schedule", "delay", "schedule"]


@dataclass(frozen=True)
class Schedule:
    """``stage[i]`` is the stage that computes value ``i``; registers stand between stages and behind the last."""

    stage: tuple[int, ...]
    stages: int
    critical_ns: float


@singledispatch
def delay(node: Node, width: int, timing: Timing) -> float:
    """Estimated nanoseconds through a node's logic whose widest operand or result has ``width`` bits."""
    return 0.0


@delay.register
def _(node: Add, width: int, timing: Timing) -> float:
    return timing.lut_ns + timing.spread_ns + timing.carry_ns * width


@delay.register
def _(node: Multiply, width: int, timing: Timing) -> float:
    return (timing.lut_ns + timing.spread_ns) * max(width // 2, 1).bit_length() + timing.carry_ns * width


@delay.register
def _(node: AtLeast, width: int, timing: Timing) -> float:
    return constant_compare(width, timing)


@delay.register
def _(node: Greater, width: int, timing: Timing) -> float:
    return timing.lut_ns + timing.spread_ns + timing.carry_ns * width


@delay.register
def _(node: Clamp, width: int, timing: Timing) -> float:
    return constant_compare(width, timing) + timing.lut_ns


@delay.register
def _(node: Select, width: int, timing: Timing) -> float:
    return timing.lut_ns + timing.spread_ns


@delay.register
def _(node: Lookup, width: int, timing: Timing) -> float:
    return timing.spread_ns + timing.lut_ns * max(1, (len(node.table) - 1).bit_length() - 3)


def constant_compare(width: int, timing: Timing) -> float:
    """A comparison with a constant: one LUT after the other, three bits each."""
    return timing.spread_ns + timing.lut_ns * -(-width // 3)


def schedule(circuit: Circuit, timing: Timing, clock_mhz: float) -> Schedule:
    """As soon as possible: a value goes to the next stage where it would come too late in this one."""
    period = 1000.0 / clock_mhz - timing.overhead_ns
    stage: list[int] = []
    arrival: list[float] = []
    for node, r in zip(circuit.nodes, circuit.ranges, strict=True):
        at = max((stage[v] for v in node.reads if not isinstance(circuit.nodes[v], Constant)), default=0)
        start = max((arrival[v] for v in node.reads if stage[v] == at), default=0.0)
        width = max((r.width, *(circuit.ranges[v].width for v in node.reads)))
        end = start + (0.0 if isinstance(node, (Input, Constant)) else delay(node, width, timing))
        if end > period and start > 0:
            at, end = at + 1, end - start
        stage.append(at)
        arrival.append(end)
    return Schedule(tuple(stage), max((stage[o] for o in circuit.outputs), default=0) + 1, max(arrival, default=0.0))
