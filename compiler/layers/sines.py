"""Sines: a constant matrix of sines times a vector of sines, from their angles and without products."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from math import pi
from typing import Any

import numpy as np
import numpy.typing as npt

from ..circuit.adders import multiply
from ..circuit.ir import Add, Builder, Circuit, Constant, Lookup, Value
from ..exact import Ints, fractions
from ..graph import Layer, Tensor
from ..number import Number
from ..real import Op, Reals, Shape

__all__ = ["QUARTER", "RealSines", "Sines", "Waves", "table"]

QUARTER = Fraction(pi / 2)
"""Radians of a quarter turn, as a float64 has them."""


@dataclass(frozen=True, eq=False)
class Waves:
    """Half a turn of a cosine and of a sine as integers, ``2^bits`` steps to a quarter turn.

    ``even[n + v]`` stands for ``A cos(v + 1/2)``, ``odd[n + t]`` for ``A sin(t + 1/2) - 1/2``, for ``v`` and ``t`` in
    ``-n .. n - 1`` and ``n = 2^bits`` steps. ``circuits`` are the logic of both, where it was chosen with their values.
    ``product`` is that of one function of the word ``n k + a`` in the place of both: ``2 A sin(a) sin(k + 1/2)``.
    """

    amplitude: float
    even: tuple[int, ...]
    odd: tuple[int, ...]
    circuits: tuple[Circuit, ...] = ()
    product: Circuit | None = None

    @staticmethod
    def of(bits: int, amplitude: float) -> Waves:
        """The nearest integers, none above the amplitude's."""
        curves = exact_waves(1 << bits, amplitude)
        even, odd = (np.clip(np.rint(x), low, high).astype(np.int64).tolist() for x, (low, high) in curves)
        return Waves(amplitude, tuple(even), tuple(odd))

    def within(self, error: float) -> list[tuple[Ints, Ints]]:
        """The least and the greatest integers that are at most so far off, of both; at least the present ones."""
        bounds: list[tuple[Ints, Ints]] = []
        for (x, ends), now in zip(exact_waves(self.steps, self.amplitude), (self.even, self.odd), strict=True):
            low, high = (np.clip(side, *ends).astype(np.int64) for side in (np.ceil(x - error), np.floor(x + error)))
            bounds.append((np.minimum(low, now), np.maximum(high, now)))
        return bounds

    def products_within(self, error: float) -> tuple[Ints, Ints]:
        """The least and the greatest integers at most so far off ``2 A sin(a) sin(k + 1/2)``, by the word of both."""
        a, k = np.sin(np.arange(self.steps) * self.step), np.sin((np.arange(self.steps) + 0.5) * self.step)
        real = (2 * self.amplitude * np.outer(k, a)).reshape(-1)
        low, high = (np.maximum(side, 0).astype(np.int64) for side in (np.ceil(real - error), np.floor(real + error)))
        return low, high

    @property
    def centre(self) -> Fraction:
        """What a product is less than its real value, on average."""
        return Fraction(1, 2) if self.product is None else Fraction(0)

    def offsets(self, angles: Ints) -> npt.NDArray[Any]:
        """What the sums of each row of a matrix are less than they stand for."""
        negative = (angles < 0).sum(axis=1)
        return fractions(negative) + self.centre * fractions(angles.shape[1] - 2 * negative)

    @property
    def step(self) -> float:
        """Radians of a step."""
        return pi / 2 / self.steps

    @property
    def steps(self) -> int:
        """Steps of a quarter turn."""
        return len(self.even) // 2

    @property
    def bits(self) -> int:
        """Bits that number the steps of a quarter turn."""
        return self.steps.bit_length() - 1

    @cached_property
    def logic(self) -> tuple[Circuit, ...]:
        """Circuits of both: the chosen ones, or tables."""
        return self.circuits or tuple(table(-self.steps, values) for values in (self.even, self.odd))

    @cached_property
    def products(self) -> Ints:
        """``p(k, a)`` of :class:`Sines` for every step ``k`` of a weight and ``a`` of an input, (n, n)."""
        n = self.steps
        if self.product is not None:
            return self.product.evaluate(np.arange(n * n).reshape(-1, 1)).reshape(n, n)
        k, a = np.mgrid[:n, :n]
        return np.asarray(self.even)[n + k - a] + np.asarray(self.odd)[k + a]


