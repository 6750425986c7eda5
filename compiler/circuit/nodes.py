"""The operations of a circuit: what each can give, and its exact value."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import numpy as np

from ..exact import Ints, ints, objects
from .values import Range, Value

__all__ = [
    "Add", "AtLeast", "Bit", "Clamp", "Constant", "Greater", "Input", "Lookup", "Multiply", "Node", "Select", "Shift",
]  # fmt: skip


@dataclass(frozen=True)
class Node(ABC):
    """One operation on earlier values, which are the fields that ``operands`` names."""

    operands: ClassVar[tuple[str, ...]] = ()

    @property
    def reads(self) -> tuple[Value, ...]:
        """The values that it needs."""
        return tuple(getattr(self, name) for name in self.operands)

    def renumber(self, new: Mapping[Value, Value]) -> Self:
        """The same operation on its operands' new indices."""
        return replace(self, **{name: new[getattr(self, name)] for name in self.operands})

    @abstractmethod
    def range(self, *inputs: Range) -> Range:
        """What it can give."""

    @abstractmethod
    def evaluate(self, *inputs: Ints) -> Ints:
        """Its exact value for a batch."""

    def magnitude(self, *inputs: Range) -> int:
        """The greatest absolute value of a number that ``evaluate`` meets besides operands and result."""
        return 0

    def fault(self, *inputs: Range) -> str | None:
        """What forbids it on such operands."""
        return None


@dataclass(frozen=True)
class Input(Node):
    """Input number ``index`` of the circuit."""

    index: int
    of: Range

    def range(self, *inputs: Range) -> Range:
        return self.of

    def evaluate(self, *inputs: Ints) -> Ints:
        raise AssertionError("inputs are given")


@dataclass(frozen=True)
class Constant(Node):
    """A constant."""

    value: int

    def range(self, *inputs: Range) -> Range:
        return Range.around(self.value)

    def evaluate(self, *inputs: Ints) -> Ints:
        return np.asarray(ints([self.value])[0])  # broadcasts


@dataclass(frozen=True)
class Add(Node):
    """``(a << a_shift) + (b << b_shift)``, or minus with ``subtract``."""

    operands: ClassVar[tuple[str, ...]] = ("a", "b")

    a: Value
    b: Value
    a_shift: int = 0
    b_shift: int = 0
    subtract: bool = False

    def range(self, *inputs: Range) -> Range:
        a, b = inputs
        low, high = (-b.high, -b.low) if self.subtract else (b.low, b.high)
        zeros = min(a.zeros + self.a_shift, b.zeros + self.b_shift)
        return Range(
            (a.low << self.a_shift) + (low << self.b_shift), (a.high << self.a_shift) + (high << self.b_shift), zeros
        )

    def evaluate(self, *inputs: Ints) -> Ints:
        a, b = inputs[0] << self.a_shift, inputs[1] << self.b_shift
        return a - b if self.subtract else a + b

    def magnitude(self, *inputs: Range) -> int:
        a, b = inputs
        return max(a.magnitude << self.a_shift, b.magnitude << self.b_shift)

    def fault(self, *inputs: Range) -> str | None:
        return "a shift is negative" if min(self.a_shift, self.b_shift) < 0 else None


@dataclass(frozen=True)
class Multiply(Node):
    """``a * b``; of a value with itself, its square."""

    operands: ClassVar[tuple[str, ...]] = ("a", "b")

    a: Value
    b: Value

    def range(self, *inputs: Range) -> Range:
        a, b = inputs
        corners = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high]
        low = min(corners)
        if self.a == self.b:
            low = 0 if a.low <= 0 <= a.high else min(a.low**2, a.high**2)
        return Range(low, max(corners), a.zeros + b.zeros)

    def evaluate(self, *inputs: Ints) -> Ints:
        return inputs[0] * inputs[1]


@dataclass(frozen=True)
class Shift(Node):
    """``a >> right``, rounding down; a negative count shifts left."""

    operands: ClassVar[tuple[str, ...]] = ("a",)

    a: Value
    right: int

    def range(self, *inputs: Range) -> Range:
        (a,) = inputs
        if self.right < 0:
            return Range(a.low << -self.right, a.high << -self.right, a.zeros - self.right)
        return Range(a.low >> self.right, a.high >> self.right, max(a.zeros - self.right, 0))

    def evaluate(self, *inputs: Ints) -> Ints:
        return inputs[0] >> self.right if self.right >= 0 else inputs[0] << -self.right


