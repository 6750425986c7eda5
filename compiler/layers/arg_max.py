"""ArgMax: the index of the greatest element; ties take the lowest index. Of two classes by one score, its sign."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..circuit.ir import Builder, Constant, Greater, Select, Value
from ..exact import Ints, fractions
from ..graph import Layer, Tensor
from ..number import Number
from ..real import Op, Reals, Shape
from ..scalar.pieces import Line, Pieces
from .scalar import Scalar

__all__ = ["ArgMax", "RealArgMax", "RealSign"]


@dataclass(frozen=True, eq=False)
class RealArgMax(Op):
    """The index of the greatest element of the last axis."""

    decides = True

    def shape(self, *inputs: Shape) -> Shape:
        return (1,)

    def evaluate(self, *inputs: Reals) -> Reals:
        return np.argmax(inputs[0], axis=-1)[:, None].astype(np.float64)

    def bounds(self, low: Reals, high: Reals) -> tuple[Reals, Reals]:
        return np.zeros(1), np.full(1, low.shape[-1] - 1.0)

    def accepts(self, x: Tensor) -> bool:
        return len({*x.scale.flat}) == len({*x.offset.flat}) == 1

    def lower(self, *inputs: Tensor) -> Layer:
        (x,) = inputs
        return ArgMax(self.name, (x.name,))


@dataclass(frozen=True, eq=False)
class RealSign(Op):
    """The class that one score decides: 1 where it is above zero, else 0."""

    decides = True

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def evaluate(self, *inputs: Reals) -> Reals:
        return (inputs[0] > 0).astype(np.float64)

    def bounds(self, low: Reals, high: Reals) -> tuple[Reals, Reals]:
        return (low > 0).astype(np.float64), (high > 0).astype(np.float64)

    def lower(self, *inputs: Tensor) -> Layer:
        (x,) = inputs
        low, high = int(x.number.low.min()), int(x.number.high.max())
        lines = [Line(low, 0, int(low > 0), 0)] + ([Line(1, 0, 1, 0)] if low <= 0 < high else [])
        return Scalar(self.name, (x.name,), (Pieces.of(low, high, lines),), fractions([1]))


@dataclass(frozen=True, eq=False)
class ArgMax(Layer):
    """The index of the greatest element of a vector, the lowest where several are equal."""

    def infer(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        one, zero = fractions(np.ones(1)), fractions(np.zeros(1))
        return Tensor(self.name, (1,), Number.of(0, x.size - 1), one, zero)

    def evaluate(self, *inputs: Ints) -> Ints:
        (x,) = inputs
        return np.argmax(x, axis=-1)[:, None]

    def expand(self, builder: Builder, *inputs: list[Value]) -> list[Value]:
        best = [(v, builder.add(Constant(i))) for i, v in enumerate(inputs[0])]
        while len(best) > 1:
            pairs = list(zip(best[::2], best[1::2], strict=False))
            left = best[len(pairs) * 2 :]
            best = [contest(builder, a, b) for a, b in pairs] + left
        return [best[0][1]]


def contest(builder: Builder, a: tuple[Value, Value], b: tuple[Value, Value]) -> tuple[Value, Value]:
    """The greater of two values with its index; the first where both are equal."""
    wins = builder.add(Greater(b[0], a[0]))
    return builder.add(Select(wins, b[0], a[0])), builder.add(Select(wins, b[1], a[1]))
