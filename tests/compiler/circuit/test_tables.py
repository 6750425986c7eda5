"""Products of narrow values as sums of tables."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnfpga.compiler.circuit.adders import multiply
from nnfpga.compiler.circuit.ir import Builder, Circuit, Logic
from nnfpga.compiler.circuit.tables import are_narrow, table_sums
from nnfpga.compiler.number import Number

NARROW = [
    Number.of(0, 1),
    Number.of(-1, 1, 2),
    Number.of(0, 3),
    Number.of(-2, 1),
    Number.of(-8, 4, 4),
    Number.of(5, 9, 4),
    Number.of(2, 2),
]


def tables(matrix: np.ndarray, numbers: list[Number]) -> Circuit:
    builder = Builder(tuple(numbers))
    return builder.finish(table_sums(builder, builder.start(), matrix))


def samples(rng: np.random.Generator, numbers: list[Number]) -> np.ndarray:
    columns = [n.low + n.step * rng.integers(0, (n.high - n.low) // max(n.step, 1) + 1, 60) for n in numbers]
    return np.stack(columns, axis=1).astype(np.int64)


@given(st.lists(st.sampled_from(NARROW), min_size=1, max_size=7), st.integers(1, 4), st.integers(0, 2**32))
def test_rows(numbers: list[Number], rows: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.integers(-100, 101, (rows, len(numbers))) * rng.integers(0, 2, (rows, len(numbers)))
    circuit = tables(matrix, numbers)
    circuit.verify()
    x = samples(rng, numbers)
    assert np.array_equal(circuit.evaluate(x), x @ matrix.T)


def test_a_table_has_the_bits_of_a_lut() -> None:
    rng = np.random.default_rng(0)
    circuit = tables(rng.integers(-100, 101, (3, 9)), [Number.of(0, 3)] * 5 + [Number.of(0, 1)] * 4)
    functions = [node for node in circuit.nodes if isinstance(node, Logic)]
    assert functions
    assert all(len(node.bits) <= 4 for node in functions)


@pytest.mark.parametrize(("number", "chosen"), [(Number.of(0, 1), True), (Number.of(0, 7), False)])
def test_the_smaller_form_is_taken(number: Number, chosen: bool) -> None:
    matrix = np.random.default_rng(1).integers(-127, 128, (8, 16))
    builder = Builder((number,) * 16)
    x = builder.start()
    assert are_narrow(builder, x) == chosen
    circuit = builder.finish(multiply(builder, x, matrix))
    assert any(isinstance(node, Logic) for node in circuit.nodes) == chosen


def test_adders_stay_where_they_are_smaller() -> None:
    builder = Builder((Number.of(0, 3),) * 4)
    circuit = builder.finish(multiply(builder, builder.start(), np.array([[1, 1, 1, 1], [2, 2, 2, 2]])))
    assert not any(isinstance(node, Logic) for node in circuit.nodes)
