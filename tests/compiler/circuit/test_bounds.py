"""Proven ranges: sound against brute force, and exact for sums of independent values."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nnfpga.compiler.circuit.adders import multiply
from nnfpga.compiler.circuit.bounds import proven
from nnfpga.compiler.circuit.ir import Add, Builder, Circuit, Constant, Range, Shift
from nnfpga.compiler.number import Number

from .samples import random_circuit, random_inputs


@given(st.integers(0, 2**32))
def test_ranges_hold_every_value(seed: int) -> None:
    rng = np.random.default_rng(seed)
    circuit = random_circuit(rng)
    ranges = tuple(proven(circuit.nodes))
    everything = Circuit(circuit.inputs, circuit.nodes, ranges, tuple(range(len(ranges))))
    everything.verify()
    values = everything.evaluate(random_inputs(rng, circuit, 200))
    for column, r, before in zip(values.T, ranges, circuit.ranges, strict=True):
        assert r.low <= column.min()
        assert column.max() <= r.high
        assert (column % (1 << r.zeros) == 0).all()
        assert before.holds(r)


@given(st.integers(0, 2**32))
def test_ranges_of_a_product_are_exact(seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.integers(-99, 100, (3, 3))
    builder = Builder((Number.of(-3, 4), Number.of(0, 7), Number.of(-1, 1)))
    rows = multiply(builder, builder.start(), matrix)
    ranges = proven(builder.nodes)
    x = np.array(list(product(range(-3, 5), range(8), range(-1, 2))))
    y = x @ matrix.T
    assert [(ranges[v].low, ranges[v].high) for v in rows] == list(zip(y.min(axis=0), y.max(axis=0), strict=True))


def test_a_value_that_is_taken_away_again() -> None:
    builder = Builder((Number.of(-3, 4), Number.of(0, 7)))
    a, b = builder.start()
    total = builder.add(Add(a, b, 0, 2))
    less = builder.add(Add(total, a, subtract=True))
    nothing = builder.add(Add(builder.add(Shift(less, 2)), b, subtract=True))
    seven = builder.add(Add(a, a, 3, 0, subtract=True))
    more = builder.add(Add(seven, builder.add(Constant(2)), 0, 3))
    ranges = proven(builder.nodes)
    assert ranges[less] == Range(0, 28, 2)
    assert ranges[nothing] == Range(-7, 7)  # a shift to the right ends a sum
    assert ranges[seven] == Range(-21, 28)
    assert ranges[more] == Range(-5, 44)
