"""Softmax and its binary form: at a network's end they are the host's; elsewhere they have no integer meaning yet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import CompileError, Problem
from ..graph import Layer, Tensor
from ..real import Op, Reals, Shape

__all__ = ["BothClasses", "Softmax"]


@dataclass(frozen=True, eq=False)
class Softmax(Op):
    """``exp(x) / sum(exp(x))`` over some axes, by default the last one; with ``log`` its logarithm."""

    axes: tuple[int, ...] = (-1,)
    log: bool = False

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def evaluate(self, *inputs: Reals) -> Reals:
        (x,) = inputs
        over = tuple(a if a < 0 else a + 1 for a in self.axes)
        below = x - x.max(axis=over, keepdims=True)
        e = np.exp(below)
        total = e.sum(axis=over, keepdims=True)
        return below - np.log(total) if self.log else e / total

    def bounds(self, low: Reals, high: Reals) -> tuple[Reals, Reals]:
        if not self.log:
            return np.zeros(low.shape), np.ones(low.shape)
        return np.full(low.shape, low.min() - high.max() - np.log(low.size)), np.zeros(low.shape)

    def lower(self, *inputs: Tensor) -> Layer:
        raise CompileError(
            [Problem(self.node, "a softmax inside a network has no integer meaning", "use it at the end only")]
        )


@dataclass(frozen=True, eq=False)
class BothClasses(Op):
    """``(1 - p, p)`` of the probability of the second of two classes."""

    def shape(self, *inputs: Shape) -> Shape:
        return (2,)

    def evaluate(self, *inputs: Reals) -> Reals:
        (p,) = inputs
        return np.concatenate([1 - p, p], axis=-1)

    def bounds(self, low: Reals, high: Reals) -> tuple[Reals, Reals]:
        return np.concatenate([1 - high, low], axis=-1), np.concatenate([1 - low, high], axis=-1)

    def lower(self, *inputs: Tensor) -> Layer:
        raise CompileError(
            [Problem(self.node, "a pair of probabilities has no integer meaning here", "use it behind a sigmoid only")]
        )
