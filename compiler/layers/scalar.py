"""Scalar: an integer function of each element, from a chain of element-wise operations with a quantiser at its end."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import gcd
from typing import Any

import numpy as np
import numpy.typing as npt

from ..circuit.adders import multiply
from ..circuit.inline import inline
from ..circuit.ir import (
    Add,
    AtLeast,
    Bit,
    Builder,
    Circuit,
    Clamp,
    Constant,
    Greater,
    Lookup,
    Multiply,
    Select,
    Shift,
    Value,
)
from ..errors import CompileError, Problem
from ..exact import INT64_EXACT, Ints, as_fraction, common_unit, fractions, objects, trailing_zeros
from ..graph import Layer, Tensor
from ..number import Number
from ..real import Op, Reals, Shape
from ..scalar.forms import MultiplyShift, digits, multiply_shift
from ..scalar.functions import Affine, Function, Kinked, Smooth, Stepped
from ..scalar.pieces import Line, Pieces, shifted
from ..scalar.quantizer import Quantizer
from ..scalar.solve import DomainError, SolveError, affine_pieces, solve

__all__ = ["Apply", "Quantize", "Scalar", "exact_scalar"]

TABLE_LIMIT = 1 << 12  # a larger domain is written as comparisons
MANY_LINES = 4  # more of them share a multiplier
BLOCK = 1 << 15  # elements that are multiplied at once


@dataclass(frozen=True, eq=False)
class Apply(Op):
    """An element-wise real function."""

    function: Function

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def evaluate(self, *inputs: Reals) -> Reals:
        outside = inputs[0][self.function.domain.lacks(inputs[0])]
        if outside.size:
            raise self.refuse(f"can be {outside.flat[0]:.6g}")
        return self.function.evaluate(inputs[0])

    def bounds(self, low: Reals, high: Reals) -> tuple[Reals, Reals]:
        least, most = low.min(initial=np.inf), high.max(initial=-np.inf)
        if low.size and not np.isfinite([least, most]).all():
            what = "it reads values beyond the range of float64"
            raise CompileError([Problem(self.node, what, "train with normalisation, or state a smaller input range")])
        if low.size and not self.function.domain.holds(as_fraction(least), as_fraction(most)):
            raise self.refuse(f"can lie in {least:.6g} .. {most:.6g}")
        return self.function.bounds(low, high)

    def refuse(self, what: str) -> CompileError:
        """The error of an input that leaves the domain."""
        what = f"its input {what}, and {self.function.name} takes {self.function.domain}"
        return CompileError([Problem(self.node, what, DomainError.remedy)])

    def lower(self, *inputs: Tensor) -> Layer:
        raise CompileError([Problem(self.node, "no quantiser follows it", "quantise the model first")])


@dataclass(frozen=True, eq=False)
class Quantize(Op):
    """A quantiser: the point where a chain becomes integers."""

    quantizer: Quantizer

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def evaluate(self, *inputs: Reals) -> Reals:
        return self.quantizer.evaluate(inputs[0])

    def bounds(self, low: Reals, high: Reals) -> tuple[Reals, Reals]:
        return self.quantizer.evaluate(low), self.quantizer.evaluate(high)

    def lower(self, *inputs: Tensor) -> Layer:
        return self.chain(inputs[0], ())

    def chain(self, source: Tensor, functions: tuple[Function, ...]) -> Scalar:
        """The one layer that a chain of functions between an integer tensor and this quantiser becomes."""
        count = kinds(source, self.quantizer.channels, *(f.channels for f in functions))
        low, high = channel_bounds(source.number, count)
        step = channel_steps(source.number, count, low)
        try:
            pieces = tuple(
                solve(
                    functions, self.quantizer, low[c], high[c], at(source.scale, c), at(source.offset, c), c
                ).on_lattice(step[c])
                for c in range(count)
            )  # fmt: skip
        except SolveError as error:
            raise CompileError([Problem(self.node, f"its function has {error}", error.remedy)]) from error
        curved = any(isinstance(f, Smooth) for f in functions) and not any(isinstance(f, Stepped) for f in functions)
        freedom = self.quantizer.freedom if curved else 0
        return Scalar(self.name, (source.name,), pieces, self.quantizer.scale, freedom=freedom)


def kinds(source: Tensor, *channels: int) -> int:
    """How many different functions read a tensor: one per channel where anything differs by channel, else one."""
    varied = max(source.scale.size, source.offset.size, *channels) > 1
    return source.shape[-1] if varied and source.shape else 1


def exact_scalar(name: str, source: Tensor, functions: Sequence[Kinked], together: bool) -> Scalar:
    """A chain that no quantiser ends: nothing is rounded, the unit is the greatest one that holds every value.

    ``together`` asks for one unit for all channels, from zero; else an affine chain keeps the integers as they are, and
    what it does stands in scale and offset.
    """
    count = kinds(source, *(f.channels for f in functions))
    low, high = channel_bounds(source.number, count)
    parts = [
        list(affine_pieces(functions, c, low[c], high[c], at(source.scale, c), at(source.offset, c)))
        for c in range(count)
    ]
    zeros = [Fraction(0)] * count
    if not together and all(isinstance(f, Affine) for f in functions):
        slopes, offsets = zip(*((slope, intercept) for ((_, _, slope, intercept),) in parts), strict=True)
        units = [abs(slope) or Fraction(1) for slope in slopes]
    else:
        units, offsets = [common_unit([v for _, _, *line in part for v in line]) for part in parts], zeros
        units = [common_unit(units)] * count if together else units

    def line(start: int, slope: Fraction, intercept: Fraction, c: int) -> Line:
        return Line(start, int(slope / units[c]), int((intercept - offsets[c]) / units[c]), 0)

    pieces = [
        Pieces.of(low[c], high[c], [line(start, slope, intercept, c) for start, _, slope, intercept in part])
        for c, part in enumerate(parts)
    ]
    return Scalar(name, (source.name,), tuple(pieces), fractions(units), fractions(offsets))


def at(values: npt.NDArray[Any], channel: int) -> Any:
    """A per-channel parameter."""
    flat = values.reshape(-1)
    return flat[channel if flat.size > 1 else 0]


def channel_bounds(number: Number, count: int) -> tuple[list[int], list[int]]:
    """Least and greatest value of each channel (last axis)."""
    if count == 1 or number.low.size == 1:
        one = number.union()
        return [int(one.low)] * count, [int(one.high)] * count
    low, high = number.low.reshape(-1, count), number.high.reshape(-1, count)
    return [int(v) for v in low.min(axis=0)], [int(v) for v in high.max(axis=0)]


def channel_steps(number: Number, count: int, low: list[int]) -> list[int]:
    """What all values of each channel differ from its least one by multiples of."""
    if count == 1 or number.low.size == 1:
        return [int(number.union().step)] * count
    lows, steps = (objects(v).reshape(-1, count) for v in (number.low, number.step))
    return [gcd(*steps[:, c], *(v - low[c] for v in {*lows[:, c]})) for c in range(count)]


@dataclass(frozen=True, eq=False)
class Scalar(Layer):
    """``y = f_c(x)`` with one exact integer function per channel (last axis), or one for all."""

    pieces: tuple[Pieces, ...]
    unit: npt.NDArray[Any]
    """What one unit of the result is worth: one fraction, or one per channel."""
    offset: npt.NDArray[Any] = field(default_factory=lambda: fractions([0]))
    """What zero is worth, likewise."""
    freedom: int = 0
    """How many units other values than those of ``pieces`` may be off where they take less logic."""
    circuits: tuple[Circuit, ...] = ()
    """The logic of each of ``pieces``, where it was chosen together with the values."""

    def infer(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        low, high = (list(side) for side in zip(*(p.range for p in self.pieces), strict=True))
        step = [p.step for p in self.pieces]
        number = Number.of(low, high, step) if len(step) > 1 else Number.of(low[0], high[0], step[0])
        return Tensor(self.name, x.shape, number, self.unit, self.offset)

    def evaluate(self, *inputs: Ints) -> Ints:
        (x,) = inputs
        parameters = self.parameters
        if parameters is not None:
            return multiplied(x, *parameters)
        if len(self.pieces) == 1:
            return self.pieces[0](x)
        return np.stack([f(x[..., c]) for c, f in enumerate(self.pieces)], axis=-1)

    @cached_property
    def forms(self) -> tuple[MultiplyShift, ...] | None:
        """Every channel as shift and clip, or None where one is not."""
        found = tuple(f for p in self.pieces if (f := multiply_shift(p)) is not None and f.shifts)
        return found if len(found) == len(self.pieces) else None

    @cached_property
    def parameters(self) -> tuple[Ints, ...] | None:
        """Multiplier, offset, shift, least and greatest value, tie of each channel where int64 holds the products; None
        where a channel is not of this form."""
        if len(self.pieces) == 1 and self.pieces[0].table is not None:
            return None  # which is faster
        found = [form for p in self.pieces if (form := multiply_shift(p)) is not None]
        ends = [max(abs(p.low), abs(p.high)) for p in self.pieces]
        if len(found) < len(ends) or any(f.reach(v) >= INT64_EXACT for f, v in zip(found, ends, strict=True)):
            return None
        rows = [(f.multiplier, f.offset, f.right, f.low, f.high, f.tie) for f in found]
        return tuple(np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))

    def expand(self, builder: Builder, *inputs: list[Value]) -> list[Value]:
        if self.circuits:
            return [inline(builder, self.circuits[i % len(self.circuits)], [v])[0] for i, v in enumerate(inputs[0])]
        return [expand(builder, self.pieces[i % len(self.pieces)], v) for i, v in enumerate(inputs[0])]

    def describe(self) -> str:
        text = str(self.pieces[0]) if len(self.pieces) == 1 else f"{len(self.pieces)} functions, {self.pieces[0]}, ..."
        error = max((p.error for p in self.pieces), default=0)
        return f"{text}, at most {error} off" if error else text


def multiplied(x: Ints, factor: Ints, offset: Ints, right: Ints, low: Ints, high: Ints, tie: Ints) -> Ints:
    """``clip(shifted(factor * x + offset))`` per channel (last axis), a block that the cache holds at a time."""
    rows = x.astype(np.int64, copy=False).reshape(-1, x.shape[-1] if len(factor) > 1 else 1)
    result = np.empty_like(rows)
    each = max(1, BLOCK // rows.shape[-1])
    for i in range(0, len(rows), each):
        part = rows[i : i + each] * factor + offset
        part = shifted(part, right, tie)
        np.clip(part, low, high, out=result[i : i + each])
    return result.reshape(x.shape)


def expand(builder: Builder, pieces: Pieces, v: Value) -> Value:
    """An integer function of a scalar: multiply, shift and saturate, a table, or comparisons that select a line."""
    if len(pieces.lines) == 2 and not any(line.multiplier for line in pieces.lines):
        (_, _, below, *_), (start, _, above, *_) = pieces.lines
        reached = builder.add(AtLeast(v, start))
        if (below, above) == (0, 1):
            return reached
        return builder.add(Select(reached, builder.add(Constant(above)), builder.add(Constant(below))))
    form = multiply_shift(pieces)
    small = pieces.high - pieces.low < TABLE_LIMIT
    if form is not None and not (small and table_is_smaller(builder.ranges[v].width, pieces, form)):
        moved = moved_line(builder, v, form.multiplier, form.offset, form.right, form.tie)
        r = builder.ranges[moved]
        return moved if form.low <= r.low and r.high <= form.high else builder.add(Clamp(moved, form.low, form.high))
    if small:
        domain = np.arange(pieces.low, pieces.high + 1)
        return builder.add(Lookup(v, pieces.low, tuple(int(y) for y in pieces(domain))))

    def choose(lines: Sequence[Line]) -> Value:
        if len(lines) > 1:
            middle = len(lines) // 2
            right = choose(lines[middle:])
            return builder.add(Select(builder.add(AtLeast(v, lines[middle].start)), right, choose(lines[:middle])))
        (line,) = lines
        return moved_line(builder, v, *line[1:])

    low, high = pieces.range
    one = one_product(builder, pieces, v) if len(pieces.lines) > MANY_LINES else None
    return builder.add(Clamp(choose(pieces.lines) if one is None else one, low, high))


def one_product(builder: Builder, pieces: Pieces, v: Value) -> Value | None:
    """Slope and offset of the line from tables, and one multiplier; None where that takes a large table.

    The high bits of ``v`` name a cell, which holds one breakpoint at most: a table has it, and the line before it.
    """
    lines = pieces.lines
    bits = min(b.start - a.start for a, b in pairwise(lines)).bit_length()
    while len({line.start >> bits for line in lines[1:]}) < len(lines) - 1:
        bits -= 1
    cells = range(pieces.low >> bits, (pieces.high >> bits) + 1)
    if len(cells) > TABLE_LIMIT or any(line.tie for line in lines):
        return None
    starts = [line.start for line in lines]
    at_start = [bisect_right(starts, max(cell << bits, pieces.low)) - 1 for cell in cells]
    last_of_line = [s - 1 for s in starts[1:]] + [pieces.high]
    borders = [min(last_of_line[i], (cell + 1 << bits) - 1) for i, cell in zip(at_start, cells, strict=True)]
    cell = builder.add(Shift(v, bits)) if bits else v
    line, border = (builder.add(Lookup(cell, cells[0], tuple(t))) for t in (at_start, borders))
    line = builder.add(Add(line, builder.add(Greater(v, border))))
    right = max(one.shift for one in lines)
    # the sum of both ranges goes one beyond the last line
    rows = [(one.multiplier << right - one.shift, one.offset << right - one.shift) for one in (*lines, lines[-1])]
    slopes, offsets = zip(*rows, strict=True)
    offset = builder.add(Lookup(line, 0, offsets))
    if any(slopes):
        offset = builder.add(Add(builder.add(Multiply(v, builder.add(Lookup(line, 0, slopes)))), offset))
    return builder.add(Shift(offset, right)) if right else offset


def moved_line(builder: Builder, v: Value, multiplier: int, offset: int, right: int, tie: int) -> Value:
    """A line's value, see :class:`Line`."""
    if multiplier == 0:
        return builder.add(Constant(shifted(offset, right, tie)))
    zeros = trailing_zeros(multiplier)
    if not offset and not tie:
        odd = multiply(builder, [v], np.array([[multiplier >> zeros]], dtype=object))[0]
        return builder.add(Shift(odd, right - zeros)) if right != zeros else odd
    odd = multiply(builder, [v], np.array([[abs(multiplier) >> zeros]], dtype=object))[0]
    constant = builder.add(Constant(offset))
    total = builder.add(Add(odd, constant, zeros) if multiplier > 0 else Add(constant, odd, 0, zeros, subtract=True))
    if tie:
        parity = builder.add(Bit(total, right))
        less = parity if tie > 0 else builder.add(Add(builder.add(Constant(1)), parity, subtract=True))
        total = builder.add(Add(total, less, 0, trailing_zeros(abs(tie)), subtract=True))
    return builder.add(Shift(total, right)) if right else total


def table_is_smaller(width: int, pieces: Pieces, form: MultiplyShift) -> bool:
    """Whether a table takes less logic, about a LUT for 32 of its bits, than the adders of the product."""
    low, high = pieces.range
    bits = (pieces.high - pieces.low + 1) * max(abs(low), abs(high)).bit_length()
    adders = digits(form.multiplier) - 1 + (form.offset != 0) + (form.tie != 0)
    return not form.shifts and bits / 32 < adders * (width + form.multiplier.bit_length())
