"""Product of two tensors, element by element; of a tensor with itself, its square."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import gcd

import numpy as np

from ..circuit.adders import multiply
from ..circuit.ir import Bit, Builder, Concat, Constant, Lookup, Multiply, Range, Shift, Value
from ..circuit.logic import logic
from ..exact import INT64_EXACT, Ints, fractions, ints, objects
from ..graph import Layer, Tensor
from ..number import Number
from ..real import Op, Reals, Shape

__all__ = ["Product", "RealProduct"]

TABLE_LIMIT = 1 << 5  # squares of few values are a table


@dataclass(frozen=True, eq=False)
class RealProduct(Op):
    """``x * y`` of two tensors of one shape, or the square of one."""

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def evaluate(self, *inputs: Reals) -> Reals:
        return inputs[0] * inputs[1]

    def bounds(self, low: Reals, high: Reals) -> tuple[Reals, Reals]:
        return self.bounds_of((low, high), (low, high))

    def bounds_of(self, *inputs: tuple[Reals, Reals]) -> tuple[Reals, Reals]:
        corners = np.stack([a * b for a in inputs[0] for b in inputs[1]])
        low, high = corners.min(axis=0), corners.max(axis=0)
        if self.inputs[0] == self.inputs[1]:
            least, most = inputs[0]
            low = np.where((least <= 0) & (most >= 0), 0.0, np.minimum(least**2, most**2))
        return low, high

    def unit(self, *units: Fraction) -> Fraction | None:
        return units[0] * units[1]

    def accepts(self, x: Tensor) -> bool:
        return not any(x.offset.flat)

    def lower(self, *inputs: Tensor) -> Layer:
        return Product(self.name, tuple(x.name for x in inputs))


@dataclass(frozen=True, eq=False)
class Product(Layer):
    """``x * y``, exact; a unit of it is the product of the inputs' units."""

    def infer(self, *inputs: Tensor) -> Tensor:
        x, y = inputs
        number = square_of(x.number) if x.name == y.name else product_of(x.number, y.number)
        return Tensor(self.name, x.shape, number, x.scale * y.scale, fractions([0]))

    def evaluate(self, *inputs: Ints) -> Ints:
        bound = 1
        for x in inputs:
            bound *= max(abs(int(x.max(initial=0))), abs(int(x.min(initial=0))))
        x, y = (ints(x) if bound < INT64_EXACT else objects(x) for x in inputs)
        return x * y

    def expand(self, builder: Builder, *inputs: list[Value]) -> list[Value]:
        return [product(builder, a, b) for a, b in zip(*inputs, strict=True)]


def product(builder: Builder, a: Value, b: Value) -> Value:
    """The product of two scalars: shifts and adders where one is a constant, a table or rows of bits for squares."""
    for v, k in ((a, builder.ranges[b]), (b, builder.ranges[a])):
        if k.low == k.high:
            return multiply(builder, [v], objects([[k.low]]))[0]
    low, high, _ = builder.ranges[a]
    if a == b and high - low < TABLE_LIMIT:
        return builder.add(Lookup(a, low, tuple(v * v for v in range(low, high + 1))))
    if a == b:
        return square(builder, a)
    return builder.add(Multiply(a, b))


def square(builder: Builder, x: Value) -> Value:
    """The square of a scalar from its bits: half of the partial products are twins, so each row has the bits above one.

    ``x^2 = sum of b_i 4^i (1 + 4 (x >> i + 1))``; the sign's row is taken away.
    """
    zeros = builder.ranges[x].zeros
    odd = builder.add(Shift(x, zeros)) if zeros else x
    r = builder.ranges[odd]
    bits = [builder.add(Bit(odd, k)) for k in range(r.width)]
    zero, sign = builder.add(Constant(0)), [bits.pop()] if r.signed else []
    rows = [row(builder, b, [builder.add(Constant(1)), zero, *bits[i + 1 :]]) for i, b in enumerate(bits)]
    weights = [1 << 2 * i for i in range(len(bits))]
    for b in sign:  # (y - 2^m)^2 = y^2 + 2^(m + 1) (2^(m - 1) - y), m bits before the sign
        rows += [row(builder, b, bits), b]
        weights += [-(2 << len(bits)), 1 << 2 * len(bits)]
    (total,) = multiply(builder, rows, objects([weights]))
    least, most, _ = Multiply(odd, odd).range(r, r)
    result = builder.add(
        Concat(tuple(builder.add(Bit(total, k)) for k in range(most.bit_length())), Range(least, most))
    )
    return builder.add(Shift(result, -2 * zeros)) if zeros else result


def row(builder: Builder, chosen: Value, bits: list[Value]) -> Value:
    """A number by its bits, the lowest first, or 0."""
    both = tuple(logic(builder, [b, chosen], 0b1000) for b in bits)
    return builder.add(Concat(both, Range(0, (1 << len(bits)) - 1)))


def product_of(x: Number, y: Number) -> Number:
    """The smallest lattice of all products: they differ by multiples of what the corner's neighbours differ by."""
    a, b = (tuple(map(objects, (n.low, n.high, n.step))) for n in (x, y))
    corners = np.stack(np.broadcast_arrays(*(p * q for p in a[:2] for q in b[:2])))
    steps = np.broadcast_arrays(a[0] * b[2], a[2] * b[0], a[2] * b[2])
    return Number.of(corners.min(axis=0), corners.max(axis=0), np.vectorize(gcd, otypes=[object])(*steps))


def square_of(x: Number) -> Number:
    """The smallest lattice of all squares."""
    low, high, step = (objects(a) for a in (x.low, x.high, x.step))

    def one(a: int, b: int, s: int) -> tuple[int, int, int]:
        if s == 0:
            return a * a, a * a, 0
        below = a + s * min(max(-a // s, 0), (b - a) // s)  # of the two values next to zero the lower one
        above = min(below + s, b)
        least = min(below * below, above * above)
        return least, max(a * a, b * b), gcd(s * (2 * a + s), 2 * s * s if b - a > s else 0)

    columns = np.array([one(*row) for row in zip(low.flat, high.flat, step.flat, strict=True)], dtype=object)
    return Number.of(*(columns[:, i].reshape(low.shape) for i in range(3)))
