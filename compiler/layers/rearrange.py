"""Rearrange: reshape, transpose, slice: each result element is one input element."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..circuit.ir import Builder, Value
from ..exact import Ints
from ..graph import Layer, Tensor
from ..number import Number
from ..real import Op, Reals, Shape, single

__all__ = ["RealRearrange", "Rearrange"]


@dataclass(frozen=True, eq=False)
class RealRearrange(Op):
    """``y.flat[i] = x.flat[index[i]]``; ``index`` has the result's shape."""

    moves = True
    index: npt.NDArray[np.int64]

    def shape(self, *inputs: Shape) -> Shape:
        return self.index.shape

    def evaluate(self, *inputs: Reals) -> Reals:
        x = single(inputs)
        return x.reshape(len(x), -1)[:, self.index]

    def bounds(self, low: Reals, high: Reals) -> tuple[Reals, Reals]:
        return low.reshape(-1)[self.index], high.reshape(-1)[self.index]

    def lower(self, *inputs: Tensor) -> Layer:
        return Rearrange(self.name, (inputs[0].name,), self.index)


@dataclass(frozen=True, eq=False)
class Rearrange(Layer):
    """``y.flat[i] = x.flat[index[i]]``; ``index`` has the result's shape."""

    index: npt.NDArray[np.int64]

    def infer(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        number = x.number
        if number.low.size > 1:
            flat = number.broadcast(x.shape)
            number = Number(*(a.reshape(-1)[self.index] for a in (flat.low, flat.high, flat.step)))
        scale, offset = (
            a.reshape(-1)[:1] if len({*a.flat}) == 1 else np.broadcast_to(a, x.shape).reshape(-1)[self.index]
            for a in (x.scale, x.offset)
        )
        return Tensor(self.name, self.index.shape, number, scale, offset)

    def evaluate(self, *inputs: Ints) -> Ints:
        (x,) = inputs
        return x.reshape(len(x), -1)[:, self.index]

    def expand(self, builder: Builder, *inputs: list[Value]) -> list[Value]:
        return [inputs[0][int(i)] for i in self.index.flat]

    @property
    def keeps_order(self) -> bool:
        """Whether it only names another shape."""
        return np.array_equal(self.index.reshape(-1), np.arange(self.index.size))
