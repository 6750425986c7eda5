"""Neurons that are alike become one, and those that nothing reads leave."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeGuard

import numpy as np
import numpy.typing as npt

from ..layers.convolution import Convolve
from ..layers.dense import Linear
from ..layers.pooling import AveragePool, MaxPool
from ..layers.scalar import Apply
from ..real import Op, RealGraph
from ..scalar.functions import Affine, Function, PRelu
from ..weights.block_circulant import BlockCirculant

__all__ = ["merge_neurons"]


def merge_neurons(graph: RealGraph) -> RealGraph:
    """The same function with fewer neurons between two matrices, or convolutions, whose weights are real.

    Neurons with the same weights and the same functions behind give the same value: their outgoing weights add up.
    One whose outgoing weights are all zero is not needed.
    """
    ops = dict(graph.makers)
    for op in graph.ops:
        first, between, last = ops[op.name], list[Apply | MaxPool | AveragePool](), op
        while len(readers := graph.readers(last.name)) == 1 and last.name not in graph.outputs:
            last = ops[readers[0].name]
            if not isinstance(last, Apply | MaxPool | AveragePool):
                break
            between.append(last)
        if not is_real(first) or not is_real(last) or last.name == first.name:
            continue
        functions = [f for f in between if isinstance(f, Apply)]
        rows = [part for f in functions if (part := parameters(f.function, len(first.weight))) is not None]
        if len(rows) < len(functions):
            continue
        if any(m.weight.ndim == 2 and BlockCirculant.find(m.weight) is not None for m in (first, last)):
            continue  # fewer rows or columns would cost the blocks
        incoming = first.weight.reshape(len(first.weight), -1)
        _, alike = np.unique(np.hstack([incoming, *rows]), axis=0, return_inverse=True)
        leader = np.array([int(np.flatnonzero(alike == group)[0]) for group in alike.reshape(-1)])
        outgoing = np.zeros_like(last.weight)
        np.add.at(outgoing.T, leader, last.weight.T)
        kept = np.flatnonzero(outgoing.reshape(-1, len(leader)).any(axis=0))
        if not 0 < len(kept) < len(leader):
            continue
        ops[first.name] = replace(first, weight=first.weight[kept])
        for f in functions:
            ops[f.name] = replace(f, function=of_channels(f.function, kept))
        ops[last.name] = replace(last, weight=outgoing[..., kept])
    return graph.replace([ops[op.name] for op in graph.ops])


def is_real(op: Op) -> TypeGuard[Linear | Convolve]:
    """Whether it is a layer of which neurons can leave: its weights are no codes, and each output reads all inputs."""
    return (isinstance(op, Linear) or (isinstance(op, Convolve) and op.groups == 1)) and op.scale is None


def parameters(function: Function, count: int) -> npt.NDArray[np.float64] | None:
    """What differs by channel, (channels, parameters), or None where that is not known."""
    match function:
        case Affine():
            sides = (function.slope, function.intercept)
        case PRelu():
            sides = (function.slope,)
        case _:
            return np.zeros((count, 0)) if function.channels == 1 else None
    return np.stack([np.broadcast_to(v.astype(np.float64).reshape(-1), (count,)) for v in sides], axis=1)


def of_channels(function: Function, kept: npt.NDArray[np.int64]) -> Function:
    """The function of some of the channels."""

    def some(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return values.reshape(-1)[kept] if values.size > 1 else values

    match function:
        case Affine():
            return Affine(some(function.slope), some(function.intercept))
        case PRelu():
            return PRelu(some(function.slope))
        case _:
            return function
