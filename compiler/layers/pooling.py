"""Pooling: the greatest element of each window, or the average, channel by channel."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm
from typing import Any

import numpy as np
import numpy.typing as npt

from ..circuit.adders import multiply
from ..circuit.ir import Builder, Greater, Select, Value
from ..exact import INT64_EXACT, Ints, objects
from ..graph import Layer, Tensor
from ..number import Number
from ..real import Op, Reals, Shape
from .window import Window

__all__ = ["AveragePool", "AveragePooling", "MaxPool", "MaxPooling", "total"]


@dataclass(frozen=True, eq=False)
class MaxPool(Op):
    """The greatest element of each window; padding never wins. Inputs are (*spatial, channels)."""

    window: Window

    def shape(self, *inputs: Shape) -> Shape:
        return self.window.result(inputs[0], inputs[0][-1])

    def evaluate(self, *inputs: Reals) -> Reals:
        return greatest(inputs[0], self.window, -np.inf)

    def bounds(self, low: Reals, high: Reals) -> tuple[Reals, Reals]:
        return self.evaluate(low[None])[0], self.evaluate(high[None])[0]

    def accepts(self, x: Tensor) -> bool:
        return True

    def lower(self, *inputs: Tensor) -> Layer:
        (x,) = inputs
        return MaxPooling(self.name, (x.name,), self.window, x.shape)


@dataclass(frozen=True, eq=False)
class MaxPooling(Layer):
    """The greatest element of each window, at the input's scale; ``source`` is the input's shape."""

    window: Window
    source: Shape

    def infer(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        shape = self.window.result(x.shape, x.shape[-1])
        if x.number.low.ndim > 1:
            number, channels = x.number.broadcast(x.shape), x.shape[-1]
            low, high, step = (objects(a).reshape(-1, channels) for a in (number.low, number.high, number.step))
            least = greatest(objects(number.low)[None], self.window, objects(number.low).min()).reshape(-1, channels)
            bottom, top = least.min(axis=0), high.max(axis=0)
            unit = [gcd(*step[:, c], *(v - bottom[c] for v in low[:, c]), top[c] - bottom[c]) for c in range(channels)]
            result = Number.of(bottom, top, [u or 1 for u in unit])
        else:
            result = x.number
        return Tensor(self.name, shape, result, x.scale, x.offset)

    def evaluate(self, *inputs: Ints) -> Ints:
        (x,) = inputs
        return greatest(x, self.window, x.min(initial=0))

    def expand(self, builder: Builder, *inputs: list[Value]) -> list[Value]:
        values: list[Value] = []
        for taps in windows(self.window, self.source):
            best, *rest = (inputs[0][i] for i in taps)
            for v in rest:
                best = builder.add(Select(builder.add(Greater(v, best)), v, best))
            values.append(best)
        return values

    def describe(self) -> str:
        return str(self.window)


@dataclass(frozen=True, eq=False)
class AveragePool(Op):
    """The sum of each window over ``divisors``: one number per position, (*positions)."""

    window: Window
    divisors: npt.NDArray[np.int64]

    def shape(self, *inputs: Shape) -> Shape:
        return self.window.result(inputs[0], inputs[0][-1])

    def evaluate(self, *inputs: Reals) -> Reals:
        return total(inputs[0], self.window, np.dtype(np.float64)) / self.divisors[..., None]

    def bounds(self, low: Reals, high: Reals) -> tuple[Reals, Reals]:
        return self.evaluate(low[None])[0], self.evaluate(high[None])[0]

    @property
    def divisor(self) -> int:
        """The least common multiple of all divisors: a unit of the input counts this often in the result."""
        return lcm(*map(int, {*self.divisors.flat}))

    def unit(self, *units: Fraction) -> Fraction | None:
        return units[0] / self.divisor

    def accepts(self, x: Tensor) -> bool:
        return not any(x.offset.flat)

    def lower(self, *inputs: Tensor) -> Layer:
        (x,) = inputs
        factors = self.divisor // self.divisors
        return AveragePooling(self.name, (x.name,), self.window, factors, self.divisor, x.shape)


@dataclass(frozen=True, eq=False)
class AveragePooling(Layer):
    """``y[p, c] = factors[p] * sum of the window of x[c] at p``; a unit of it is 1 / ``divisor`` of the input's.

    Nothing is rounded: the division is in the scale. ``source`` is the input's shape.
    """

    window: Window
    factors: npt.NDArray[np.int64]
    divisor: int
    source: Shape

    def infer(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        shape = self.window.result(x.shape, x.shape[-1])
        number, channels = x.number.broadcast(x.shape), x.shape[-1]
        low, high = (self.sums(objects(a)[None]).reshape(-1, channels) for a in (number.low, number.high))
        factor = gcd(*map(int, {*self.factors.flat}))
        step = objects(number.step).reshape(-1, channels)
        unit = [gcd(*(factor * s for s in step[:, c]), *(v - low[0, c] for v in low[:, c])) for c in range(channels)]
        result = Number.of(low.min(axis=0), high.max(axis=0), [u or 1 for u in unit])
        return Tensor(self.name, shape, result, x.scale * Fraction(1, self.divisor), x.offset)

    def sums(self, x: Ints) -> Ints:
        """The result, in the arithmetic of the array."""
        return total(x, self.window, x.dtype) * self.factors[..., None]

    def evaluate(self, *inputs: Ints) -> Ints:
        (x,) = inputs
        largest = max(abs(int(x.max(initial=0))), abs(int(x.min(initial=0))))
        fits = largest * self.window.taps * int(self.factors.max()) < INT64_EXACT
        return self.sums(x.astype(np.int64) if fits else objects(x))

    def expand(self, builder: Builder, *inputs: list[Value]) -> list[Value]:
        values: list[Value] = []
        for i, taps in enumerate(windows(self.window, self.source)):
            factor = int(self.factors.reshape(-1)[i // self.source[-1]])
            values += multiply(builder, [inputs[0][t] for t in taps], np.full((1, len(taps)), factor))
        return values

    def describe(self) -> str:
        return f"{self.window}, over {self.divisor}"


def greatest(x: npt.NDArray[Any], window: Window, fill: Any) -> npt.NDArray[Any]:
    """The greatest element of each window, axis by axis and tap by tap; ``fill`` is in the padding."""
    return reduce_windows(x, window, fill, np.maximum)


def total(x: npt.NDArray[Any], window: Window, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """The sum of each window."""
    return reduce_windows(x.astype(dtype, copy=False), window, 0, np.add)


def reduce_windows(x: npt.NDArray[Any], window: Window, fill: Any, combine: np.ufunc) -> npt.NDArray[Any]:
    """All taps of each window combined: (samples, *spatial, channels) to (samples, *positions, channels)."""
    patches = window.patches(x, fill)
    first, *rest = np.ndindex(window.kernel)
    before = (slice(None),) * (window.rank + 1)
    result: npt.NDArray[Any] = patches[(*before, *first)].copy()
    for tap in rest:
        combine(result, patches[(*before, *tap)], out=result)
    return result


def windows(window: Window, source: Shape) -> list[list[int]]:
    """The element numbers that each result element reads, without padding, in C order."""
    index = np.arange(int(np.prod(source))).reshape(1, *source)
    patches = np.moveaxis(window.patches(index, -1)[0], -1, window.rank)  # (*positions, channels, *kernel)
    return [[int(i) for i in row if i >= 0] for row in patches.reshape(-1, window.taps)]
