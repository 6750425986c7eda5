"""What has few values by itself is quantised already: signs, steps and choices of constants, roundings, ±1 weights.

A quantiser that changes nothing says so. Without it, post-training quantisation would choose a scale of its own.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np

from ..exact import common_unit, fractions
from ..layers.scalar import Apply, Quantize
from ..real import Op, RealGraph, Weighted
from ..scalar.functions import Function, Kinked
from ..scalar.logic import Trunc, Wrap
from ..scalar.quantizer import Quantizer, Rounding
from ..scalar.rational import Ceil, Floor, Round
from .given import given

__all__ = ["mark_levels", "mark_weights", "roundings"]

Values = frozenset[Fraction]

ROUNDINGS: dict[type[Function], Rounding] = {
    Floor: Rounding.FLOOR, Ceil: Rounding.CEIL, Round: Rounding.HALF_EVEN, Trunc: Rounding.TO_ZERO,
}  # fmt: skip


def roundings(graph: RealGraph) -> RealGraph:
    """The same function with each rounding to whole numbers as the quantiser that it is."""

    def written(op: Op) -> list[Op]:
        function = op.function if isinstance(op, Apply) else None
        if isinstance(function, Wrap):
            low, high = function.low, function.low + (1 << function.bits) - 1
            real = replace(op, name=f"{op.name}_real")
            quantizer = Quantizer(fractions([1]), low, high, Rounding.FLOOR)
            return [real, Quantize(op.name, (real.name,), quantizer, node=op.node)]
        rounding = None if function is None else ROUNDINGS.get(type(function))
        if rounding is None:
            return [op]
        return [Quantize(op.name, op.inputs, Quantizer(fractions([1]), None, None, rounding), node=op.node)]

    return graph.replace([new for op in graph.ops for new in written(op)])


def mark_levels(graph: RealGraph) -> RealGraph:
    """The same function with a quantiser behind each chain of functions that has finitely many values.

    Its unit is the greatest one of which all values are multiples; it takes the chain's name.
    """
    levels: dict[str, tuple[Values, ...] | None] = {}
    ops: list[Op] = []
    for op in graph.ops:
        levels[op.name] = found = values_of(op, levels.get(op.inputs[0])) if isinstance(op, Apply) else None
        readers = graph.readers(op.name)
        ends = op.name in graph.outputs or any(not isinstance(r, Apply | Quantize) for r in readers)
        if found is None or not ends:
            ops.append(op)
            continue
        unit = common_unit([v for values in found for v in values])
        codes = [int(v / unit) for values in found for v in values]
        quantizer = Quantizer(fractions([unit]), min(codes), max(codes), Rounding.FLOOR)
        real = replace(op, name=f"{op.name}_real")
        ops += [real, Quantize(op.name, (real.name,), quantizer, node=op.node)]
    return graph.replace(ops)


def values_of(op: Apply, before: tuple[Values, ...] | None) -> tuple[Values, ...] | None:
    """The finitely many values of a function, one set for all channels or one per channel; None where it has more."""
    function = op.function
    if not isinstance(function, Kinked):
        return None
    if before is not None:
        count = max(len(before), function.channels)
        return tuple(frozenset(function.value(c, v) for v in before[c if len(before) > 1 else 0]) for c in range(count))
    found: list[Values] = []
    for c in range(function.channels):
        kinks = function.kinks(c)
        between = [(a + b) / 2 for a, b in pairwise(kinks)]
        points = [kinks[0] - 1, *kinks, *between, kinks[-1] + 1] if kinks else [Fraction(0)]
        if any(function.line(c, x)[0] != 0 for x in points if x not in kinks):
            return None
        found.append(frozenset(function.value(c, x) for x in points))
    return tuple(found)


def mark_weights(graph: RealGraph) -> RealGraph:
    """The same network with weights of one magnitude per output (and zeros) kept as codes where inputs are quantised.

    They would lose that when a batch norm behind them was folded into them.
    """
    while True:
        known = given(graph)
        marked = {id(op): codes for op in graph.ops if op.inputs[0] in known and (codes := as_codes(op)) is not None}
        if not marked:
            return graph
        graph = graph.replace([marked.get(id(op), op) for op in graph.ops])


def as_codes(op: Op) -> Op | None:
    """The operation with its weights' magnitudes as scales; None where there is more than one to an output."""
    if not isinstance(op, Weighted) or op.scale is not None:
        return None
    rows = np.abs(op.weight.reshape(len(op.weight), -1))
    magnitude = rows.max(axis=1, initial=0.0)
    if not ((rows == 0) | (rows == magnitude[:, None])).all() or (rows != 0).sum() < 2 * len(rows):
        return None
    return replace(op, scale=fractions(np.where(magnitude == 0, 1.0, magnitude)))
