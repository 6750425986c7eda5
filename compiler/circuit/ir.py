"""The circuit: single-assignment integer scalars, each with the exact range that was proven for it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from ..exact import INT64_EXACT, Ints, ints, objects
from ..number import Number

__all__ = [
    "Add",
    "AtLeast",
    "Bit",
    "Builder",
    "Circuit",
    "Clamp",
    "Constant",
    "Greater",
    "Input",
    "Lookup",
    "Multiply",
    "Node",
    "Range",
    "Select",
    "Shift",
    "Value",
]

Value = int
"""The index of a node in its circuit."""


class Range(NamedTuple):
    """All that a scalar can be: ``low .. high``, a multiple of ``2^zeros``."""

    low: int
    high: int
    zeros: int = 0

    @property
    def signed(self) -> bool:
        """Whether it needs a sign bit."""
        return self.low < 0

    @property
    def width(self) -> int:
        """Bits of the two's complement or unsigned word that holds it, its zeros included."""
        if self.signed:
            return max((~self.low).bit_length(), self.high.bit_length() if self.high > 0 else 0) + 1
        return self.high.bit_length()


@dataclass(frozen=True)
class Node(ABC):
    """One operation on earlier values."""

    @property
    @abstractmethod
    def reads(self) -> tuple[Value, ...]:
        """The values that it needs."""

    @abstractmethod
    def range(self, *inputs: Range) -> Range:
        """What it can give."""

    @abstractmethod
    def evaluate(self, *inputs: Ints) -> Ints:
        """Its exact value for a batch."""


@dataclass(frozen=True)
class Input(Node):
    """Input number ``index`` of the circuit."""

    index: int
    of: Range

    @property
    def reads(self) -> tuple[Value, ...]:
        return ()

    def range(self, *inputs: Range) -> Range:
        return self.of

    def evaluate(self, *inputs: Ints) -> Ints:
        raise AssertionError("inputs are given")


@dataclass(frozen=True)
class Constant(Node):
    """A constant."""

    value: int

    @property
    def reads(self) -> tuple[Value, ...]:
        return ()

    def range(self, *inputs: Range) -> Range:
        return Range(self.value, self.value)

    def evaluate(self, *inputs: Ints) -> Ints:
        return np.asarray(ints([self.value])[0])  # broadcasts


@dataclass(frozen=True)
class Add(Node):
    """``(a << a_shift) + (b << b_shift)``, or minus with ``subtract``."""

    a: Value
    b: Value
    a_shift: int = 0
    b_shift: int = 0
    subtract: bool = False

    @property
    def reads(self) -> tuple[Value, ...]:
        return self.a, self.b

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


@dataclass(frozen=True)
class Multiply(Node):
    """``a * b``; of a value with itself, its square."""

    a: Value
    b: Value

    @property
    def reads(self) -> tuple[Value, ...]:
        return self.a, self.b

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

    a: Value
    right: int

    @property
    def reads(self) -> tuple[Value, ...]:
        return (self.a,)

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

    a: Value
    low: int
    high: int

    @property
    def reads(self) -> tuple[Value, ...]:
        return (self.a,)

    def range(self, *inputs: Range) -> Range:
        (a,) = inputs
        return Range(min(max(a.low, self.low), self.high), min(max(a.high, self.low), self.high))

    def evaluate(self, *inputs: Ints) -> Ints:
        return np.clip(inputs[0], self.low, self.high)


@dataclass(frozen=True)
class Lookup(Node):
    """``table[a - start]``."""

    a: Value
    start: int
    table: tuple[int, ...]

    @property
    def reads(self) -> tuple[Value, ...]:
        return (self.a,)

    def range(self, *inputs: Range) -> Range:
        return Range(min(self.table), max(self.table))

    def evaluate(self, *inputs: Ints) -> Ints:
        return ints(objects(list(self.table)))[np.asarray(inputs[0] - self.start, dtype=np.int64)]


@dataclass(frozen=True)
class AtLeast(Node):
    """1 where ``a >= bound``, else 0."""

    a: Value
    bound: int

    @property
    def reads(self) -> tuple[Value, ...]:
        return (self.a,)

    def range(self, *inputs: Range) -> Range:
        return Range(0, 1)

    def evaluate(self, *inputs: Ints) -> Ints:
        return (inputs[0] >= self.bound).astype(np.int64)


