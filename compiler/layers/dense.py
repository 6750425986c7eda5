"""Dense: a constant matrix times a vector."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from math import gcd
from typing import Any

import numpy as np
import numpy.typing as npt

from ..circuit.adders import multiply
from ..circuit.ir import Builder, Value
from ..exact import Ints, fractions, matmul, objects
from ..graph import Layer, Tensor
from ..number import Number
from ..real import Reals, Shape, Weighted
from ..weights import Weights, detect

__all__ = ["Dense", "Linear"]


@dataclass(frozen=True, eq=False)
class Linear(Weighted):
    """``weight @ x`` over the last axis; ``sines`` says that the file has the weights as sines of a constant."""

    sines: bool = field(default=False, kw_only=True)

    def shape(self, *inputs: Shape) -> Shape:
        return (*inputs[0][:-1], self.weight.shape[0])

    def evaluate(self, *inputs: Reals) -> Reals:
        return inputs[0] @ self.weight.T

    def bounds(self, low: Reals, high: Reals) -> tuple[Reals, Reals]:
        up, down = np.maximum(self.weight, 0).T, np.minimum(self.weight, 0).T
        return low @ up + high @ down, high @ up + low @ down

    def lower(self, *inputs: Tensor) -> Layer:
        (x,) = inputs
        assert self.scale is not None
        return Dense(self.name, (x.name,), detect(self.integers), self.scale)


@dataclass(frozen=True, eq=False)
class Dense(Layer):
    """``y[o] = sum of weights[o, i] * x[i]``: integer matrix times vector, no bias, nothing rounded.

    ``row_scale`` holds what one unit of each row's weights is worth.
    """

    weights: Weights
    row_scale: npt.NDArray[Any]

    @property
    def outputs(self) -> int:
        """Rows of the matrix."""
        return self.weights.shape[0]

    def infer(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        w = objects(self.weights.to_dense())
        number = x.number.broadcast((w.shape[1],))
        low, high = objects(number.low), objects(number.high)
        up, down = np.maximum(w, 0), np.minimum(w, 0)
        # a row's values are its least one plus multiples of the gcd of weight * step
        step = [gcd(*(int(a) * int(s) for a, s in zip(row, number.step, strict=True))) or 1 for row in w]
        result = Number.of(up @ low + down @ high, up @ high + down @ low, step)
        scale = self.row_scale * x.scale.reshape(-1)[0]
        return Tensor(self.name, (w.shape[0],), result, scale, fractions(np.zeros(1)))

    def evaluate(self, *inputs: Ints) -> Ints:
        (x,) = inputs
        w = self.weights.to_dense()
        largest = max(abs(int(x.max(initial=0))), abs(int(x.min(initial=0))))
        bound = int(np.abs(objects(w)).sum(axis=1).max()) * largest if w.size else 0
        return matmul(x, w.T, bound)

    def expand(self, builder: Builder, *inputs: list[Value]) -> list[Value]:
        return multiply(builder, inputs[0], self.weights.to_dense())

    def describe(self) -> str:
        return f"{self.weights}, {self.weights.bits} bits"

    @property
    def unit(self) -> Fraction:
        """The finest row scale."""
        return min(self.row_scale.flat)
