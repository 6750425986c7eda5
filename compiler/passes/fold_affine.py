"""Scales and shifts per channel (batch norm, normalisation of the input) go into the float weights beside them.

Quantised weights keep their codes: one scale and shift for all inputs moves behind them instead.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..exact import as_fraction, fractions, objects
from ..layers.convolution import Convolve
from ..layers.dense import Linear
from ..layers.scalar import Apply
from ..real import Op, RealGraph, Reals
from ..scalar.functions import Affine

__all__ = ["fold_affine"]

LONG = 1 << 12  # bits: a chain of multiplications doubles them at every step


def fold_affine(graph: RealGraph) -> RealGraph:
    """The same function with each affine next to unquantised weights reduced to a bias behind them.

    Affines behind each other become one, and one that changes nothing leaves the graph.
    """
    graph = join_affines(graph)
    while (folded := fold_once(graph)) is not graph:
        graph = folded
    return graph


def join_affines(graph: RealGraph) -> RealGraph:
    """Each affine function merged into those that read it, in one walk: what is left for ``fold_once`` is short."""
    made: dict[str, Op] = {}
    for op in graph.ops:
        source = made.get(op.inputs[0]) if is_affine(op) else None
        made[op.name] = after(source, op) if source is not None and is_short(source) else op
    read = {name for op in made.values() for name in op.inputs} | {*graph.outputs}
    ops = [op for op in made.values() if op.name in read or op.name not in graph.reading]
    return graph.replace(ops) if len(ops) < len(graph.ops) else graph


def only_reader(graph: RealGraph, op: Op) -> Op | None:
    """The single operation that reads a result, if there is just one and it is no output."""
    readers = graph.readers(op.name)
    return readers[0] if len(readers) == 1 and op.name not in graph.outputs else None


def fold_once(graph: RealGraph) -> RealGraph:
    """Fold the first pair that can be folded; the name of the second operation stays."""
    for op in graph.ops:
        if is_affine(op) and (shorter := without(graph, op) or into_readers(graph, op)) is not None:
            return shorter
        reader = only_reader(graph, op)
        merged = merge(op, reader) if reader is not None else None
        if merged is not None:
            ops: list[Op] = []
            for other in graph.ops:
                ops += merged if other is reader else [] if other is op else [other]
            return graph.replace(ops)
        if isinstance(op, (Linear, Convolve)) and isinstance(reader, Apply) and isinstance(reader.function, Affine):
            slope = reader.function.slope.astype(np.float64)
            if op.scale is None and (slope != 1).any():
                scaled = replace(op, weight=op.weight * slope.reshape(-1, *[1] * (op.weight.ndim - 1)))
                bias = replace(reader, function=Affine(np.ones(1), reader.function.intercept))
                return graph.replace([scaled if o is op else bias if o is reader else o for o in graph.ops])
    return graph


def is_affine(op: Op) -> bool:
    """Whether an operation is an affine function."""
    return isinstance(op, Apply) and isinstance(op.function, Affine)


def is_short(op: Op) -> bool:
    """Whether an operation is an affine function whose exact numbers did not grow long by merging."""
    if not isinstance(op, Apply) or not isinstance(op.function, Affine):
        return False
    numbers = (*op.function.slope.flat, *op.function.intercept.flat)
    return all(v.numerator.bit_length() + v.denominator.bit_length() < LONG for v in map(as_fraction, numbers))


def without(graph: RealGraph, op: Op) -> RealGraph | None:
    """The graph without an affine function that changes nothing; None where it does, or is an output."""
    assert isinstance(op, Apply)
    assert isinstance(op.function, Affine)
    if (op.function.slope != 1).any() or (op.function.intercept != 0).any():
        return None
    if op.name not in graph.outputs:
        return graph.replace([reading(o, op.name, op.inputs[0]) for o in graph.ops if o is not op])
    source = next((o for o in graph.ops if o.name == op.inputs[0]), None)
    if source is None or only_reader(graph, source) is None:
        return None
    return graph.replace([replace(o, name=op.name) if o is source else o for o in graph.ops if o is not op])


def reading(op: Op, old: str, new: str) -> Op:
    """An operation that reads another tensor in the place of one."""
    return replace(op, inputs=tuple(new if name == old else name for name in op.inputs)) if old in op.inputs else op


def into_readers(graph: RealGraph, op: Op) -> RealGraph | None:
    """The graph with an affine function merged into those that read it; None where none does."""
    readers = graph.readers(op.name)
    merged = {id(r): after(op, r) for r in readers if is_affine(r)} if is_short(op) else {}
    if not merged:
        return None
    stays = op.name in graph.outputs or len(merged) < len(readers)
    return graph.replace([merged.get(id(o), o) for o in graph.ops if stays or o is not op])


def after(op: Op, reader: Op) -> Op:
    """Two affine functions as one."""
    assert isinstance(op, Apply)
    assert isinstance(op.function, Affine)
    assert isinstance(reader, Apply)
    assert isinstance(reader.function, Affine)
    a, b = fractions(reader.function.slope), fractions(reader.function.intercept)
    slope, intercept = fractions(op.function.slope), fractions(op.function.intercept)
    return replace(reader, inputs=op.inputs, function=Affine(*np.broadcast_arrays(a * slope, a * intercept + b)))


def merge(op: Op, reader: Op | None) -> list[Op] | None:
    """Two operations as one, or None where they cannot be."""
    if not isinstance(op, Apply) or not isinstance(op.function, Affine):
        return None
    slope, intercept = op.function.slope, op.function.intercept
    if isinstance(reader, (Linear, Convolve)) and reader.scale is not None:
        return behind(op.inputs, fractions(slope), fractions(intercept), reader)
    if isinstance(reader, Linear) and reader.scale is None:
        weight = reader.weight * slope.astype(np.float64).reshape(1, -1)
        shift = reader.weight @ np.broadcast_to(intercept.astype(np.float64).reshape(-1), (reader.weight.shape[1],))
        return shifted(replace(reader, inputs=op.inputs, weight=weight), shift)
    if isinstance(reader, Convolve) and reader.scale is None:
        return into_convolution(op, reader, slope.astype(np.float64), intercept.astype(np.float64))
    return None


def behind(inputs: tuple[str, ...], slope: Any, intercept: Any, reader: Linear | Convolve) -> list[Op] | None:
    """One scale and shift for all inputs of quantised weights, moved behind them; padding allows no shift."""
    padded = isinstance(reader, Convolve) and reader.window.padded
    if slope.size > 1 or intercept.size > 1 or (padded and intercept.any()):
        return None
    inner = replace(reader, name=f"{reader.name}_sum", inputs=inputs)
    shift = fractions(np.zeros(1))
    if intercept.any():
        shift = objects(reader.integers.reshape(len(reader.weight), -1)).sum(axis=1) * reader.scale * intercept
    return [inner, Apply(reader.name, (inner.name,), Affine(slope, shift), node=reader.node)]


def into_convolution(op: Op, reader: Convolve, slope: Reals, intercept: Reals) -> list[Op] | None:
    """An affine in front of a convolution as scaled weights and a bias; padding stays zero only without intercept."""
    if reader.window.padded and intercept.any():
        return None
    each, per_group = reader.weight.shape[-1], len(reader.weight) // reader.groups
    group = np.arange(len(reader.weight)) // per_group
    channel = group[:, None] * each + np.arange(each)
    a, b = (np.broadcast_to(v.reshape(-1), (each * reader.groups,))[channel] for v in (slope, intercept))
    between = (len(reader.weight), *[1] * reader.window.rank, each)
    shift = (reader.weight * b.reshape(between)).reshape(len(reader.weight), -1).sum(axis=1)
    weight = reader.weight * a.reshape(between)
    return shifted(replace(reader, inputs=op.inputs, weight=weight), shift)


def shifted(op: Linear | Convolve, shift: Reals) -> list[Op]:
    """A layer with a bias behind it, where there is any; the result keeps the layer's name."""
    if not shift.any():
        return [op]
    inner = replace(op, name=f"{op.name}_sum")
    return [inner, Apply(op.name, (inner.name,), Affine(np.ones(1), shift), node=op.node)]
