"""Two linear layers with nothing between them become one, where that takes no more weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..layers.convolution import Convolve
from ..layers.dense import Linear
from ..real import Op, RealGraph, Weighted
from ..weights.block_circulant import BlockCirculant
from .fold_affine import only_reader

__all__ = ["collapse"]

SMALLER = 0.75  # a convolution must shrink to this: what it saves is small beside its line buffers


def collapse(graph: RealGraph) -> RealGraph:
    """The same function with each such pair as one layer; biases between them have moved behind before (fold_affine).

    Weights that are not zero count. Codes of the file and block-circulant matrices stay; of two convolutions one must
    take single positions, without padding and strides, and neither may have groups.
    """
    while (changed := collapse_once(graph)) is not graph:
        graph = changed
    return graph


def collapse_once(graph: RealGraph) -> RealGraph:
    """Collapse the first pair; the name of the second layer stays."""
    for op in graph.ops:
        reader = only_reader(graph, op)
        merged = None if reader is None else product(op, reader)
        if merged is not None:
            return graph.replace([merged if o is reader else o for o in graph.ops if o is not op])
    return graph


def product(first: Op, last: Op) -> Op | None:
    """The two layers as one; None where they cannot be, or should not."""
    match first, last:
        case Linear(scale=None), Linear(scale=None):
            if any(BlockCirculant.find(op.weight) is not None for op in (first, last)):
                return None
            merged, share = replace(last, inputs=first.inputs, weight=last.weight @ first.weight), 1.0
        case Convolve(scale=None, groups=1), Convolve(scale=None, groups=1) if is_pointwise(last):
            weight = np.tensordot(last.weight.reshape(last.weight.shape[0], -1), first.weight, 1)
            merged, share = replace(first, name=last.name, node=last.node, weight=weight), SMALLER
        case Convolve(scale=None, groups=1), Convolve(scale=None, groups=1) if is_pointwise(first):
            weight = np.tensordot(last.weight, first.weight.reshape(first.weight.shape[0], -1), 1)
            merged, share = replace(last, inputs=first.inputs, weight=weight), SMALLER
        case _:
            return None
    return merged if count(merged) <= share * (count(first) + count(last)) else None


def is_pointwise(op: Convolve) -> bool:
    """Whether it takes each position by itself."""
    return op.window.taps == 1 and not op.window.padded and set(op.window.strides) == {1}


def count(op: Weighted) -> int:
    """Weights that are not zero."""
    return int(np.count_nonzero(op.weight))
