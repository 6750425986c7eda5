"""What a function of integers can be asked for, as the entries of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..circuit.inline import inline
from ..circuit.ir import Add, Builder, Circuit, Constant, Lookup, Range, Shift
from ..exact import Ints, fractions, trailing_zeros
from ..graph import Tensor
from ..layers.scalar import Scalar, channel_bounds, channel_steps
from ..number import Number
from ..scalar.pieces import Line, Pieces

__all__ = ["Entries"]


@dataclass(frozen=True)
class Entries:
    """The integers ``low .. high`` in steps, by their bits from ``zeros`` on, counted from ``base``: an entry for each
    such code."""

    low: int
    high: int
    step: int
    zeros: int
    base: int = 0

    @staticmethod
    def of(tensor: Tensor, count: int, bases: Sequence[int] = ()) -> list[Entries]:
        """Those of ``count`` functions of a tensor's channels, every integer by itself; ``bases`` are those of its
        elements, and hold where all of a channel have one."""
        low, high = channel_bounds(tensor.number, count)
        steps = channel_steps(tensor.number, count, low)
        common = [one.pop() if len(one := {*bases[c::count]}) == 1 else 0 for c in range(count)]
        return [
            Entries(a, b, s, trailing_zeros(s) if s else 0, base)
            for a, b, s, base in zip(low, high, steps, common, strict=True)
        ]

    @property
    def first(self) -> int:
        """The least code."""
        return self.low - self.base >> self.zeros

    @property
    def count(self) -> int:
        """How many entries there are."""
        return (self.high - self.base >> self.zeros) - self.first + 1

    @property
    def bits(self) -> int:
        """Bits of the codes."""
        return Range(self.first, self.first + self.count - 1).width

    def coarser(self, bits: int) -> Entries:
        """Without some more of the lowest bits."""
        return replace(self, zeros=self.zeros + bits)

    @property
    def codes(self) -> Ints:
        """The codes, ascending."""
        return np.arange(self.first, self.first + self.count)

    @property
    def values(self) -> Ints:
        """The middle of the integers of each entry."""
        unit = 1 << (trailing_zeros(self.step) if self.step else 0)
        lowest = (self.codes << self.zeros) + self.base
        middle = lowest + (self.low - lowest) % unit + max((1 << self.zeros) - unit, 0) // 2
        return np.clip(middle, self.low, self.high)

    def index(self, values: Ints) -> Ints:
        """The entries of some integers."""
        return (values - self.base >> self.zeros) - self.first

    def table(self, outputs: Ints) -> Pieces:
        """The function that has these outputs."""
        starts = np.maximum((self.codes << self.zeros) + self.base, self.low).tolist()
        return Pieces.of(self.low, self.high, [Line(v, 0, y, 0) for v, y in zip(starts, outputs.tolist(), strict=True)])

    def circuit(self, unit: Circuit, zeros: int = 0, residue: int = 0) -> Circuit:
        """From the integers to ``residue + 2^zeros`` times what a unit gives for their codes."""
        builder = Builder((Number.of(self.low, self.high, self.step),))
        (x,) = builder.start()
        x = builder.add(Add(x, builder.add(Constant(-self.base)))) if self.base else x
        (y,) = inline(builder, unit, [builder.add(Shift(x, self.zeros)) if self.zeros else x])
        y = builder.add(Shift(y, -zeros)) if zeros else y
        return builder.finish([builder.add(Add(y, builder.add(Constant(residue)))) if residue else y])

    def straight(self, function: Pieces) -> Circuit:
        """From the integers to a function of them that is a line."""
        builder = Builder((Number.of(self.low, self.high, self.step),))
        return builder.finish(Scalar("", ("",), (function,), fractions([1])).expand(builder, builder.start()))

    def lookup(self, outputs: Ints) -> Circuit:
        """From the codes to these outputs, by a plain table."""
        builder = Builder((Number.of(self.first, self.first + self.count - 1),))
        return builder.finish([builder.add(Lookup(builder.start()[0], self.first, tuple(outputs.tolist())))])
