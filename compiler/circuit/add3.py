"""The sum of three terms, which a chip with 6-input LUTs makes on one carry chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from ..exact import Ints
from .nodes import Node
from .values import Range, Value

__all__ = ["Add3"]


@dataclass(frozen=True)
class Add3(Node):
    """``(a << a_shift) + (b << b_shift) + (c << c_shift)``, minus ``b`` or ``c`` with the flag of its name."""

    operands: ClassVar[tuple[str, ...]] = ("a", "b", "c")

    a: Value
    b: Value
    c: Value
    a_shift: int = 0
    b_shift: int = 0
    c_shift: int = 0
    minus_b: bool = False
    minus_c: bool = False

    @property
    def terms(self) -> tuple[tuple[Value, int, bool], ...]:
        """Value, shift, and whether it is subtracted, of each term."""
        return (
            (self.a, self.a_shift, False),
            (self.b, self.b_shift, self.minus_b),
            (self.c, self.c_shift, self.minus_c),
        )

    def range(self, *inputs: Range) -> Range:
        low = high = 0
        for r, (_, shift, minus) in zip(inputs, self.terms, strict=True):
            low += (-r.high if minus else r.low) << shift
            high += (-r.low if minus else r.high) << shift
        return Range(low, high, min(r.zeros + shift for r, (_, shift, _) in zip(inputs, self.terms, strict=True)))

    def evaluate(self, *inputs: Ints) -> Ints:
        a, b, c = (x << shift for x, (_, shift, _) in zip(inputs, self.terms, strict=True))
        pair = a - b if self.minus_b else a + b
        return pair - c if self.minus_c else pair + c

    def magnitude(self, *inputs: Range) -> int:
        return sum(r.magnitude << shift for r, (_, shift, _) in zip(inputs, self.terms, strict=True))

    def fault(self, *inputs: Range) -> str | None:
        return "a shift is negative" if min(self.a_shift, self.b_shift, self.c_shift) < 0 else None
