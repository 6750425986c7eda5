"""TopK: the greatest (or least) elements of the last axis in order, and their indices."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from ..circuit.ir import Builder, Constant, Greater, Select, Value
from ..exact import Ints, fractions, objects
from ..graph import Layer, Tensor
from ..number import Number
from ..real import Op, Reals, Shape

__all__ = ["RealTopIndices", "RealTopValues", "TopIndices", "TopValues"]


@dataclass(frozen=True, eq=False)
class TopOp(Op):
    """``count`` of the last axis: the greatest first, or with ``least`` the least.

    Of equal elements the one with the lowest index is first, or with ``last`` the one with the highest.
    """

    decides = True

    count: int
    least: bool = False
    last: bool = False

    def shape(self, *inputs: Shape) -> Shape:
        return (*inputs[0][:-1], self.count)

    def accepts(self, x: Tensor) -> bool:
        return all(v.size == 1 or bool((v == v[..., :1]).all()) for v in (x.scale, x.offset))


@dataclass(frozen=True, eq=False)
class RealTopIndices(TopOp):
    """The indices."""

    def evaluate(self, *inputs: Reals) -> Reals:
        return ranked(inputs[0], self.count, self.least, self.last).astype(np.float64)

    def bounds(self, low: Reals, high: Reals) -> tuple[Reals, Reals]:
        shape = self.shape(low.shape)
        return np.zeros(shape), np.full(shape, low.shape[-1] - 1.0)

    def unit(self, *units: Fraction) -> Fraction | None:
        return Fraction(1)

    def lower(self, *inputs: Tensor) -> Layer:
        return TopIndices(self.name, (inputs[0].name,), self.count, self.least, self.last, inputs[0].shape[-1])


@dataclass(frozen=True, eq=False)
class RealTopValues(TopOp):
    """The elements."""

    def evaluate(self, *inputs: Reals) -> Reals:
        return best(inputs[0], self.count, self.least)

    def bounds(self, low: Reals, high: Reals) -> tuple[Reals, Reals]:
        return best(low, self.count, self.least), best(high, self.count, self.least)

    def lower(self, *inputs: Tensor) -> Layer:
        return TopValues(self.name, (inputs[0].name,), self.count, self.least, inputs[0].shape[-1])


@dataclass(frozen=True, eq=False)
class TopIndices(Layer):
    """The indices of the first ``count`` of ``of`` elements in order: the greatest, or with ``least`` the least, first.

    Of equal elements the one with the lowest index is first, or with ``last`` the one with the highest.
    """

    count: int
    least: bool
    last: bool
    of: int

    def infer(self, *inputs: Tensor) -> Tensor:
        shape = (*inputs[0].shape[:-1], self.count)
        return Tensor(self.name, shape, Number.of(0, self.of - 1), fractions([1]), fractions([0]))

    def evaluate(self, *inputs: Ints) -> Ints:
        return ranked(inputs[0], self.count, self.least, self.last)

    def expand(self, builder: Builder, *inputs: list[Value]) -> list[Value]:
        rows = [inputs[0][n : n + self.of] for n in range(0, len(inputs[0]), self.of)]
        return [index for row in rows for _, index in front(builder, row, self.count, self.least, self.last)]

    def describe(self) -> str:
        return described(self.count, self.least) + (", last of equals" if self.last else "")


@dataclass(frozen=True, eq=False)
class TopValues(Layer):
    """The first ``count`` of ``of`` elements in order: the greatest, or with ``least`` the least, first."""

    count: int
    least: bool
    of: int

    def infer(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        number = x.number
        if number.low.ndim and number.low.shape[-1] > 1:
            low, high = (best(objects(a), self.count, self.least) for a in (number.low, number.high))
            number = Number.of(low, high, int(number.union().step))
        scale, offset = (v[..., :1] for v in (x.scale, x.offset))
        return Tensor(self.name, (*x.shape[:-1], self.count), number, scale, offset)

    def evaluate(self, *inputs: Ints) -> Ints:
        return best(inputs[0], self.count, self.least)

    def expand(self, builder: Builder, *inputs: list[Value]) -> list[Value]:
        rows = [inputs[0][n : n + self.of] for n in range(0, len(inputs[0]), self.of)]
        return [value for row in rows for value, _ in front(builder, row, self.count, self.least, False)]

    def describe(self) -> str:
        return described(self.count, self.least)


def described(count: int, least: bool) -> str:
    """How many of which end."""
    return f"{count} {'least' if least else 'greatest'}"


Pair = tuple[Value, Value]
"""A value and its index."""


def front(builder: Builder, row: list[Value], count: int, least: bool, last: bool) -> list[Pair]:
    """The first elements with their indices: the best one moves to the front, then the best of the rest."""
    pairs = [(v, builder.add(Constant(i))) for i, v in enumerate(row)]
    pairs = pairs[::-1] if last else pairs
    for place in range(count):
        for n in range(len(row) - 1, place, -1):
            a, b = pairs[n - 1], pairs[n]
            wins = builder.add(Greater(a[0], b[0]) if least else Greater(b[0], a[0]))
            pairs[n - 1 : n + 1] = [either(builder, wins, b, a), either(builder, wins, a, b)]
    return pairs[:count]


def either(builder: Builder, condition: Value, a: Pair, b: Pair) -> Pair:
    """The first pair where the condition is 1, else the second."""
    return builder.add(Select(condition, a[0], b[0])), builder.add(Select(condition, a[1], b[1]))


def ranked(x: npt.NDArray[Any], count: int, least: bool, last: bool) -> npt.NDArray[np.int64]:
    """The indices of the first elements of the last axis in order."""
    keys = np.asarray(x if least else np.negative(x))
    if not last:
        return np.argsort(keys, axis=-1, kind="stable")[..., :count].astype(np.int64)
    backwards = np.argsort(keys[..., ::-1], axis=-1, kind="stable")[..., :count]
    return (x.shape[-1] - 1 - backwards).astype(np.int64)


def best(x: npt.NDArray[Any], count: int, least: bool) -> npt.NDArray[Any]:
    """The first elements of the last axis in order."""
    ordered = np.sort(x, axis=-1)
    return (ordered if least else ordered[..., ::-1])[..., :count]
