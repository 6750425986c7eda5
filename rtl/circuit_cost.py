"""What a circuit that was made costs: its carry chains counted as they are built, its other nodes by rules.

``benchmarks/corpus.py`` compares with synthesis.
"""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatch
from typing import NamedTuple

import numpy as np

from nnfpga.compiler.circuit.chains import needs_guard, steps
from nnfpga.compiler.circuit.ir import (
    Add,
    AtLeast,
    Circuit,
    Clamp,
    Constant,
    Greater,
    Input,
    Logic,
    Lookup,
    Multiply,
    Node,
    Range,
    Select,
)
from nnfpga.compiler.circuit.pipeline import Schedule, register_bits
from nnfpga.compiler.circuit.wires import Sum, Word
from nnfpga.compiler.circuit.wiring import wires_of
from nnfpga.compiler.device import Device
from nnfpga.compiler.exact import ints, objects, trailing_zeros
from nnfpga.compiler.plan import Cost, Estimate, Product

from .products import products_of

__all__ = ["circuit_cost", "node_luts"]

LUT_ERROR, FF_ERROR = 0.1, 0.05
"""Relative errors: nine of ten designs of the corpus are within."""
WHOLE, CHANGES = 4 / 3, 0.6
"""LUTs of a table's bit: for each that holds a part of the table, or growing with this power of its changes."""
LOGIC = 0.9
"""LUTs for each function of bits: what mapping puts together."""
COMPARISON = 1.05
"""LUTs of a comparison with a constant for each that the bits need at least."""


def circuit_cost(circuit: Circuit, device: Device, plan: Schedule | None = None) -> Cost:
    """LUTs and flip-flops; with a schedule the exact latency in cycles, without one as if all were one stage."""
    stage = plan.stage if plan else (0,) * len(circuit.nodes)
    wires = wires_of(circuit)
    lengths = [chain_length([wires.sums[v] for v in step if v in wires.sums])
               for step in steps(circuit, wires, stage, plan.timing if plan else None)]  # fmt: skip
    lengths += [s.positions for s in wires.ternary.values()]
    lengths += [
        max(circuit.ranges[v].width for v in node.reads) + 1 for node in circuit.nodes if isinstance(node, Greater)
    ]
    chains = [chain(length, device) for length in lengths if length]
    carry = sum(c.carry for c in chains)
    lut = float(sum(c.lut for c in chains))
    added = {v for node in circuit.nodes if isinstance(node, Add) for v in node.reads}
    for v, (node, r) in enumerate(zip(circuit.nodes, circuit.ranges, strict=True)):
        operands = [Operand(circuit.ranges[x], wires.words[x], isinstance(circuit.nodes[x], Constant))
                    for x in node.reads]  # fmt: skip
        lut += node_luts(node, r, *operands, device=device)
        if v in added and isinstance(node, Input) and r.signed:
            lut += 1  # sums want words without a sign: its bit is inverted
    logic = Cost(Estimate(lut, LUT_ERROR), interval=Estimate(1), carry=Estimate(carry, LUT_ERROR),
                 products=tuple(products_of(circuit)))  # fmt: skip
    if plan is None:
        return replace(logic, latency=Estimate(4, 1.0))
    return replace(
        logic, ff=Estimate(register_bits(circuit, plan) + plan.stages, FF_ERROR), latency=Estimate(plan.stages)
    )


class Chain(NamedTuple):
    """LUTs of a carry chain, and how many of them stand on it."""

    lut: int
    carry: int


def chain_length(sums: list[Sum]) -> int:
    """Positions of sums that stand on one chain."""
    return sum(s.positions + needs_guard(s) for s in sums) - needs_guard(sums[-1]) if sums else 0


def chain(positions: int, device: Device) -> Chain:
    """A carry chain: on ECP5 it has an even number of positions, the first makes a carry (``techmap/ecp5_sums.v``)."""
    if device.family == "ecp5":
        return Chain(positions + 1, positions + positions % 2) if positions > 2 else Chain(positions, 0)
    return Chain(positions, positions)


class Operand(NamedTuple):
    """What a node reads: the value's range, its word, and whether it is a constant."""

    range: Range
    word: Word
    constant: bool


@singledispatch
def node_luts(node: Node, r: Range, *inputs: Operand, device: Device) -> float:
    """LUTs of one node besides carry chains."""
    return 0.0


@node_luts.register
def _(node: Multiply, r: Range, *inputs: Operand, device: Device) -> float:
    a, b = ((x.range.width, x.range.signed) for x in inputs)
    return Product.of(a, b).luts


@node_luts.register
def _(node: Clamp, r: Range, *inputs: Operand, device: Device) -> float:
    """Comparisons where the range needs them, and a LUT for each bit of the result, if it has several."""
    (x,) = inputs
    bounds = [b for b in (r.low, r.high + 1) if x.range.low < b <= x.range.high]
    if r.high - r.low <= 1:
        bounds = [r.high]
    bits = (r.high - r.low).bit_length()
    return sum(comparison(b, x, device) for b in bounds) + (bits if bits > 1 and bounds else 0)


@node_luts.register
def _(node: AtLeast, r: Range, *inputs: Operand, device: Device) -> float:
    return comparison(node.bound, inputs[0], device)


@node_luts.register
def _(node: Logic, r: Range, *inputs: Operand, device: Device) -> float:
    """A function of one bit more than a LUT has takes two LUTs and a selection."""
    return LOGIC * max(1.0, 2.0 ** (len(inputs) - device.lut_inputs + 1) - 1)


@node_luts.register
def _(node: Select, r: Range, *inputs: Operand, device: Device) -> float:
    """A LUT for each bit; between constants they are the condition, or its inverse."""
    return 0.0 if all(x.constant for x in inputs[1:]) else r.width - r.zeros


@node_luts.register
def _(node: Lookup, r: Range, *inputs: Operand, device: Device) -> float:
    """Per bit of the result: as many comparisons as it changes along the table share logic, at most the whole table."""
    size = max((len(node.table) - 1).bit_length(), 1)
    most = max(1.0, WHOLE * 2.0 ** (size - device.lut_inputs))
    values = ints(objects(list(node.table)) - min(node.table))
    total = 0.0
    for bit in range(int(values.max()).bit_length()):
        changes = int(np.count_nonzero(np.diff(values >> bit & 1)))
        total += min(most, changes**CHANGES * (size - 1) / (device.lut_inputs - 1)) if changes else 0.0
    return total


def comparison(bound: int, x: Operand, device: Device) -> float:
    """Whether a value reaches a constant: its word's bits from the lowest that counts, about three in each LUT4."""
    word = x.word.positive
    least = bound - word.base >> word.shift
    bits = word.width - trailing_zeros(least) if least else 0
    return max(1.0, COMPARISON * (bits - 1) / (device.lut_inputs - 1)) if bits > 1 else 0.0
