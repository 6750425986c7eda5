"""Softmax: at the end of a network it is the host's; elsewhere it has no integer meaning yet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..errors import CompileError, Problem
from ..graph import Layer, Tensor
from ..real import Op, Reals, Shape

__all__ = ["Softmax"]


@dataclass(frozen=True, eq=False)
class Softmax(Op):
    """``exp(x) / sum(exp(x))`` over the last axis."""

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def evaluate(self, *inputs: Reals) -> Reals:
        (x,) = inputs
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    def bounds(self, low: Reals, high: Reals) -> tuple[Reals, Reals]:
        return np.zeros(low.shape), np.ones(low.shape)

    def lower(self, *inputs: Tensor) -> Layer:
        raise CompileError(
            [Problem(self.node, "a softmax inside a network has no integer meaning", "use it at the end only")]
        )
