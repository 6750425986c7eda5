"""Neurons that are alike become one, and those that nothing reads leave."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..layers.dense import Linear
from ..layers.scalar import Apply
from ..real import RealGraph
from ..scalar.functions import Affine, Function, PRelu
from ..weights.block_circulant import BlockCirculant

__all__ = ["merge_neurons"]


def merge_neurons(graph: RealGraph) -> RealGraph:
    """The same function with fewer neurons between two matrices whose weights are real.

    Neurons with the same weights and the same functions behind give the same value: their outgoing weights add up.
    One whose outgoing weights are all zero is not needed.
    """
    ops = dict(graph.makers)
    for op in graph.ops:
        first, between, last = ops[op.name], list[Apply](), op
        while len(readers := graph.readers(last.name)) == 1 and last.name not in graph.outputs:
            last = ops[readers[0].name]
            if not isinstance(last, Apply):
                break
            between.append(last)
        if not isinstance(first, Linear) or not isinstance(last, Linear) or last.name == first.name:
            continue
        rows = [part for f in between if (part := parameters(f.function, len(first.weight))) is not None]
        if first.scale is not None or last.scale is not None or len(rows) < len(between):
            continue
        if BlockCirculant.find(first.weight) is not None or BlockCirculant.find(last.weight) is not None:
            continue  # fewer rows or columns would cost the blocks
        _, alike = np.unique(np.hstack([first.weight, *rows]), axis=0, return_inverse=True)
        leader = np.array([int(np.flatnonzero(alike == group)[0]) for group in alike.reshape(-1)])
        outgoing = np.zeros_like(last.weight)
        np.add.at(outgoing.T, leader, last.weight.T)
        kept = np.flatnonzero(outgoing.any(axis=0))
        if not 0 < len(kept) < len(leader):
            continue
        ops[first.name] = replace(first, weight=first.weight[kept])
        for f in between:
            ops[f.name] = replace(f, function=of_channels(f.function, kept))
        ops[last.name] = replace(last, weight=outgoing[:, kept])
    return graph.replace([ops[op.name] for op in graph.ops])


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