@dataclass(frozen=True)
class Bit(Node):
    """Bit ``index`` of ``a`` in two's complement."""

    a: Value
    index: int

    @property
    def reads(self) -> tuple[Value, ...]:
        return (self.a,)

    def range(self, *inputs: Range) -> Range:
        return Range(0, 1)

    def evaluate(self, *inputs: Ints) -> Ints:
        return inputs[0] >> self.index & 1


@dataclass(frozen=True)
class Greater(Node):
    """1 where ``a > b``, else 0."""

    a: Value
    b: Value

    @property
    def reads(self) -> tuple[Value, ...]:
        return self.a, self.b

    def range(self, *inputs: Range) -> Range:
        return Range(0, 1)

    def evaluate(self, *inputs: Ints) -> Ints:
        return (inputs[0] > inputs[1]).astype(np.int64)


@dataclass(frozen=True)
class Select(Node):
    """``a`` where the condition is 1, else ``b``."""

    condition: Value
    a: Value
    b: Value

    @property
    def reads(self) -> tuple[Value, ...]:
        return self.condition, self.a, self.b

    def range(self, *inputs: Range) -> Range:
        _, a, b = inputs
        return Range(min(a.low, b.low), max(a.high, b.high), min(a.zeros, b.zeros))

    def evaluate(self, *inputs: Ints) -> Ints:
        return np.where(inputs[0] != 0, inputs[1], inputs[2])


@dataclass(frozen=True)
class Circuit:
    """Nodes in order; ``inputs`` are the lattices of the input elements, ``outputs`` values."""

    inputs: tuple[Number, ...]
    nodes: tuple[Node, ...]
    ranges: tuple[Range, ...]
    outputs: tuple[Value, ...]

    def evaluate(self, x: Ints) -> Ints:
        """(samples, inputs) to (samples, outputs), exact."""
        values: list[Ints] = []
        if any(max(abs(r.low), abs(r.high)) >= INT64_EXACT for r in self.ranges):
            x = objects(x)
        for node in self.nodes:
            if isinstance(node, Input):
                values.append(x[:, node.index])
            else:
                values.append(node.evaluate(*(values[r] for r in node.reads)))
        return np.stack([np.broadcast_to(values[o], x.shape[:1]) for o in self.outputs], axis=1)

    def __str__(self) -> str:
        def line(i: int, node: Node) -> str:
            r = self.ranges[i]
            fields = ", ".join(f"{k}={v!r}" for k, v in vars(node).items() if k not in ("of", "table"))
            return f"%{i} [{r.low}..{r.high}] = {type(node).__name__.lower()} {fields}"

        lines = [line(i, node) for i, node in enumerate(self.nodes)]
        return "\n".join([*lines, "output " + ", ".join(f"%{o}" for o in self.outputs)]) + "\n"


@dataclass
class Builder:
    """Makes a circuit node by node; the same node is made once, constants are folded."""

    inputs: tuple[Number, ...]
    nodes: list[Node] = field(default_factory=list[Node])
    ranges: list[Range] = field(default_factory=list[Range])
    known: dict[Node, Value] = field(default_factory=dict[Node, Value])

    def start(self) -> list[Value]:
        """The circuit's inputs as values."""
        return [self.add(Input(i, Range(int(n.low), int(n.high)))) for i, n in enumerate(self.inputs)]

    def add(self, node: Node) -> Value:
        """The value of a node: an existing one where there is one."""
        inputs = [self.ranges[r] for r in node.reads]
        if inputs and all(r.low == r.high for r in inputs):
            node = Constant(int(node.evaluate(*(objects(r.low) for r in inputs))))
        if node in self.known:
            return self.known[node]
        self.nodes.append(node)
        self.ranges.append(node.range(*inputs))
        self.known[node] = len(self.nodes) - 1
        return self.known[node]

    def finish(self, outputs: list[Value]) -> Circuit:
        """The circuit without what no output needs."""
        needed = {*outputs}
        for i in range(len(self.nodes) - 1, -1, -1):
            if i in needed:
                needed.update(self.nodes[i].reads)
        keep = sorted(needed)
        new = {old: i for i, old in enumerate(keep)}
        nodes = tuple(renumber(self.nodes[i], new) for i in keep)
        return Circuit(self.inputs, nodes, tuple(self.ranges[i] for i in keep), tuple(new[o] for o in outputs))


def renumber(node: Node, new: dict[Value, Value]) -> Node:
    """The node with its operands' new indices."""
    operands = {k: new[v] for k, v in vars(node).items() if k in ("a", "b", "condition")}
    return type(node)(**{**vars(node), **operands})
