"""Random circuits as logic against their exact values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Module, Signal

from nnfpga.compiler.circuit.ir import (
    Add,
    AtLeast,
    Bit,
    Builder,
    Circuit,
    Clamp,
    Concat,
    Constant,
    Greater,
    Logic,
    Lookup,
    Multiply,
    Node,
    Range,
    Select,
    Shift,
)
from nnfpga.compiler.number import Number
from nnfpga.rtl.logic import emit, shape_of


def random_circuit(rng: np.random.Generator) -> Circuit:
    """A circuit of all nodes."""
    builder = Builder((Number.of(-6, 9), Number.of(0, 5), Number.of(-1, 1, 2), Number.of(3, 11, 4), Number.of(-8, -4)))
    values = builder.start()
    for _ in range(40):
        a, b = (int(v) for v in rng.choice(values[-9:], 2))
        i, j = (int(v) for v in rng.integers(0, 4, 2))
        low, r = int(rng.integers(-30, 10)), builder.ranges[a]
        sums = [Add(a, b, i, 0), Add(a, b, 0, j, subtract=True), Add(b, a, i, j, subtract=True), Add(a, b)]
        nodes: list[Node] = [
            *sums,
            *sums,
            Add(a, builder.add(Constant(int(rng.integers(-40, 40)))), i, 0),
            Clamp(a, low, low + int(rng.integers(1, 20))),
            Clamp(a, 0, 15),
            Shift(a, int(rng.integers(-1, 4))),
            Greater(a, b),
            AtLeast(a, int(rng.integers(-20, 20))),
            Bit(a, int(rng.integers(0, 5))),
            Multiply(a, b),
            Select(builder.add(AtLeast(a, 2)), a, b),
        ]
        bits = tuple(builder.add(Bit(int(v), 0)) for v in rng.choice(values[-9:], 3))
        nodes += [Logic(bits, int(rng.integers(256))), Concat(bits, Range(0, 7)), Concat(bits, Range(-4, 3))]
        if r.high - r.low < 40:
            nodes.append(Lookup(a, r.low, tuple(int(v) for v in rng.integers(-5, 9, r.high - r.low + 1))))
        values.append(builder.add(nodes[rng.integers(len(nodes))]))
        if builder.ranges[values[-1]].width > 20:
            values.pop()
    return builder.finish(values[-6:])


@pytest.mark.parametrize("seed", range(24))
def test_logic_is_the_circuit(harness: Any, seed: int) -> None:
    rng = np.random.default_rng(seed)
    circuit = random_circuit(rng)
    m = Module()
    inputs = [Signal(shape_of(Range.of(n)), name=f"x{i}") for i, n in enumerate(circuit.inputs)]
    results = [Signal(shape_of(circuit.ranges[o]), name=f"y{i}") for i, o in enumerate(circuit.outputs)]
    m.d.comb += [y.eq(v) for y, v in zip(results, emit(m, circuit, inputs, "v"), strict=True)]
    x = np.stack([n.low + np.maximum(n.step, 1) * rng.integers(0, 9, 40) for n in circuit.inputs], axis=1)
    x = np.minimum(x, [int(n.high) for n in circuit.inputs])
    harness.check_logic(m, inputs, results, x, circuit.evaluate(x))
