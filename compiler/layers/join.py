"""Joins of branches: sums of tensors, and channels of several tensors beside each other, at one common scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from typing import Any

import numpy as np

from ..circuit.adders import multiply
from ..circuit.ir import Builder, Value
from ..exact import INT64_EXACT, Ints, common_unit, fractions, ints, objects
from ..graph import Layer, Tensor
from ..number import Number
from ..real import Op, Reals, Shape, Units

__all__ = ["Concatenate", "Concatenation", "Sum", "Summation"]


@dataclass(frozen=True, eq=False)
class Sum(Op):
    """``sum of signs[i] * x[i]`` of tensors of one shape; signs are 1 or -1."""

    signs: tuple[int, ...]

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def evaluate(self, *inputs: Reals) -> Reals:
        return np.sum([s * x for s, x in zip(self.signs, inputs, strict=True)], axis=0)

    def bounds(self, low: Reals, high: Reals) -> tuple[Reals, Reals]:
        return self.bounds_of((low, high))

    def bounds_of(self, *inputs: tuple[Reals, Reals]) -> tuple[Reals, Reals]:
        terms = [pair if s > 0 else (-pair[1], -pair[0]) for s, pair in zip(self.signs, inputs, strict=True)]
        low, high = zip(*terms, strict=True)
        return np.sum(low, axis=0), np.sum(high, axis=0)

    def unit(self, *units: Fraction) -> Fraction | None:
        return common_unit(units)

    def accepts(self, x: Tensor) -> bool:
        return x.scale.ndim <= 1 and x.offset.ndim <= 1

    def lower(self, *inputs: Tensor) -> Layer:
        signed = tuple(s * f for s, f in zip(self.signs, align_channels(inputs), strict=True))
        return Summation(self.name, tuple(x.name for x in inputs), signed)


@dataclass(frozen=True, eq=False)
class Concatenate(Op):
    """The channels (last axis) of all inputs, in order."""

    def shape(self, *inputs: Shape) -> Shape:
        return (*inputs[0][:-1], sum(s[-1] for s in inputs))

    def evaluate(self, *inputs: Reals) -> Reals:
        return np.concatenate(inputs, axis=-1)

    def bounds(self, low: Reals, high: Reals) -> tuple[Reals, Reals]:
        return low, high

    def bounds_of(self, *inputs: tuple[Reals, Reals]) -> tuple[Reals, Reals]:
        low, high = zip(*inputs, strict=True)
        return np.concatenate(low, axis=-1), np.concatenate(high, axis=-1)

    def unit(self, *units: Fraction) -> Fraction | None:
        return common_unit(units)

    def lower(self, *inputs: Tensor) -> Layer:
        channels = tuple(x.shape[-1] for x in inputs)
        return Concatenation(self.name, tuple(x.name for x in inputs), align(inputs), channels)


@dataclass(frozen=True, eq=False)
class Summation(Layer):
    """``sum of factors[i] * x[i]``, a factor for all channels or one per channel (last axis).

    The factors bring all inputs of a channel to the greatest unit of which each is a multiple.
    """

    factors: tuple[Ints, ...]

    def infer(self, *inputs: Tensor) -> Tensor:
        low = high = objects(np.zeros(1, dtype=np.int64))
        step: Ints = low
        for factor, x in zip(self.factors, inputs, strict=True):
            a, b, s = (objects(factor) * objects(v) for v in (x.number.low, x.number.high, x.number.step))
            low, high = low + np.minimum(a, b), high + np.maximum(a, b)
            step = np.vectorize(gcd, otypes=[object])(step, np.abs(s))
        number = Number.of(low, high, step)
        scale = inputs[0].scale / objects(np.abs(self.factors[0]))
        offset = sum((np.sign(f) * x.offset for f, x in zip(self.factors, inputs, strict=True)), fractions([0]))
        return Tensor(self.name, inputs[0].shape, number, scale, offset)

    def evaluate(self, *inputs: Ints) -> Ints:
        return np.sum(scaled(inputs, self.factors), axis=0)

    def expand(self, builder: Builder, *inputs: list[Value]) -> list[Value]:
        rows = [[int(f.flat[c % f.size]) for f in self.factors] for c in range(max(f.size for f in self.factors))]
        return [
            multiply(builder, list(values), np.array([rows[i % len(rows)]], dtype=object))[0]
            for i, values in enumerate(zip(*inputs, strict=True))
        ]

    def describe(self) -> str:
        return f"factors {', '.join('per channel' if f.size > 1 else str(f.flat[0]) for f in self.factors)}"


@dataclass(frozen=True, eq=False)
class Concatenation(Layer):
    """``factors[i] * x[i]`` beside each other on the last axis; ``channels`` are those of each input."""

    factors: tuple[int, ...]
    channels: tuple[int, ...]

    def infer(self, *inputs: Tensor) -> Tensor:
        sides: list[list[Ints]] = [[], [], []]
        flat = all(i.number.low.ndim <= 1 for i in inputs)  # one entry per channel, else one per element
        for factor, x in zip(self.factors, inputs, strict=True):
            n = x.number.broadcast(x.shape[-1:] if flat else x.shape)
            for side, values in zip(sides, (n.low, n.high, n.step), strict=True):
                side.append(factor * objects(values))
        number = Number.of(*(np.concatenate(side, axis=-1) for side in sides))
        shape = (*inputs[0].shape[:-1], sum(x.shape[-1] for x in inputs))
        return Tensor(self.name, shape, number, unit(inputs, self.factors), fractions([0]))

    def evaluate(self, *inputs: Ints) -> Ints:
        return np.concatenate(scaled(inputs, self.factors), axis=-1)

    def expand(self, builder: Builder, *inputs: list[Value]) -> list[Value]:
        positions = len(inputs[0]) // self.channels[0]
        values: list[Value] = []
        for p in range(positions):
            for x, n, factor in zip(inputs, self.channels, self.factors, strict=True):
                row = np.array([[factor]], dtype=object)
                values += [multiply(builder, [v], row)[0] for v in x[p * n : (p + 1) * n]]
        return values

    def describe(self) -> str:
        return f"factors {', '.join(map(str, self.factors))}"


def align(inputs: Sequence[Tensor]) -> tuple[int, ...]:
    """The integers by which tensors of one scale each are multiplied so that one unit fits all."""
    return tuple(int(f[0]) for f in align_channels(inputs))


def unit(inputs: Sequence[Tensor], factors: Sequence[int]) -> Units:
    """What one unit of the result is worth."""
    return fractions([inputs[0].scale.flat[0] / abs(factors[0])])


def align_channels(inputs: Sequence[Tensor]) -> tuple[Ints, ...]:
    """The integers by which tensors are multiplied so that one unit fits all: one each, or one per channel each."""
    scales = [x.scale.reshape(-1) for x in inputs]
    channels = 1 if all(len({*s}) == 1 for s in scales) else max(s.size for s in scales)
    columns = list(zip(*([s[c % s.size] for c in range(channels)] for s in scales), strict=True))
    units = [common_unit(column) for column in columns]
    rows = zip(*([int(s / unit) for s in column] for column, unit in zip(columns, units, strict=True)), strict=True)
    return tuple(ints(objects(list(row))) for row in rows)


def scaled(inputs: Sequence[Ints], factors: Sequence[Any]) -> list[Ints]:
    """The products, in int64 where even their sum fits."""
    largest = [max(abs(int(x.max(initial=0))), abs(int(x.min(initial=0)))) for x in inputs]
    most = [max(abs(int(v)) for v in np.asarray(f).flat) for f in factors]
    fits = sum(a * b for a, b in zip(most, largest, strict=True)) < INT64_EXACT
    return [f * ints(x) if fits else objects(f) * objects(x) for f, x in zip(factors, inputs, strict=True)]
