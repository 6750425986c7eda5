"""Sums of bits: the logic that is made of them against plain integers."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nnfpga.compiler.circuit.adders import multiply
from nnfpga.compiler.circuit.bipolar import two_valued
from nnfpga.compiler.circuit.counting import build_sums
from nnfpga.compiler.circuit.ir import AtLeast, BitSum, Builder, Circuit, Concat, Constant, Logic, Select, Shift
from nnfpga.compiler.circuit.logic import logic
from nnfpga.compiler.circuit.passes import optimise
from nnfpga.compiler.number import Number

BIPOLAR = Number.of(-1, 1, 2)
PAIRS = [BIPOLAR, Number.of(0, 1), Number.of(-3, -1, 2), Number.of(5, 8, 3), Number.of(-8, 0, 8), Number.of(3, 4)]


def every(*numbers: Number) -> np.ndarray:
    values = [range(int(n.low), int(n.high) + 1, int(n.step)) for n in numbers]
    return np.array(list(itertools.product(*values)))


def is_logic(circuit: Circuit) -> bool:
    return all(not isinstance(n, (BitSum, AtLeast)) for n in circuit.nodes)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=4), st.integers(0, 2**16 - 1), st.data())
def test_logic_is_its_table(places: list[int], table: int, data: st.DataObject) -> None:
    table &= (1 << (1 << len(places))) - 1
    builder = Builder((Number.of(0, 1),) * 4)
    known = [*builder.start(), builder.add(Constant(0)), builder.add(Constant(1))]
    value = logic(builder, [known[p] for p in places], table)
    circuit = builder.finish([value, *known[:4]])
    x = every(*circuit.inputs)
    operands = np.concatenate([x, np.zeros((16, 1), int), np.ones((16, 1), int)], axis=1)
    index = sum(operands[:, p] << k for k, p in enumerate(places))
    assert np.array_equal(circuit.evaluate(x)[:, 0], table >> index & 1)
    node = builder.nodes[value]
    if isinstance(node, Logic):  # depends on every operand it has
        assert len({*node.bits}) == len(node.bits)
        assert not any(isinstance(builder.nodes[b], Constant) for b in node.bits)


@pytest.mark.parametrize("number", PAIRS, ids=str)
def test_two_values_are_a_bit(number: Number) -> None:
    builder = Builder((number,))
    (x,) = builder.start()
    found = two_valued(builder, x)
    assert found is not None
    circuit = builder.finish([found.bit])
    values = every(number)
    bit = circuit.evaluate(values)[:, 0]
    assert np.array_equal(np.where(bit, found.one, found.zero), values[:, 0])


def test_more_values_are_none() -> None:
    builder = Builder((Number.of(0, 2), Number.of(-2, 2, 2)))
    assert [two_valued(builder, v) for v in builder.start()] == [None, None]


WEIGHTS = st.sampled_from([-1, 1, 1, -1, 0, 2, -4])


@settings(deadline=None)
@given(arrays(np.int64, st.tuples(st.integers(1, 9), st.integers(1, 8)), elements=WEIGHTS), st.data())
def test_product_and_comparisons(matrix: np.ndarray, data: st.DataObject) -> None:
    """Rows as words, by one comparison, by three, and by both."""
    numbers = [data.draw(st.sampled_from(PAIRS)) for _ in range(matrix.shape[1])]
    bounds = data.draw(st.lists(st.integers(-12, 12), min_size=len(matrix), max_size=len(matrix)))
    kinds = data.draw(st.lists(st.integers(0, 3), min_size=len(matrix), max_size=len(matrix)))
    builder = Builder(tuple(numbers))
    x = every(*numbers)
    rows = multiply(builder, builder.start(), matrix)
    outputs, expected = [], []
    for row, y, bound, kind in zip(rows, (x @ matrix.T).T, bounds, kinds, strict=True):
        if kind in (0, 3):
            outputs.append(row)
            expected.append(y)
        for b in [bound, bound + 1, bound - 3][: (0, 1, 3, 2)[kind]]:
            outputs.append(builder.add(AtLeast(row, b)))
            expected.append((y >= b).astype(int))
    circuit = builder.finish(outputs)
    assert np.array_equal(circuit.evaluate(x), np.stack(expected, axis=1))
    built = build_sums(circuit)
    assert not any(isinstance(n, BitSum) for n in built.nodes)
    assert np.array_equal(built.evaluate(x), np.stack(expected, axis=1))
    assert np.array_equal(optimise(circuit).evaluate(x), np.stack(expected, axis=1))
    built.verify()


def test_two_layers_and_shared_adders() -> None:
    """A bipolar network: no comparison is left, and it takes less than half of the adders of separate rows."""
    rng = np.random.default_rng(0)
    first, second = rng.choice([-1, 1], (40, 16)), rng.choice([-1, 1], (3, 40))
    builder = Builder((BIPOLAR,) * 16)
    one, less = builder.add(Constant(1)), builder.add(Constant(-1))
    bounds = rng.integers(-4, 5, 40)
    sums = multiply(builder, builder.start(), first)
    hidden = [
        builder.add(Select(builder.add(AtLeast(v, int(b))), one, less)) for v, b in zip(sums, bounds, strict=True)
    ]
    circuit = optimise(builder.finish(multiply(builder, hidden, second)))
    x = rng.choice([-1, 1], (500, 16))
    y = np.where(x @ first.T >= bounds, 1, -1) @ second.T
    assert np.array_equal(circuit.evaluate(x), y)
    assert is_logic(circuit)
    assert sum(isinstance(n, Logic) for n in circuit.nodes) < 0.6 * 2 * (40 * 16 + 3 * 40)


def test_sums_that_others_read_are_words() -> None:
    builder = Builder((BIPOLAR,) * 3)
    (row,) = multiply(builder, builder.start(), np.array([[1, -1, 1]]))
    circuit = optimise(builder.finish([builder.add(Shift(row, 1))]))
    assert any(isinstance(n, Concat) for n in circuit.nodes)
    x = every(*circuit.inputs)
    assert np.array_equal(circuit.evaluate(x)[:, 0], x @ np.array([1, -1, 1]) >> 1)
    assert np.array_equal(Circuit.parse(str(circuit)).evaluate(x), circuit.evaluate(x))
