"""The greatest or the least of several tensors, element by element, at one common unit."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import gcd

import numpy as np

from ..circuit.adders import multiply
from ..circuit.ir import Builder, Greater, Select, Value
from ..exact import Ints, common_unit, fractions, objects
from ..graph import Layer, Tensor
from ..number import Number
from ..real import Op, Reals, Shape
from .join import align, scaled, unit

__all__ = ["Extreme", "Extremum", "better", "extreme_of"]


@dataclass(frozen=True, eq=False)
class Extreme(Op):
    """The greatest of tensors of one shape, or with ``least`` the least."""

    least: bool = False

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def evaluate(self, *inputs: Reals) -> Reals:
        return choose(self.least).reduce(inputs)

    def bounds(self, low: Reals, high: Reals) -> tuple[Reals, Reals]:
        return low, high

    def bounds_of(self, *inputs: tuple[Reals, Reals]) -> tuple[Reals, Reals]:
        low, high = zip(*inputs, strict=True)
        return self.evaluate(*low), self.evaluate(*high)

    def unit(self, *units: Fraction) -> Fraction | None:
        return common_unit(units)

    def lower(self, *inputs: Tensor) -> Layer:
        return Extremum(self.name, tuple(x.name for x in inputs), align(inputs), self.least)


@dataclass(frozen=True, eq=False)
class Extremum(Layer):
    """The greatest (``least``: the least) of ``factors[i] * x[i]``; the factors bring all inputs to one unit."""

    factors: tuple[int, ...]
    least: bool

    def infer(self, *inputs: Tensor) -> Tensor:
        numbers = [
            Number(*(f * objects(a) for a in (x.number.low, x.number.high, x.number.step)))
            for f, x in zip(self.factors, inputs, strict=True)
        ]
        number = extreme_of(numbers, self.least)
        return Tensor(self.name, inputs[0].shape, number, unit(inputs, self.factors), fractions([0]))

    def evaluate(self, *inputs: Ints) -> Ints:
        return choose(self.least).reduce(scaled(inputs, self.factors))

    def expand(self, builder: Builder, *inputs: list[Value]) -> list[Value]:
        rows = [np.array([[f]], dtype=object) for f in self.factors]
        values: list[Value] = []
        for operands in zip(*inputs, strict=True):
            aligned = [multiply(builder, [v], row)[0] for v, row in zip(operands, rows, strict=True)]
            values.append(reduce(lambda a, b: better(builder, a, b, self.least), aligned))
        return values

    def describe(self) -> str:
        return f"{'least' if self.least else 'greatest'}, factors {', '.join(map(str, self.factors))}"


def choose(least: bool) -> np.ufunc:
    """NumPy's function of two numbers."""
    return np.minimum if least else np.maximum


def better(builder: Builder, a: Value, b: Value, least: bool) -> Value:
    """The greater or the lesser of two scalars."""
    first, second = builder.ranges[a], builder.ranges[b]
    if first.low >= second.high or second.low >= first.high:
        return a if (first.low >= second.high) != least else b
    wins = builder.add(Greater(a, b) if least else Greater(b, a))
    return builder.add(Select(wins, b, a))


def extreme_of(numbers: list[Number], least: bool) -> Number:
    """The smallest lattice of the greatest or least of independent elements of each."""
    sign = -1 if least else 1
    sides = [(n.high, n.low, n.step) if least else (n.low, n.high, n.step) for n in numbers]
    low, high, step = (
        np.stack(np.broadcast_arrays(*(objects(side[i]) for side in sides))) * (1 if i == 2 else sign) for i in range(3)
    )
    bottom, top = low.max(axis=0), high.max(axis=0)
    wins = high > bottom  # every value above the bottom is reached, from the first one on
    past = (bottom - low) % np.maximum(step, 1)
    after = np.where(wins, np.where(wins, step, 0) - past, 0)
    further = np.where(wins & (bottom + after < high), step, 0)
    unit = reduce(np.vectorize(gcd, otypes=[object]), [*after, *further])
    return Number.of(-top, -bottom, unit) if least else Number.of(bottom, top, unit)
