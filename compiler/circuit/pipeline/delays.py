"""How long the logic of a node takes, estimated from its width and the device's timing."""

from __future__ import annotations

from functools import singledispatch
from typing import NamedTuple

from ...device import Timing
from ...exact import trailing_zeros
from ..bits import Logic
from ..ir import Add, Add3, AtLeast, Clamp, Greater, Lookup, Multiply, Node, Select

__all__ = ["Delay", "delay"]


class Delay(NamedTuple):
    """Nanoseconds through a node.

    ``gate`` is from any bit of an operand to the same bit of the result, ``chain`` from the lowest bit on to the
    highest. So in a row of sums the carries run at the same time and only the longest chain counts in full. With
    ``whole`` even the lowest bit of the result waits for the highest bits of the operands.
    """

    gate: float = 0.0
    chain: float = 0.0
    whole: bool = False


@singledispatch
def delay(node: Node, width: int, timing: Timing) -> Delay:
    """The delay of a node whose widest operand or result has ``width`` bits."""
    return Delay()


@delay.register
def _(node: Add, width: int, timing: Timing) -> Delay:
    return Delay(timing.lut_ns + timing.spread_ns, timing.carry_ns * width)


@delay.register
def _(node: Add3, width: int, timing: Timing) -> Delay:
    """The majority of a bit reaches the next bit's LUT by the fabric."""
    return Delay(2 * timing.lut_ns + timing.spread_ns, timing.carry_ns * width)


@delay.register
def _(node: Multiply, width: int, timing: Timing) -> Delay:
    rows = max(width // 2, 1).bit_length()
    return Delay((timing.lut_ns + timing.spread_ns) * rows, timing.carry_ns * width)


@delay.register
def _(node: AtLeast, width: int, timing: Timing) -> Delay:
    return Delay(timing.spread_ns + comparison(node.bound, width, timing), whole=True)


@delay.register
def _(node: Greater, width: int, timing: Timing) -> Delay:
    return Delay(timing.lut_ns + timing.spread_ns, timing.carry_ns * width, whole=True)


@delay.register
def _(node: Clamp, width: int, timing: Timing) -> Delay:
    """The slower comparison, and a multiplexer."""
    slower = max(comparison(node.low, width, timing), comparison(node.high + 1, width, timing))
    return Delay(2 * timing.spread_ns + slower + timing.lut_ns, whole=True)


@delay.register
def _(node: Select, width: int, timing: Timing) -> Delay:
    return Delay(timing.lut_ns + timing.spread_ns)


@delay.register
def _(node: Lookup, width: int, timing: Timing) -> Delay:
    return Delay(timing.spread_ns + timing.lut_ns * max(1, (len(node.table) - 1).bit_length() - 3), whole=True)


@delay.register
def _(node: Logic, width: int, timing: Timing) -> Delay:
    levels = max(1, (len(node.bits) - 1) // 2)
    return Delay(timing.spread_ns + timing.lut_ns * levels, whole=True)


def comparison(bound: int, width: int, timing: Timing) -> float:
    """Whether a value reaches a constant: one LUT after the other, three bits each, from the lowest that counts."""
    bits = width - min(trailing_zeros(bound), width - 1) if bound else 1
    return timing.lut_ns * -(-bits // 3)