def exact_waves(steps: int, amplitude: float) -> list[tuple[Reals, tuple[int, int]]]:
    """What both stand for, and the range of their integers."""
    v = (np.arange(-steps, steps) + 0.5) * pi / (2 * steps)
    top = max(int(np.ceil(amplitude)) - 1, 1)
    return [(amplitude * np.cos(v), (0, top)), (amplitude * np.sin(v) - 0.5, (-top - 1, top))]


def table(first: int, values: Sequence[int]) -> Circuit:
    """A circuit from ``first, first + 1, ...`` to the values."""
    builder = Builder((Number.of(first, first + len(values) - 1),))
    (v,) = builder.start()
    return builder.finish([builder.add(Lookup(v, first, tuple(values)))])


@dataclass(frozen=True, eq=False)
class RealSines(Op):
    """``weight @ sin(x)`` over the last axis for angles ``x`` in radians, clipped to the first quarter turn.

    ``angles`` are the weights' in steps once they are quantised: a row's weight is ``gain sin(k + 1/2)``.
    """

    weight: npt.NDArray[np.float64]
    angles: Ints | None = field(default=None, kw_only=True)
    waves: Waves | None = field(default=None, kw_only=True)
    scale: Fraction = field(default=Fraction(0), kw_only=True)

    def shape(self, *inputs: Shape) -> Shape:
        return (*inputs[0][:-1], self.weight.shape[0])

    def evaluate(self, *inputs: Reals) -> Reals:
        if self.angles is None or self.waves is None:
            return np.sin(np.clip(inputs[0], 0, pi / 2)) @ self.weight.T
        steps = np.rint(inputs[0] * float(self.waves.steps / QUARTER)).astype(np.int64)
        offsets = self.waves.offsets(self.angles).astype(np.float64)
        return (sums(self.waves, self.angles, steps) + offsets) * float(self.scale)

    def bounds(self, low: Reals, high: Reals) -> tuple[Reals, Reals]:
        up, down = np.maximum(self.weight, 0).T, np.minimum(self.weight, 0).T
        low, high = (np.sin(np.clip(side, 0, pi / 2)) for side in (low, high))
        return low @ up + high @ down, high @ up + low @ down

    def unit(self, *units: Fraction) -> Fraction | None:
        return self.scale

    def quantised(self, bits: int, unit: Fraction, choose: Callable[[Waves], Waves] = lambda w: w) -> RealSines:
        """The same with angles of ``2^bits`` steps to a quarter turn, and an amplitude of about half as many.

        Sums count in ``unit`` times a power of two. ``choose`` may give other waves.
        """
        gain = fit(self.weight, bits)
        power = round(float(np.log2(gain / 2**bits / float(unit))))
        scale = unit * Fraction(2) ** power
        waves = Waves.of(bits, gain / 2 / float(scale))
        return replace(self, angles=nearest(self.weight / gain, bits), waves=choose(waves), scale=scale)

    def lower(self, *inputs: Tensor) -> Layer:
        (x,) = inputs
        assert self.angles is not None
        assert self.waves is not None
        return Sines(self.name, (x.name,), self.angles, self.waves, self.scale)


def nearest(sines: Reals, bits: int) -> Ints:
    """The steps ``k`` whose ``k + 1/2`` is nearest to the angle of each sine."""
    steps = np.floor(np.arcsin(np.clip(sines, -1, 1)) * 2 ** (bits + 1) / pi)
    return np.clip(steps, -(1 << bits), (1 << bits) - 1).astype(np.int64)


