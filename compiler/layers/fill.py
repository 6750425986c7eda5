"""Fill: elements of a tensor beside constants: padding, and joins with constants."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from ..circuit.adders import multiply
from ..circuit.ir import Builder, Constant, Value
from ..exact import INT64_EXACT, Ints, common_unit, ints, objects
from ..graph import Layer, Tensor
from ..number import Number
from ..real import Op, Reals, Shape, single

__all__ = ["Fill", "RealFill"]


@dataclass(frozen=True, eq=False)
class RealFill(Op):
    """``y.flat[i] = x.flat[index[i]]``, and ``values[i]`` where the index is negative; both have the result's shape."""

    index: npt.NDArray[np.int64]
    values: Reals

    def shape(self, *inputs: Shape) -> Shape:
        return self.index.shape

    def evaluate(self, *inputs: Reals) -> Reals:
        x = single(inputs)
        return np.where(self.index < 0, self.values, x.reshape(len(x), -1)[:, self.index])

    def bounds(self, low: Reals, high: Reals) -> tuple[Reals, Reals]:
        sides = (np.where(self.index < 0, self.values, side.reshape(-1)[self.index]) for side in (low, high))
        return next(sides), next(sides)

    @property
    def constants(self) -> list[Fraction]:
        """The different values beside the tensor's."""
        return [Fraction(v) for v in np.unique(self.values[self.index < 0]).tolist()]

    def unit(self, *units: Fraction) -> Fraction | None:
        common = common_unit([*units, *(abs(c) for c in self.constants if c)])
        return None if common == units[0] else common

    def lower(self, *inputs: Tensor) -> Layer:
        (x,) = inputs
        scale, offset = x.scale.flat[0], x.offset.flat[0]
        unit = common_unit([scale, *(abs(c - offset) for c in self.constants if c != offset)])
        filled = self.index < 0
        values = objects(np.zeros(self.index.shape, dtype=np.int64))
        values[filled] = [int((Fraction(v) - offset) / unit) for v in self.values[filled].tolist()]
        return Fill(self.name, (x.name,), self.index, ints(values), int(scale / unit))


@dataclass(frozen=True, eq=False)
class Fill(Layer):
    """``y.flat[i] = factor * x.flat[index[i]]``, and ``values[i]`` where the index is negative.

    The factor brings the tensor to the greatest unit of which it and all constants are multiples.
    """

    index: npt.NDArray[np.int64]
    values: Ints
    factor: int

    def infer(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        n = x.number.broadcast(x.shape)
        parts = (self.factor * objects(side).reshape(-1)[self.index] for side in (n.low, n.high, n.step))
        low, high, step = parts
        filled = self.index < 0
        values = objects(self.values)
        number = Number.of(np.where(filled, values, low), np.where(filled, values, high), np.where(filled, 0, step))
        return Tensor(self.name, self.index.shape, number, x.scale / Fraction(self.factor), x.offset)

    def evaluate(self, *inputs: Ints) -> Ints:
        (x,) = inputs
        largest = max(abs(int(x.max(initial=0))), abs(int(x.min(initial=0))))
        wide = self.factor * largest >= INT64_EXACT or self.values.dtype == object
        source: npt.NDArray[Any] = self.factor * (objects(x) if wide else ints(x))
        return ints(np.where(self.index < 0, self.values, source.reshape(len(x), -1)[:, self.index]))

    def expand(self, builder: Builder, *inputs: list[Value]) -> list[Value]:
        row = np.array([[self.factor]], dtype=object)
        scaled = [multiply(builder, [v], row)[0] for v in inputs[0]] if self.factor != 1 else inputs[0]
        pairs = zip(self.index.flat, self.values.flat, strict=True)
        return [builder.add(Constant(int(value))) if i < 0 else scaled[int(i)] for i, value in pairs]

    def describe(self) -> str:
        count = int((self.index < 0).sum())
        return f"{count} constants" + (f", factor {self.factor}" if self.factor != 1 else "")
