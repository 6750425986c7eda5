"""Scales and shifts per channel (batch norm, normalisation of the input) go into the float weights beside them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..exact import fractions
from ..layers.convolution import Convolve
from ..layers.dense import Linear
from ..layers.scalar import Apply
from ..real import Op, RealGraph, Reals
from ..scalar.functions import Affine

__all__ = ["fold_affine"]


def fold_affine(graph: RealGraph) -> RealGraph:
    """The same function with each affine next to unquantised weights reduced to a bias behind them."""
    while (folded := fold_once(graph)) is not graph:
        graph = folded
    return graph


def only_reader(graph: RealGraph, op: Op) -> Op | None:
    """The single operation that reads a result, if there is just one and it is no output."""
    readers = graph.readers(op.name)
    return readers[0] if len(readers) == 1 and op.name not in graph.outputs else None


def fold_once(graph: RealGraph) -> RealGraph:
    """Fold the first pair that can be folded; the name of the second operation stays."""
    for op in graph.ops:
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


def merge(op: Op, reader: Op | None) -> list[Op] | None:
    """Two operations as one, or None where they cannot be."""
    if not isinstance(op, Apply) or not isinstance(op.function, Affine):
        return None
    slope, intercept = op.function.slope, op.function.intercept
    if isinstance(reader, Apply) and isinstance(reader.function, Affine):
        after = reader.function
        a, b = fractions(after.slope), fractions(after.intercept)
        slope, intercept = np.broadcast_arrays(a * fractions(slope), a * fractions(intercept) + b)
        return [replace(reader, inputs=op.inputs, function=Affine(slope, intercept))]
    if isinstance(reader, Linear) and reader.scale is None:
        weight = reader.weight * slope.astype(np.float64).reshape(1, -1)
        shift = reader.weight @ np.broadcast_to(intercept.astype(np.float64).reshape(-1), (reader.weight.shape[1],))
        inner = replace(reader, name=f"{reader.name}_sum", inputs=op.inputs, weight=weight)
        return [inner, Apply(reader.name, (inner.name,), Affine(np.ones(1), shift), node=reader.node)]
    if isinstance(reader, Convolve) and reader.scale is None:
        return into_convolution(op, reader, slope.astype(np.float64), intercept.astype(np.float64))
    return None


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
    inner = replace(reader, name=f"{reader.name}_sum", inputs=op.inputs, weight=weight)
    return [inner, Apply(reader.name, (inner.name,), Affine(np.ones(1), shift), node=reader.node)]
