"""Neurons whose value is always the same go into the bias behind the next layer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..layers.convolution import Convolve
from ..layers.dense import Linear
from ..layers.pooling import AveragePool, MaxPool
from ..layers.scalar import Apply
from ..real import Op, RealGraph, Reals, Shape
from .fold_affine import only_reader, shifted

__all__ = ["fix_constants"]

Bounds = Mapping[str, tuple[Reals, Reals]]


def fix_constants(graph: RealGraph, bounds: Bounds | None = None) -> RealGraph:
    """The same function with outgoing weights of zero where a neuron is constant; merging then removes the neuron.

    A neuron is constant where its weights are all zero, or where ``bounds`` of the tensors (of a stated input range)
    leave one value behind a ReLU, a clip or another function. Weights that carry the file's codes stay.
    """
    ops = graph.makers
    behind: dict[str, list[Op]] = {}
    for first in graph.ops:
        between: list[Op] = []
        last = only_reader(graph, first)
        while isinstance(last, Apply | MaxPool | AveragePool):
            between.append(last)
            last = only_reader(graph, last)
        if not isinstance(first, Linear | Convolve) or not isinstance(last, Linear | Convolve):
            continue
        if first.scale is not None or last.scale is not None or (isinstance(last, Convolve) and last.groups > 1):
            continue
        fixed, values = constants(first, between, graph.shapes, bounds or {})
        if isinstance(last, Convolve) and last.window.padded:
            fixed = fixed & (values == 0)  # the padding around another constant is no constant
        spread = np.where(fixed, 1.0, 0.0)
        if not (last.weight * spread).any():
            continue
        shift = (last.weight * np.where(fixed, values, 0.0)).reshape(len(last.weight), -1).sum(axis=1)
        inner = replace(last, weight=last.weight * (1 - spread))
        behind[last.name] = shifted(inner, shift)
    return graph.replace([new for op in ops.values() for new in behind.get(op.name, [op])])


def constants(
    first: Linear | Convolve, between: list[Op], shapes: Mapping[str, Shape], bounds: Bounds
) -> tuple[npt.NDArray[np.bool_], Reals]:
    """Which channels are constant at the end of a chain, and their values there."""
    count = len(first.weight)
    fixed: npt.NDArray[np.bool_] = np.logical_not(first.weight.reshape(count, -1).any(axis=1))
    values = np.zeros(shapes[first.name])
    for op in between:
        if isinstance(op, Apply) and op.function.domain.lacks(values).any():
            return np.zeros(count, np.bool_), np.zeros(count)
        values = op.evaluate(values[None])[0]
        if op.name in bounds:
            low, high = (v.reshape(-1, count) for v in bounds[op.name])
            proven = ~fixed & (low.min(axis=0) == high.max(axis=0))
            values = np.where(proven, low[0], values)
            fixed = fixed | proven
    rows = values.reshape(-1, count)
    return fixed & (rows == rows[0]).all(axis=0), rows[0]
