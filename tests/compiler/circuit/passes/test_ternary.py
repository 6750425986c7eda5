"""Sums three terms at a time: the same function, in as few sums and levels as three terms allow."""

from __future__ import annotations

from math import ceil

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnfpga.compiler.circuit.ir import Add, Add3, Builder, Circuit
from nnfpga.compiler.circuit.passes.ternary import ternary
from nnfpga.compiler.circuit.wiring import wires_of
from nnfpga.compiler.number import Number

from ..samples import random_circuit, random_inputs


def positions(circuit: Circuit) -> int:
    """Bits of carry chains."""
    wires = wires_of(circuit)
    return sum(s.positions for s in [*wires.sums.values(), *wires.ternary.values()])


def depth(circuit: Circuit) -> int:
    level: list[int] = []
    for node in circuit.nodes:
        level.append(isinstance(node, Add | Add3) + max((level[v] for v in node.reads), default=0))
    return max(level[o] for o in circuit.outputs)


def tree(rng: np.random.Generator, terms: int) -> Circuit:
    """The sum of as many inputs, in some order, with shifts and signs."""
    builder = Builder((Number.of(-9, 22),) * terms)
    values = builder.start()
    while len(values) > 1:
        a, b = (values.pop(int(rng.integers(len(values)))) for _ in range(2))
        i, j = (int(n) for n in rng.integers(0, 2, 2))
        values.append(builder.add(Add(a, b, i, j, bool(rng.integers(2)))))
    return builder.finish(values)


@given(st.integers(0, 2**32))
def test_the_function_stays(seed: int) -> None:
    rng = np.random.default_rng(seed)
    circuit = random_circuit(rng)
    found = ternary(circuit)
    found.verify()
    x = random_inputs(rng, circuit, 40)
    assert np.array_equal(found.evaluate(x), circuit.evaluate(x))


@given(st.integers(0, 2**32), st.integers(3, 40))
def test_a_sum_takes_half_the_additions(seed: int, terms: int) -> None:
    rng = np.random.default_rng(seed)
    circuit = tree(rng, terms)
    found = ternary(circuit)
    x = random_inputs(rng, circuit, 40)
    assert np.array_equal(found.evaluate(x), circuit.evaluate(x))
    assert sum(isinstance(node, Add | Add3) for node in found.nodes) == ceil((terms - 1) / 2)
    assert 3 ** (depth(found) - 1) < terms <= 3 ** depth(found)
    assert positions(found) < positions(circuit)


@pytest.mark.parametrize("terms", [2, 3, 4])
def test_sums_that_others_read_stay(terms: int) -> None:
    builder = Builder((Number.of(0, 15),) * terms)
    values = builder.start()
    first = builder.add(Add(values[0], values[1]))
    circuit = builder.finish([first, *(builder.add(Add(first, v)) for v in values[2:])])
    assert ternary(circuit).nodes == circuit.nodes
