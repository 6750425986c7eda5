"""Weights of few signed digits, in a unit of each row's own, where a function behind the row takes any unit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np

from ..circuit.digits import digit_count
from ..exact import Ints
from ..layers.dense import Linear
from ..layers.rearrange import RealRearrange
from ..layers.scalar import Apply
from ..real import RealGraph, Reals
from ..scalar.functions import Kinked

__all__ = ["few_digits"]

LARGEST = 1 << 9  # of a row's weights, in its unit
PER_OCTAVE = 96  # units that are tried
SLACK = (0, 1, 2, 4)  # how far a weight is changed for fewer digits
SAMPLES = 4096
MANTISSA = 20  # bits of a unit


def few_digits(graph: RealGraph, x: Reals, error: float) -> RealGraph:
    """A network like it, whose matrices in front of curved functions have weights of few digits.

    Each row moves the outputs by at most its share of ``error`` for some of the samples ``x``; the rows of all matrices
    share alike.
    """
    rows = {op.name: len(op.weight) for op in graph.ops if isinstance(op, Linear) and is_free(graph, op)}
    samples = x[np.random.default_rng(0).permutation(len(x))[:SAMPLES]]
    for name, count in rows.items():
        values = graph.evaluate(samples)
        op = graph.makers[name]
        assert isinstance(op, Linear)
        found = [cheapest(graph, values, op, row, error / sum(rows.values())) for row in range(count)]
        weights, units = zip(*found, strict=True)
        scale = np.array(units, dtype=object)
        weight = np.stack(weights) * scale.astype(np.float64)[:, None]
        graph = graph.replace([replace(op, weight=weight, scale=scale) if o is op else o for o in graph.ops])
    return graph


def is_free(graph: RealGraph, op: Linear) -> bool:
    """Whether the rows of a matrix that is not quantised only go to curved functions."""
    name, curved = op.name, False
    while len(readers := graph.readers(name)) == 1 and name not in graph.outputs and not curved:
        (reader,) = readers
        if not isinstance(reader, Apply | RealRearrange):
            return False
        curved = isinstance(reader, Apply) and not isinstance(reader.function, Kinked)
        name = reader.name
    return curved and op.scale is None


def cheapest(graph: RealGraph, values: dict[str, Reals], op: Linear, row: int, error: float) -> tuple[Ints, Fraction]:
    """The integers of a row, and what they count in, that have the fewest digits and keep the error."""
    weight = op.weight[row]
    if not weight.any():
        return np.zeros(len(weight), dtype=np.int64), Fraction(1)
    known = {tuple(w.tolist()): w for w in candidates(weight) if w @ weight > 0}
    best = sorted(known.values(), key=lambda w: (digit_count(w), int(np.abs(w).max())))
    source, plain = values[op.inputs[0]], values[op.name]
    for integers in best:
        unit = rounded(float(weight @ integers) / float(integers @ integers))
        moved = plain.copy()
        moved[..., row] = source @ (integers * float(unit))
        if moves(graph, values, op.name, moved) <= error:
            return integers, unit
    unit = rounded(float(np.abs(weight).max()) / LARGEST)
    return np.rint(weight / float(unit)).astype(np.int64), unit


def candidates(weight: Reals) -> Iterator[Ints]:
    """Integers in about the proportions of some weights."""
    largest = float(np.abs(weight).max())
    for top in np.geomspace(1, LARGEST, int(PER_OCTAVE * np.log2(LARGEST))):
        for slack in SLACK:
            yield np.array([simplest(w, slack) for w in weight * (top / largest)], dtype=np.int64)


def simplest(weight: float, slack: int) -> int:
    """The integer of the fewest digits around a number, the nearest of equals."""
    nearest = round(weight)
    around = range(nearest - slack, nearest + slack + 1)
    return min(around, key=lambda w: ((3 * abs(w) ^ abs(w)).bit_count(), abs(w - weight)))


def rounded(unit: float) -> Fraction:
    """A number as a fraction of few bits."""
    mantissa, exponent = np.frexp(unit)
    return Fraction(round(float(mantissa) * 2**MANTISSA)) * Fraction(2) ** (int(exponent) - MANTISSA)


def moves(graph: RealGraph, values: dict[str, Reals], name: str, given: Reals) -> float:
    """How far the outputs move at most where a tensor has other values."""
    changed = {name: given}
    for op in graph.ops:
        if not changed.keys().isdisjoint(op.inputs):
            changed[op.name] = op.evaluate(*(changed.get(n, values[n]) for n in op.inputs))
    return max(float(np.abs(changed[n] - values[n]).max()) for n in graph.outputs if n in changed)
