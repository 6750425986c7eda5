"""Truth tables in the place of neurons with few inputs, and the decomposition of tables."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnfpga.compiler.circuit.ir import (
    Add,
    AtLeast,
    Bit,
    Builder,
    Circuit,
    Clamp,
    Concat,
    Constant,
    Input,
    Logic,
    Node,
    Select,
    Shift,
)
from nnfpga.compiler.functions.decompose import decomposed
from nnfpga.compiler.functions.few_inputs import few_inputs
from nnfpga.compiler.functions.network import Fabric, Network
from nnfpga.compiler.functions.problem import Problem
from nnfpga.compiler.number import Number

from ..circuit.samples import random_circuit, random_inputs

LUT4, LUT6 = Fabric(4, absorbs=False), Fabric(6, absorbs=False)
WIRES = (Bit, Concat, Constant, Input, Select)


def lut_count(circuit: Circuit) -> float:
    """A LUT for each function of bits, ten for everything else: tables are always cheaper."""
    return sum(0 if isinstance(n, WIRES) else 1 if isinstance(n, Logic) else 10 for n in circuit.nodes)


def table(words: np.ndarray, fabric: Fabric) -> Network:
    inputs, outputs = len(words).bit_length() - 1, max(int(words.max()).bit_length(), 1)
    problem = Problem(inputs, 0, (), outputs, 0, words, words)
    network = decomposed(problem, fabric)
    assert problem.holds(network)
    assert all(len(gate.operands) <= fabric.inputs for gate in network.gates)
    return network


@settings(max_examples=40)
@given(st.integers(1, 7), st.integers(1, 4), st.sampled_from([LUT4, LUT6]), st.integers(0, 2**32))
def test_random_tables(inputs: int, outputs: int, fabric: Fabric, seed: int) -> None:
    table(np.random.default_rng(seed).integers(0, 1 << outputs, 1 << inputs), fabric)


def test_a_parity_of_ten_is_three_luts() -> None:
    words = np.array([n.bit_count() & 1 for n in range(1 << 10)])
    assert table(words, LUT4).price(LUT4) == 3


def test_a_sum_of_words_needs_its_value_alone() -> None:
    """Whether two 2-bit numbers and two more differ: their sums of seven values are three bits each."""
    words = np.array([int(sum(n >> k & 3 for k in (0, 2)) >= sum(n >> k & 3 for k in (4, 6))) for n in range(256)])
    assert table(words, LUT6).price(LUT6) <= 4


@pytest.mark.parametrize("fabric", [LUT4, LUT6], ids=["LUT4", "LUT6"])
def test_random_circuits_stay_as_they_are(fabric: Fabric) -> None:
    changed = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        circuit = random_circuit(rng)
        made = few_inputs(circuit, fabric, lut_count)
        made.verify()
        x = random_inputs(rng, circuit, 200)
        assert np.array_equal(made.evaluate(x), circuit.evaluate(x))
        changed += made is not circuit
    assert changed > 10


def neuron(builder: Builder, x: list[int], weights: list[int]) -> int:
    """A weighted sum, halved and clamped to 0 .. 3."""
    total = builder.add(Constant(1))
    for v, w in zip(x, weights, strict=True):
        total = builder.add(Add(total, v, 0, w.bit_length() - 1 if w > 0 else (-w).bit_length() - 1, w < 0))
    return builder.add(Clamp(builder.add(Shift(total, 1)), 0, 3))


def test_a_sparse_network_is_tables() -> None:
    """Two layers: the second one's tables read the first one's results, not the inputs."""
    numbers = (Number.of(0, 3), Number.of(0, 2), Number.of(-1, 1, 2), Number.of(-2, 1), Number.of(0, 3))
    builder = Builder(numbers)
    x = builder.start()
    first = [neuron(builder, [x[i] for i in of], [1, -2, 4]) for of in ((0, 1, 2), (1, 3, 4), (2, 0, 4))]
    circuit = builder.finish([neuron(builder, first, [2, 1, -1]), builder.add(AtLeast(first[0], 2))])
    made = few_inputs(circuit, LUT4, lut_count)
    made.verify()
    assert not any(isinstance(n, (Add, Clamp, Shift)) for n in made.nodes)
    every = np.array(list(product(*(range(n.low, n.high + 1, int(n.step)) for n in numbers))))
    assert np.array_equal(made.evaluate(every), circuit.evaluate(every))


def test_what_is_dear_as_a_table_stays() -> None:
    builder = Builder((Number.of(0, 63), Number.of(0, 63)))
    a, b = builder.start()
    circuit = builder.finish([builder.add(Clamp(builder.add(Add(a, b)), 0, 63))])
    assert few_inputs(circuit, LUT4, lambda c: 100 * sum(isinstance(n, Logic) for n in c.nodes) + 20) is circuit


def test_what_others_read_is_not_saved() -> None:
    """A sum stays for another reader, so the table that reads the same bits has to be cheaper than the rest alone."""
    builder = Builder((Number.of(0, 3),) * 3)
    a, b, c = builder.start()
    total = builder.add(Add(builder.add(Add(a, b)), c))
    clamped = builder.add(Clamp(total, 2, 5))
    prices: dict[type[Node], float] = {Add: 3.0, Clamp: 1.0, Logic: 1.0}

    def price(circuit: Circuit) -> float:
        return sum(prices.get(type(n), 0.0) for n in circuit.nodes)

    alone, shared = builder.finish([clamped]), builder.finish([clamped, total])
    assert not any(isinstance(n, Add) for n in few_inputs(alone, LUT6, price).nodes)
    assert few_inputs(shared, LUT6, price) is shared
