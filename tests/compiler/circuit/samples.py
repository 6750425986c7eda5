"""Random circuits of all nodes, and what they mean in plain Python."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnfpga.compiler.circuit.ir import (
    Add,
    Add3,
    AtLeast,
    Bit,
    BitSum,
    Builder,
    Circuit,
    Clamp,
    Concat,
    Constant,
    Greater,
    Input,
    Logic,
    Lookup,
    Multiply,
    Node,
    Range,
    Select,
    Shift,
    Value,
)
from nnfpga.compiler.exact import Ints, objects
from nnfpga.compiler.number import Number


def random_circuit(rng: np.random.Generator, size: int = 25, widest: int = 12, most_inputs: int = 4) -> Circuit:
    """A circuit of about ``size`` nodes of all kinds, with values of at most ``widest`` bits."""
    builder = Builder(tuple(lattice(rng) for _ in range(rng.integers(1, most_inputs + 1))))
    values = builder.start()
    while len(values) < size + len(builder.inputs):
        node = random_node(rng, builder, values)
        if node.range(*(builder.ranges[v] for v in node.reads)).width <= widest:
            values.append(builder.add(node))
    outputs = [int(v) for v in rng.choice(values[-size:], rng.integers(1, 4))]
    return builder.finish(outputs)


def lattice(rng: np.random.Generator) -> Number:
    """A lattice of some bits."""
    low, step = int(rng.integers(-9, 5)), int(rng.choice([1, 1, 1, 2, 3, 4]))
    return Number.of(low, low + step * int(rng.integers(0, 8)), step)


def random_node(rng: np.random.Generator, builder: Builder, values: Sequence[Value]) -> Node:
    """Some node on recent values."""

    def some(low: int, high: int) -> int:
        return int(rng.integers(low, high))

    a, b, c = (int(v) for v in rng.choice(values[-12:], 3))
    r = builder.ranges[a]
    bounds = sorted((some(r.low - 2, r.high + 3), some(r.low - 2, r.high + 3)))
    start = r.low - some(0, 3)
    table = tuple(some(-20, 20) for _ in range(r.high - start + 1 + some(0, 3)))
    ones = [v for v in values if builder.ranges[v].low >= 0 and builder.ranges[v].high <= 1]
    kinds: list[Node] = [
        Add(a, b, some(0, 3), some(0, 3), bool(some(0, 2))), Add(a, b), Add(a, b, subtract=True), Shift(a, some(-2, 4)),
        Clamp(a, *bounds), Lookup(a, start, table), AtLeast(a, some(r.low - 1, r.high + 2)),
        Bit(a, some(0, r.width + 2)), Greater(a, b), Constant(some(-9, 10)), Multiply(a, b),
        Add3(a, b, c, some(0, 3), some(0, 3), some(0, 3), bool(some(0, 2)), bool(some(0, 2))),
    ]  # fmt: skip
    if ones:
        kinds.append(Select(int(rng.choice(ones)), b, c))
        bits = tuple(int(v) for v in rng.choice(ones, some(1, 5)))
        half = 1 << len(bits) - 1
        kinds += [
            Concat(bits, Range(0, 2 * half - 1)), Concat(bits, Range(-half, half - 1)),
            Logic(bits, some(0, 1 << 2 * half)),
            BitSum(bits, tuple(some(-5, 6) for _ in bits), some(-9, 10)),
        ]  # fmt: skip
    return kinds[some(0, len(kinds))]


def random_inputs(rng: np.random.Generator, circuit: Circuit, samples: int) -> Ints:
    """Inputs on their lattices, the extremes among them."""
    columns: list[Ints] = []
    for number in circuit.inputs:
        low, high, step = int(number.low), int(number.high), int(number.step) or 1
        steps = rng.integers(0, (high - low) // step + 1, samples)
        steps[:2] = 0, (high - low) // step
        columns.append(objects(low) + objects(step) * objects(rng.permutation(steps)))
    return np.stack(columns, axis=1)


def meaning(circuit: Circuit, row: Sequence[int]) -> list[int]:
    """The outputs for one sample, each node written out again in Python's integers."""
    values: list[int] = []
    for node in circuit.nodes:
        match node:
            case Input(index):
                value = int(row[index])
            case Constant(number):
                value = number
            case Add(a, b, up, b_up, subtract):
                value = values[a] * 2**up + values[b] * 2**b_up * (-1 if subtract else 1)
            case Add3():
                value = sum(values[v] * 2**up * (-1) ** minus for v, up, minus in node.terms)
            case Multiply(a, b):
                value = values[a] * values[b]
            case Shift(a, right):
                value = values[a] // 2**right if right >= 0 else values[a] * 2**-right
            case Clamp(a, low, high):
                value = sorted((low, values[a], high))[1]
            case Lookup(a, start, table):
                value = dict(enumerate(table, start))[values[a]]
            case AtLeast(a, bound):
                value = int(values[a] >= bound)
            case Bit(a, index):
                value = values[a] // 2**index % 2
            case Greater(a, b):
                value = int(values[a] > values[b])
            case Select(condition, a, b):
                value = values[a] if values[condition] else values[b]
            case Logic(bits, table):
                value = table >> sum(values[v] << k for k, v in enumerate(bits)) & 1
            case Concat(bits, r):
                value = sum(values[v] << k for k, v in enumerate(bits))
                value -= (values[bits[-1]] << len(bits)) * (r.low < 0)
            case BitSum(bits, weights, offset):
                value = offset + sum(w for w, v in zip(weights, bits, strict=True) if values[v])
            case _:
                raise AssertionError(node)
        values.append(value)
    return [values[o] for o in circuit.outputs]
