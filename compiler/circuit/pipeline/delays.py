"""How long a node takes, estimated from its word and the device's timing."""

from __future__ import annotations

from functools import singledispatch
from typing import NamedTuple

from ...device import Timing
from ...exact import trailing_zeros
from ..bits import Logic
from ..ir import AtLeast, Circuit, Clamp, Greater, Lookup, Multiply, Node, Range, Select, Value
from ..wires import Word, clamp_bits
from ..wiring import Wires

__all__ = ["Delay", "corrections", "delays"]


class Delay(NamedTuple):
    """Nanoseconds through a node.

    ``gate`` is from any bit of an operand to the same bit of the result, ``chain`` from the lowest bit on to the
    highest. So in a row of sums the carries run at the same time and only the longest chain counts in full. With
    ``whole`` even the lowest bit of the result waits for the highest bits of the operands.
    """

    gate: float = 0.0
    chain: float = 0.0
    whole: bool = False


class Wire(NamedTuple):
    """What a value can be, and its word."""

    range: Range
    word: Word


def delays(circuit: Circuit, wires: Wires, timing: Timing) -> list[Delay]:
    """The delay of every value's word."""
    values = [Wire(r, word) for r, word in zip(circuit.ranges, wires.words, strict=True)]
    found: list[Delay] = []
    gate = timing.lut_ns + timing.spread_ns + timing.chain_ns
    for v, node in enumerate(circuit.nodes):
        if v in wires.sums:
            positions = wires.sums[v].positions
            found.append(Delay(gate, timing.carry_ns * positions) if positions else Delay())
        elif v in wires.ternary:  # the majority of a bit reaches the next bit's LUT by the fabric
            chain = timing.carry_ns * wires.ternary[v].positions
            found.append(Delay(gate + timing.lut_ns, chain) if chain else Delay())
        elif values[v].word.width:
            found.append(delay(node, values[v], *(values[x] for x in node.reads), timing=timing))
        else:
            found.append(Delay())
    return found


def corrections(circuit: Circuit, wires: Wires, timing: Timing) -> dict[Value, Delay]:
    """Outputs whose word is not the value: its base is added behind the last register."""
    gate = timing.lut_ns + timing.spread_ns + timing.chain_ns
    return {
        o: Delay(gate, timing.carry_ns * circuit.ranges[o].width)
        for o in sorted({*circuit.outputs})
        if o in wires.sums and not wires.words[o].shows(circuit.ranges[o].width)
    }


@singledispatch
def delay(node: Node, result: Wire, *operands: Wire, timing: Timing) -> Delay:
    """The delay of a node that is no sum."""
    return Delay()


@delay.register
def _(node: Multiply, result: Wire, *operands: Wire, timing: Timing) -> Delay:
    width = max(x.word.width for x in (result, *operands))
    rows = max(width // 2, 1).bit_length()
    return Delay((timing.lut_ns + timing.spread_ns + timing.chain_ns) * rows, timing.carry_ns * width)


@delay.register
def _(node: AtLeast, result: Wire, *operands: Wire, timing: Timing) -> Delay:
    word = operands[0].word.positive
    bits = compared((node.bound - 1 - word.base) >> word.shift, word.width)
    return Delay(timing.spread_ns + timing.lut_ns * -(-bits // 3), whole=True)


@delay.register
def _(node: Greater, result: Wire, *operands: Wire, timing: Timing) -> Delay:
    width = max(x.range.width for x in operands)
    return Delay(timing.lut_ns + timing.spread_ns + timing.chain_ns, timing.carry_ns * width, whole=True)


@delay.register
def _(node: Clamp, result: Wire, *operands: Wire, timing: Timing) -> Delay:
    """A LUT per bit where few bits are compared, else the slower comparison before it."""
    (x,) = operands
    how = clamp_bits(result.range, x.word)
    bounds = [how.most] * (x.range.high > node.high) + [how.least - 1] * (x.range.low < node.low)
    width = x.word.width + how.below
    bits = max((compared(bound, width) for bound in bounds), default=0)
    gate = timing.lut_ns + timing.spread_ns
    return Delay(gate if bits < 4 else gate + timing.spread_ns + timing.lut_ns * -(-bits // 3), whole=True)


@delay.register
def _(node: Select, result: Wire, *operands: Wire, timing: Timing) -> Delay:
    return Delay(timing.lut_ns + timing.spread_ns)


@delay.register
def _(node: Lookup, result: Wire, *operands: Wire, timing: Timing) -> Delay:
    return Delay(timing.spread_ns + timing.lut_ns * max(1, operands[0].word.width - 3), whole=True)


@delay.register
def _(node: Logic, result: Wire, *operands: Wire, timing: Timing) -> Delay:
    levels = max(1, (len(node.bits) - 1) // 2)
    return Delay(timing.spread_ns + timing.lut_ns * levels, whole=True)


def compared(bound: int, width: int) -> int:
    """The bits that decide whether an unsigned word of so many bits is above a bound: three to a LUT."""
    return 0 if bound < 0 or bound >= (1 << width) - 1 else width - trailing_zeros(bound + 1)
