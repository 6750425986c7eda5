"""Convolution: a constant kernel that moves over the spatial axes of a channel-last tensor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import gcd, prod
from typing import Any

import numpy as np
import numpy.typing as npt

from ..circuit.adders import digit_count, multiply, narrowest
from ..circuit.ir import Builder, Value
from ..exact import BLAS_EXACT, Ints, blas_type, fractions, matmul, objects
from ..graph import Layer, Tensor
from ..number import Number
from ..real import Reals, Shape, Weighted
from .window import Window

__all__ = ["Convolution", "Convolve"]

Product = Callable[[Any, Any], Any]

TOGETHER = 1 << 14  # digits at all positions: above, the search for shared sums takes more than some seconds
EFFORT = 1500  # of its local search per digit: ten times as much saves 0.2 % of the bits


@dataclass(frozen=True, eq=False)
class Convolve(Weighted):
    """``y[p, o] = sum over taps t and channels c of weight[o, t, c] * x[stride * p + dilation * t - before, c]``.

    Inputs are (*spatial, channels), ``weight`` is (outputs, *kernel, channels / groups); output ``o`` reads the
    channels of group ``o * groups / outputs``. Padding is zero.
    """

    window: Window
    groups: int = 1

    def shape(self, *inputs: Shape) -> Shape:
        return self.window.result(inputs[0], len(self.weight))

    def evaluate(self, *inputs: Reals) -> Reals:
        return convolve(inputs[0], self.weight, self.window, self.groups, np.matmul)

    def bounds(self, low: Reals, high: Reals) -> tuple[Reals, Reals]:
        return extremes(low, high, self.weight, self.window, self.groups, np.matmul)

    def lower(self, *inputs: Tensor) -> Layer:
        (x,) = inputs
        assert self.scale is not None
        return Convolution(self.name, (x.name,), self.integers, self.window, self.groups, self.scale, x.shape)


@dataclass(frozen=True, eq=False)
class Convolution(Layer):
    """:class:`Convolve` on integers: no bias, nothing rounded; padding is the integer zero.

    ``weights`` is (outputs, *kernel, channels / groups); ``channel_scale`` holds what one unit of each output's
    weights is worth; ``source`` is the input's shape, (*spatial, channels).
    """

    weights: Ints
    window: Window
    groups: int
    channel_scale: npt.NDArray[Any]
    source: Shape

    @property
    def outputs(self) -> int:
        """Output channels."""
        return len(self.weights)

    @property
    def matrices(self) -> Ints:
        """The weights as one matrix per group: (groups, outputs / groups, taps * channels / groups)."""
        return self.weights.reshape(self.groups, self.outputs // self.groups, -1)

    def bound(self, largest: int) -> int:
        """A bound of every partial sum's magnitude where no input is larger than ``largest``."""
        rows = np.abs(objects(self.weights.reshape(self.outputs, -1)))
        return int(rows.sum(axis=1).max()) * largest

    def infer(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        shape = self.window.result(x.shape, self.outputs)
        number = x.number.broadcast(x.shape)
        bound = self.bound(x.number.max_abs)
        low, high = extremes(
            number.low, number.high, self.weights, self.window, self.groups, lambda a, b: matmul(a, b, bound)
        )
        low, high = low.reshape(-1, self.outputs), high.reshape(-1, self.outputs)
        # a position's values are its least one plus multiples of the gcd of weight * step; positions differ by their
        # least values, as padding is zero whatever the lattice
        channel_step = [gcd(*map(int, {*s.flat})) for s in np.moveaxis(number.step, -1, 0)]
        step = [
            gcd(*self.steps(o, channel_step), *(int(v) - int(low[0, o]) for v in {*low[:, o].flat})) or 1
            for o in range(self.outputs)
        ]
        result = Number.of(low.min(axis=0), high.max(axis=0), step)
        scale = self.channel_scale * x.scale.reshape(-1)[0]
        return Tensor(self.name, shape, result, scale, fractions(np.zeros(1)))

    def steps(self, output: int, channel_step: list[int]) -> list[int]:
        """Weight times step of every term of an output."""
        each = self.weights.shape[-1]
        first = output // (self.outputs // self.groups) * each
        per_channel = objects(self.weights[output].reshape(-1, each))
        return [int(w) * channel_step[first + c] for row in per_channel for c, w in enumerate(row)]

    def evaluate(self, *inputs: Ints) -> Ints:
        (x,) = inputs
        bound = self.bound(max(abs(int(x.max(initial=0))), abs(int(x.min(initial=0)))))
        if bound < BLAS_EXACT:  # before each element is copied into several patches
            x = x.astype(blas_type(bound))
        return convolve(x, self.weights, self.window, self.groups, lambda a, b: matmul(a, b, bound))

    def expand(self, builder: Builder, *inputs: list[Value]) -> list[Value]:
        """The kernel at each position, or all positions as one sparse matrix whose sums are shared."""
        (x,) = inputs
        index = np.arange(len(x)).reshape(1, *self.source)
        patches = self.window.patches(index, -1).reshape(-1, self.window.taps, self.groups, self.weights.shape[-1])

        def each() -> list[Value]:
            values: list[Value] = []
            for position in patches:
                for group, matrix in enumerate(self.matrices):
                    taps = position[:, group].reshape(-1)
                    inside = taps >= 0
                    values += multiply(builder, [x[int(i)] for i in taps[inside]], matrix[:, inside])
            return values

        def together() -> list[Value]:
            rows = np.zeros((len(patches), self.groups, self.matrices.shape[1], len(x) + 1), self.weights.dtype)
            for position, row in zip(patches, rows, strict=True):
                for group, matrix in enumerate(self.matrices):
                    row[group][:, position[:, group].reshape(-1)] = matrix  # padding goes into the last column
            return multiply(builder, x, rows[..., :-1].reshape(-1, len(x)), EFFORT)

        return narrowest(builder, each, together) if self.overlapping else each()

    @property
    def overlapping(self) -> bool:
        """Whether windows share elements, and so few digits that sums are shared between positions."""
        positions = prod(self.window.positions(self.source[:-1]))
        shared = positions * self.window.taps > prod(self.source[:-1])
        return shared and positions * digit_count(self.weights) <= TOGETHER

    def describe(self) -> str:
        groups = f", {self.groups} groups" if self.groups > 1 else ""
        return f"{self.window}, {self.weights.shape[-1] * self.groups} to {self.outputs} channels{groups}"


def convolve(x: npt.NDArray[Any], weight: npt.NDArray[Any], window: Window, groups: int, product: Product) -> Any:
    """Patches as rows of a matrix times the weights, a product per group, a few samples at a time."""
    outputs = len(weight)
    matrices = weight.reshape(groups, outputs // groups, -1).transpose(0, 2, 1)
    shape = window.result(x.shape[1:], outputs)
    parts: list[npt.NDArray[Any]] = []
    for part in window.batches(x):
        rows = window.patches(part, 0).reshape(len(part) * int(np.prod(shape[:-1])), window.taps, groups, -1)
        rows = np.moveaxis(rows, 2, 0).reshape(groups, rows.shape[0], -1)
        parts.append(np.moveaxis(product(rows, matrices), 0, 1).reshape(len(part), *shape))
    return np.concatenate(parts)


def extremes(
    low: npt.NDArray[Any],
    high: npt.NDArray[Any],
    weight: npt.NDArray[Any],
    window: Window,
    groups: int,
    product: Product,
) -> tuple[Any, Any]:
    """The least and greatest result of each element from bounds of each input element."""
    up, down = np.maximum(weight, 0), np.minimum(weight, 0)
    both = np.stack([low, high])
    rising, falling = (convolve(both, w, window, groups, product) for w in (up, down))
    return rising[0] + falling[1], rising[1] + falling[0]