def fit(weight: Reals, bits: int) -> float:
    """The greatest weight's value at a quarter turn: the power of two above it, or what leaves the least error."""
    most = float(np.abs(weight).max(initial=0.0)) or 1.0
    tried = [2.0 ** np.ceil(np.log2(most)), *(most * np.linspace(0.9, 1.1, 21))]

    def error(gain: float) -> float:
        back = np.sin((nearest(weight / gain, bits) + 0.5) * pi / 2 ** (bits + 1)) * gain
        return float(np.square(back - weight).sum())

    return float(min(tried, key=error))


def sums(waves: Waves, angles: Ints, steps: Ints) -> Ints:
    """``sum_i p(angles[o, i], steps[i])`` for rows of steps, see :class:`Sines`."""
    signed = both(waves)
    column = np.arange(angles.shape[1])
    rows = [signed[row][column, steps].sum(axis=-1) for row in angles + waves.steps]
    return np.stack(rows, axis=-1)


def both(waves: Waves) -> Ints:
    """The product of every angle ``-n .. n - 1`` of a weight and ``0 .. n - 1`` of an input, (2 n, n)."""
    return np.concatenate([~waves.products[::-1], waves.products])


@dataclass(frozen=True, eq=False)
class Sines(Layer):
    """``y[o] = sum_i p(angles[o, i], x[i])`` for angles ``x`` in ``0 .. n - 1`` steps, ``n`` to a quarter turn.

    ``p(k, a) = even(k - a) + odd(k + a - n)`` stands for ``A (cos(k + 1/2 - a) - cos(k + 1/2 + a)) - 1/2``, that is
    ``2 A sin(a) sin(k + 1/2) - 1/2``, or is one function of both; and ``p(-k - 1, a) = -p(k, a) - 1``. The halves and
    ones are in the result's offset. The identity is that of J. Cai et al., "Trigonometric inference providing learning
    in deep neural networks", Applied Sciences 11 (2021).
    """

    angles: Ints
    waves: Waves
    unit: Fraction

    @property
    def outputs(self) -> int:
        """Rows of the matrix."""
        return self.angles.shape[0]

    def infer(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        number, products = x.number.broadcast((self.angles.shape[1],)), both(self.waves)
        low, high = np.zeros(self.outputs, np.int64), np.zeros(self.outputs, np.int64)
        for i, (least, most, step) in enumerate(zip(number.low, number.high, number.step, strict=True)):
            some = products[self.angles[:, i] + self.waves.steps, int(least) : int(most) + 1 : int(step) or 1]
            low, high = low + some.min(axis=1), high + some.max(axis=1)
        offset = self.unit * self.waves.offsets(self.angles)
        return Tensor(self.name, (self.outputs,), Number.of(low, high), fractions([self.unit]), offset)

    def evaluate(self, *inputs: Ints) -> Ints:
        return sums(self.waves, self.angles, np.asarray(inputs[0], np.int64))

    def expand(self, builder: Builder, *inputs: list[Value]) -> list[Value]:
        found: list[Value] = []
        columns: list[npt.NDArray[Any]] = []
        for i, v in enumerate(inputs[0]):
            r, steps = builder.ranges[v], self.angles[:, i]
            size = np.where(steps < 0, ~steps, steps)
            for k in np.unique(size):
                entries = self.waves.products[k, r.low : r.high + 1]
                found.append(builder.add(Lookup(v, r.low, tuple(entries.tolist()))))
                columns.append(np.where(size == k, np.where(steps < 0, -1, 1), 0))
        less = (self.angles < 0).sum(axis=1).tolist()
        totals = multiply(builder, found, np.stack(columns, axis=1))
        return [
            builder.add(Add(y, builder.add(Constant(n)), subtract=True)) if n else y
            for y, n in zip(totals, less, strict=True)
        ]

    def describe(self) -> str:
        return f"angles of 1/{4 * self.waves.steps} turn, amplitude {max(self.waves.even)}"