@dataclass(frozen=True)
class Clamp(Node):
    """``min(max(a, low), high)``."""

    operands: ClassVar[tuple[str, ...]] = ("a",)

    a: Value
    low: int
    high: int

    def range(self, *inputs: Range) -> Range:
        (a,) = inputs
        ends = Range.around(*(min(max(v, self.low), self.high) for v in (a.low, a.high)))
        return ends if ends.low == ends.high else ends._replace(zeros=min(a.zeros, ends.zeros))

    def evaluate(self, *inputs: Ints) -> Ints:
        return np.clip(inputs[0], self.low, self.high)

    def magnitude(self, *inputs: Range) -> int:
        return max(abs(self.low), abs(self.high))

    def fault(self, *inputs: Range) -> str | None:
        return None if self.low <= self.high else f"its bounds {self.low} .. {self.high} are not in order"


@dataclass(frozen=True)
class Lookup(Node):
    """``table[a - start]``."""

    operands: ClassVar[tuple[str, ...]] = ("a",)

    a: Value
    start: int
    table: tuple[int, ...]

    def range(self, *inputs: Range) -> Range:
        (a,) = inputs
        return Range.around(*self.table[max(a.low - self.start, 0) : a.high - self.start + 1])

    def evaluate(self, *inputs: Ints) -> Ints:
        return ints(objects(list(self.table)))[np.asarray(inputs[0] - self.start, dtype=np.int64)]

    def magnitude(self, *inputs: Range) -> int:
        return max(abs(self.start), inputs[0].high - self.start, *map(abs, self.table))

    def fault(self, *inputs: Range) -> str | None:
        (a,) = inputs
        end = self.start + len(self.table) - 1
        return None if self.start <= a.low and a.high <= end else f"its table is from {self.start} to {end}"


@dataclass(frozen=True)
class AtLeast(Node):
    """1 where ``a >= bound``, else 0."""

    operands: ClassVar[tuple[str, ...]] = ("a",)

    a: Value
    bound: int

    def range(self, *inputs: Range) -> Range:
        return Range(0, 1)

    def evaluate(self, *inputs: Ints) -> Ints:
        return (inputs[0] >= self.bound).astype(np.int64)

    def magnitude(self, *inputs: Range) -> int:
        return abs(self.bound)


@dataclass(frozen=True)
class Bit(Node):
    """Bit ``index`` of ``a`` in two's complement."""

    operands: ClassVar[tuple[str, ...]] = ("a",)

    a: Value
    index: int

    def range(self, *inputs: Range) -> Range:
        return Range(0, 1)

    def evaluate(self, *inputs: Ints) -> Ints:
        return inputs[0] >> self.index & 1

    def fault(self, *inputs: Range) -> str | None:
        return None if self.index >= 0 else "its bit is negative"


@dataclass(frozen=True)
class Greater(Node):
    """1 where ``a > b``, else 0."""

    operands: ClassVar[tuple[str, ...]] = ("a", "b")

    a: Value
    b: Value

    def range(self, *inputs: Range) -> Range:
        return Range(0, 1)

    def evaluate(self, *inputs: Ints) -> Ints:
        return (inputs[0] > inputs[1]).astype(np.int64)


@dataclass(frozen=True)
class Select(Node):
    """``a`` where the condition is 1, else ``b``."""

    operands: ClassVar[tuple[str, ...]] = ("condition", "a", "b")

    condition: Value
    a: Value
    b: Value

    def range(self, *inputs: Range) -> Range:
        _, a, b = inputs
        zeros = min((r.zeros for r in (a, b) if r.low or r.high), default=0)  # a constant 0 is a multiple of all
        return Range(min(a.low, b.low), max(a.high, b.high), zeros)

    def evaluate(self, *inputs: Ints) -> Ints:
        return np.where(inputs[0] != 0, inputs[1], inputs[2])

    def fault(self, *inputs: Range) -> str | None:
        return None if Range(0, 1).holds(inputs[0]) else "its condition can be other than 0 and 1"
