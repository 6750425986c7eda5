"""Square roots digit by digit: targets whose squares, less a constant, are affine in the input.

Nothing is known about the function but its intervals: a root of ``a x + c`` is found where a line of whole numbers lies
between the squares of their ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..circuit.adders import multiply
from ..circuit.digits import digit_count
from ..circuit.ir import Add, Bit, Builder, Circuit, Clamp, Constant, Shift, Value
from ..circuit.logic import logic
from .circuits import begin, output, word
from .network import Fabric
from .problem import Problem
from .segments import folded_bits, inverted_where, offsets, spread
from .target import Target

__all__ = ["Root", "circuit_of", "root_bits", "roots"]

MAX_GUARD = 6  # bits of the line
SAMPLES, STEEP = 256, 64  # inputs that are looked at first: all over the range, and where it begins
NEAR, CLOSE = 2.0, 64  # units, and part of the inputs, that a fitted root may be beyond an interval to be looked at
OFFSETS = 12
FEWEST = 8  # output codes of a curve that is looked at
MAX_DIGITS = 20
NOT_OR, NOT_XOR, OR, XOR = 0b0001, 0b1001, 0b1110, 0b0110


@dataclass(frozen=True, eq=False)
class Root:
    """``(offset + sign * (z << up)) >> down`` for an input word ``x`` of the problem.

    ``z`` is ``floor(sqrt((slope * x + constant) >> guard))``, which has so many ``digits``. Where it ``saturates`` the
    result is at most the problem's greatest output word.
    """

    problem: Problem
    digits: int
    sign: int
    up: int
    down: int
    offset: int
    slope: int
    constant: int
    guard: int
    saturates: bool

    @property
    def method(self) -> str:
        """What it is, in words."""
        return f"root of {self.digits} digits"

    @property
    def terms(self) -> int:
        """Signed digits of the line under the root."""
        return digit_count(np.array([self.slope, self.constant]))

    def price(self, fabric: Fabric) -> int:
        """LUTs, roughly: a sum and, where it does not absorb them, as many inverters for each digit."""
        each = 1 if fabric.absorbs else 2
        first = fabric.inputs // 2
        steps = sum(each * n + 4 for n in range(first, self.digits))
        ends = (self.down + self.saturates) * self.digits + self.problem.turned
        return 3 * first + steps + (self.terms - 1) * self.problem.inputs + ends


def roots(target: Target, problem: Problem) -> Iterator[Root]:
    """The roots that solve a problem of a target with the fewest digits, if any do."""
    if ascends(target, problem):
        problem = replace(problem, low=np.fft.fftshift(problem.low), high=np.fft.fftshift(problem.high))
    fitted = fit(problem)
    if fitted is None:
        return
    middle, sign = fitted
    room = int((problem.high - problem.low).min()) + 1
    for up in (*reversed(range(room.bit_length())), -1):
        found = [r for offset in offsets_near(middle, up) for r in [root(problem, sign, up, offset)] if r is not None]
        if found:
            yield min(found, key=lambda r: (r.digits, r.terms))
            return


def ascends(target: Target, problem: Problem) -> bool:
    """Whether the words of a problem have a sign, which has to be inverted so that they ascend with the input."""
    return target.signed and not problem.folds


def fit(problem: Problem) -> tuple[float, int] | None:
    """The constant ``q`` of ``(y - q)^2 = a x + c``, and the sign of ``y - q``; None where there is no such curve.

    By least squares of ``x`` as a parabola of ``y``, which the rounding to few values of ``y`` does not bend.
    """
    x = np.unique(np.linspace(0, len(problem.low) - 1, SAMPLES).astype(np.int64))
    low, high = problem.low[x].astype(np.float64), problem.high[x].astype(np.float64)
    y = (low + high) / 2
    size = max(float(np.abs(y).max()), 1.0)
    if len(np.unique(y)) < FEWEST:
        return None
    a, b, c = np.polyfit(y / size, x, 2)
    if a == 0:
        return None
    q = -b / (2 * a)
    loose = (NEAR + (high - low) / 2) / size
    off = np.abs(x - np.polyval([a, b, c], y / size))
    near = off <= len(problem.low) / CLOSE + np.abs(2 * a * (y / size - q)) * loose + abs(a) * loose**2
    return (q * size, 1 if y.mean() >= q * size else -1) if near.all() else None


def offsets_near(middle: float, up: int) -> list[int]:
    """Whole constants that may stand for a fitted one where ``z`` counts steps of ``2^up``."""
    down = max(-up, 0)
    first = int(np.floor(middle * (1 << down))) - 1
    last = first + 2 + (1 << max(up, 0)) + (1 << down)
    return sorted({*np.linspace(first, last, min(last - first + 1, OFFSETS)).astype(np.int64).tolist()} | {0})


def root(problem: Problem, sign: int, up: int, offset: int) -> Root | None:
    """The root with this offset and these steps, the line under it having the fewest guard bits; None without one."""
    down, up = max(-up, 0), max(up, 0)
    low, high = (problem.low << down) - offset, (problem.high + 1 << down) - 1 - offset
    saturates = down > 0 and sign > 0
    if saturates:
        high = np.where(problem.high == (1 << problem.outputs) - 1, 1 << MAX_DIGITS, high)
    if sign < 0:
        low, high = -high, -low
    least, most = np.maximum(-(-low >> up), 0), high >> up
    if (most < least).any():
        return None
    digits = max(int(least.max()).bit_length(), 1)
    if digits > MAX_DIGITS:
        return None
    top = (1 << digits) - 1
    under, over = least**2, (np.minimum(most, top) + 1) ** 2 - 1
    every = np.arange(len(low))
    few = np.unique([*every[:STEEP], *np.linspace(0, len(low) - 1, SAMPLES).astype(np.int64)])
    for guard in range(MAX_GUARD + 1):
        sides = (under << guard)[None], ((over + 1 << guard) - 1)[None]
        if spread(sides[0][:, few], sides[1][:, few], few) is None:
            continue
        slopes = spread(*sides, every)
        if slopes is None:
            continue
        slope = plainest(int(slopes[0][0]), int(slopes[1][0]))
        below, above = offsets(*sides, np.array([slope]), every)
        constant = plainest(int(below[0]), int(above[0]))
        return Root(problem, digits, sign, up, down, offset, slope, constant, guard, saturates)
    return None


def plainest(least: int, most: int) -> int:
    """A number of ``least .. most`` with few signed digits."""
    if least <= 0 <= most:
        return 0
    for zeros in reversed(range(max(abs(least), abs(most)).bit_length() + 1)):
        first = -(-least >> zeros)
        tried = [n << zeros for n in range(first, min(most >> zeros, first + 8) + 1)]
        if tried:
            return min(tried, key=lambda n: digit_count(np.array([n])))
    raise ValueError(f"bounds must be in order, not {least} and {most}")


def circuit_of(target: Target, r: Root, fabric: Fabric) -> Circuit:
    """The circuit of a root for its target."""
    builder, x = begin(target)
    p = r.problem
    bits, signs = folded_bits(builder, [builder.add(Bit(x, k)) for k in range(p.dropped, target.bits)], p)
    if ascends(target, p):
        bits[-1] = logic(builder, bits[-1:], 0b01)
    line = builder.add(Add(product(builder, word(builder, bits), r.slope), builder.add(Constant(r.constant))))
    radicand = bits_of(builder, builder.add(Shift(line, r.guard)), 2 * r.digits)
    z = word(builder, root_bits(builder, radicand, fabric.inputs // 2))
    result = builder.add(Add(builder.add(Constant(r.offset)), z, b_shift=r.up, subtract=r.sign < 0))
    result = builder.add(Shift(result, r.down))
    if r.saturates:
        result = builder.add(Clamp(result, 0, (1 << p.outputs) - 1))
    ends = bits_of(builder, result, p.outputs)
    return builder.finish([output(builder, p, inverted_where(builder, ends, signs))])


def product(builder: Builder, x: Value, factor: int) -> Value:
    """A constant times a value."""
    return multiply(builder, [x], np.array([[factor]]))[0]


def bits_of(builder: Builder, value: Value, count: int) -> list[Value]:
    """The lowest bits of a value, constants where they are known."""
    of = builder.ranges[value]
    known = [k < of.zeros or (not of.signed and k >= of.width) for k in range(count)]
    return [builder.add(Constant(0) if zero else Bit(value, k)) for k, zero in enumerate(known)]


def root_bits(builder: Builder, bits: Sequence[Value], first: int) -> list[Value]:
    """The whole square root of a number of an even number of bits, lowest first; tables give the ``first`` digits.

    The non-restoring recurrence: with the root ``q`` so far, whose last digit is 1 where the remainder is not negative,
    two digits ``d`` of the number make ``4 r + d - (4 q + 1)`` of a remainder ``r``, or ``4 r + d + (4 q + 3)`` of a
    negative one; bits of ``-(4 q + 1)`` are those of ``4 q + 3`` inverted but for the last three.
    """
    digits = len(bits) // 2
    first = min(first, digits)
    root, rest = begun(builder, bits[2 * (digits - first) :])
    for k in reversed(range(digits - first)):
        low, high = bits[2 * k : 2 * k + 2]
        positive = root[0]
        inverted = [logic(builder, (q, positive), XOR) for q in root[1:]]
        addend = [logic(builder, (low, high), OR), *inverted, positive]
        rest = [
            logic(builder, (low,), 0b01),
            logic(builder, (low, high), NOT_XOR),
            *added(builder, rest[: len(addend)], addend),
        ]
        root = [logic(builder, rest[-1:], 0b01), *root]
    return root


def begun(builder: Builder, bits: Sequence[Value]) -> tuple[list[Value], list[Value]]:
    """The first digits of the root and the remainder, which is two bits wider, as functions of the first bits."""
    digits = len(bits) // 2
    numbers = range(1 << len(bits))
    roots = [int(np.sqrt(n)) for n in numbers]
    rests = [n - (q | 1) ** 2 for n, q in zip(numbers, roots, strict=True)]

    def bit_of(values: list[int], k: int) -> Value:
        return logic(builder, bits, sum((v >> k & 1) << n for n, v in enumerate(values)))

    return [bit_of(roots, k) for k in range(digits)], [bit_of(rests, k) for k in range(digits + 2)]


def added(builder: Builder, a: Sequence[Value], b: Sequence[Value]) -> list[Value]:
    """The sum of two words of the same width, without its carry."""
    total = builder.add(Add(word(builder, a), word(builder, b)))
    return [builder.add(Bit(total, k)) for k in range(len(a))]
