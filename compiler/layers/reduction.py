"""Reductions over axes, which stay with one entry: sums and averages, the greatest and the least element."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import gcd
from typing import Any

import numpy as np
import numpy.typing as npt

from ..circuit.adders import multiply
from ..circuit.ir import Builder, Value
from ..exact import INT64_EXACT, Ints, fractions, objects
from ..graph import Layer, Tensor
from ..number import Number
from ..real import Op, Reals, Shape
from .extreme import better, choose, extreme_of

__all__ = ["ExtremeReduction", "Reduce", "ReduceExtreme", "ReduceSum", "SumReduction"]

Axes = tuple[int, ...]
"""Axes of the tensor without its batch, ascending."""


@dataclass(frozen=True, eq=False)
class Reduce(Op):
    """A reduction over ``axes``."""

    axes: Axes

    def shape(self, *inputs: Shape) -> Shape:
        return tuple(1 if i in self.axes else d for i, d in enumerate(inputs[0]))

    def bounds(self, low: Reals, high: Reals) -> tuple[Reals, Reals]:
        return self.evaluate(low[None])[0], self.evaluate(high[None])[0]


@dataclass(frozen=True, eq=False)
class ReduceSum(Reduce):
    """The sum over axes, divided by ``divisor``."""

    divisor: int = 1

    def evaluate(self, *inputs: Reals) -> Reals:
        return inputs[0].sum(axis=behind_batch(self.axes), keepdims=True) / self.divisor

    def unit(self, *units: Fraction) -> Fraction | None:
        return units[0] / self.divisor

    def accepts(self, x: Tensor) -> bool:
        return not any(x.offset.flat) and is_constant(x.scale, x.shape, self.axes)

    def lower(self, *inputs: Tensor) -> Layer:
        (x,) = inputs
        return SumReduction(self.name, (x.name,), self.axes, x.shape, self.divisor)


@dataclass(frozen=True, eq=False)
class ReduceExtreme(Reduce):
    """The greatest element over axes, or with ``least`` the least."""

    least: bool = False

    def evaluate(self, *inputs: Reals) -> Reals:
        return choose(self.least).reduce(inputs[0], axis=behind_batch(self.axes), keepdims=True)

    def accepts(self, x: Tensor) -> bool:
        return is_constant(x.scale, x.shape, self.axes) and is_constant(x.offset, x.shape, self.axes)

    def lower(self, *inputs: Tensor) -> Layer:
        return ExtremeReduction(self.name, (inputs[0].name,), self.axes, inputs[0].shape, self.least)


@dataclass(frozen=True, eq=False)
class SumReduction(Layer):
    """The sum over axes; the division by ``divisor`` is in the scale. ``source`` is the input's shape."""

    axes: Axes
    source: Shape
    divisor: int

    def infer(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        n = x.number.broadcast(x.shape)
        low, high = (objects(a).sum(axis=self.axes, keepdims=True) for a in (n.low, n.high))
        step = reduce(np.vectorize(gcd, otypes=[object]), grouped(objects(n.step), self.axes))
        shape = tuple(1 if i in self.axes else d for i, d in enumerate(x.shape))
        scale = first(x.scale, x.shape, self.axes) / self.divisor
        return Tensor(self.name, shape, Number.of(low, high, step), scale, fractions([0]))

    def evaluate(self, *inputs: Ints) -> Ints:
        (x,) = inputs
        largest = max(abs(int(x.max(initial=0))), abs(int(x.min(initial=0))))
        fits = largest * int(np.prod(self.source)) < INT64_EXACT
        return (x.astype(np.int64) if fits else objects(x)).sum(axis=behind_batch(self.axes), keepdims=True)

    def expand(self, builder: Builder, *inputs: list[Value]) -> list[Value]:
        groups = gathered(inputs[0], self.source, self.axes)
        return [multiply(builder, group, np.ones((1, len(group)), dtype=np.int64))[0] for group in groups]

    def describe(self) -> str:
        return f"axes {', '.join(map(str, self.axes))}" + (f", over {self.divisor}" if self.divisor > 1 else "")


@dataclass(frozen=True, eq=False)
class ExtremeReduction(Layer):
    """The greatest (``least``: the least) element over axes. ``source`` is the input's shape."""

    axes: Axes
    source: Shape
    least: bool

    def infer(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        n = x.number.broadcast(x.shape)
        parts = zip(*(grouped(a, self.axes) for a in (n.low, n.high, n.step)), strict=True)
        number = extreme_of([Number(*part) for part in parts], self.least)
        shape = tuple(1 if i in self.axes else d for i, d in enumerate(x.shape))
        return Tensor(self.name, shape, number, first(x.scale, x.shape, self.axes), first(x.offset, x.shape, self.axes))

    def evaluate(self, *inputs: Ints) -> Ints:
        return choose(self.least).reduce(inputs[0], axis=behind_batch(self.axes), keepdims=True)

    def expand(self, builder: Builder, *inputs: list[Value]) -> list[Value]:
        groups = gathered(inputs[0], self.source, self.axes)
        return [reduce(lambda a, b: better(builder, a, b, self.least), group) for group in groups]

    def describe(self) -> str:
        return f"{'least' if self.least else 'greatest'}, axes {', '.join(map(str, self.axes))}"


def behind_batch(axes: Axes) -> Axes:
    """The axes of a batch."""
    return tuple(a + 1 for a in axes)


def grouped(values: npt.NDArray[Any], axes: Axes) -> list[npt.NDArray[Any]]:
    """One array of the result's shape for each element that meets in a result."""
    shape = tuple(1 if i in axes else d for i, d in enumerate(values.shape))
    front = np.moveaxis(values, axes, range(len(axes)))
    return list(front.reshape(-1, *shape))


def gathered(values: list[Value], source: Shape, axes: Axes) -> list[list[Value]]:
    """The scalars that meet in each result element, in C order."""
    index = np.stack([part.reshape(-1) for part in grouped(np.arange(len(values)).reshape(source), axes)], axis=-1)
    return [[values[int(i)] for i in row] for row in index]


def first(values: npt.NDArray[Any], shape: Shape, axes: Axes) -> npt.NDArray[Any]:
    """A parameter that is the same along the axes, for the result."""
    return values.reshape(-1) if values.size == 1 else grouped(np.broadcast_to(values, shape), axes)[0]


def is_constant(values: npt.NDArray[Any], shape: Shape, axes: Axes) -> bool:
    """Whether a parameter is the same along the axes."""
    return values.size == 1 or bool((np.broadcast_to(values, shape) == first(values, shape, axes)).all())
