"""Sums in another order: the same function, no more additions, and no order with fewer levels."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnfpga.compiler.circuit.ir import Add, AtLeast, Builder, Circuit, Clamp, Shift, Value
from nnfpga.compiler.circuit.passes.balance import balance
from nnfpga.compiler.exact import Ints
from nnfpga.compiler.number import Number

LATTICE = Number.of(-9, 22)


def depth(circuit: Circuit) -> int:
    level: list[int] = []
    for node in circuit.nodes:
        level.append(isinstance(node, Add | Clamp | AtLeast) + max((level[v] for v in node.reads), default=0))
    return max(level[o] for o in circuit.outputs)


def additions(circuit: Circuit) -> int:
    return sum(isinstance(node, Add) for node in circuit.nodes)


def vectors(circuit: Circuit) -> Ints:
    return np.random.default_rng(0).integers(-9, 23, (64, len(circuit.inputs)))


@given(st.integers(0, 2**32), st.integers(1, 5))
def test_the_function_stays(seed: int, outputs: int) -> None:
    rng = np.random.default_rng(seed)
    builder = Builder((LATTICE,) * 4)
    values = builder.start()
    for _ in range(24):
        a, b = (int(v) for v in rng.choice(values[-5:], 2))
        left, right = (int(n) for n in rng.integers(0, 3, 2))
        add = Add(a, b, left, right, bool(rng.integers(2)))
        values.append(builder.add([add, add, add, add, Clamp(a, -9, 9), Shift(a, 1), Shift(a, -2)][rng.integers(7)]))
        if builder.ranges[values[-1]].width > 50:
            values[-1] = builder.add(Clamp(values[-1], -3, 17))
    circuit = builder.finish(values[-outputs:])
    fast = balance(circuit)
    fast.verify()
    x = vectors(circuit)
    assert np.array_equal(fast.evaluate(x), circuit.evaluate(x))
    assert additions(fast) <= additions(circuit)
    assert depth(fast) <= depth(circuit)


def row(builder: Builder, values: list[Value], signs: list[int]) -> Value:
    """One sum after the other."""
    total = values[0]
    for n, (v, minus) in enumerate(zip(values[1:], signs, strict=True)):
        total = builder.add(Add(total, v, n % 2, n % 3, bool(minus)))
    return total


@pytest.mark.parametrize("terms", [2, 3, 7, 8, 9, 33])
def test_a_row_becomes_a_tree(terms: int) -> None:
    builder = Builder((LATTICE,) * terms)
    signs = np.random.default_rng(terms).integers(0, 2, terms - 1).tolist()
    circuit = builder.finish([row(builder, builder.start(), signs)])
    assert depth(circuit) == terms - 1
    fast = balance(circuit)
    assert depth(fast) == (terms - 1).bit_length()
    assert additions(fast) == terms - 1
    x = vectors(circuit)
    assert np.array_equal(fast.evaluate(x), circuit.evaluate(x))


def test_late_terms_come_last() -> None:
    """Seven sums deep, and eight early terms more: they take no level but the last."""
    builder = Builder((LATTICE,) * 9)
    values = builder.start()
    late = values[0]
    for _ in range(7):
        late = builder.add(Clamp(builder.add(Add(late, values[0], 1)), 0, 30))
    circuit = builder.finish([row(builder, [late, *values[1:]], [0] * 8)])
    assert depth(circuit) == 14 + 8
    assert depth(balance(circuit)) == 14 + 1


def test_sums_that_are_not_awaited_stay() -> None:
    """Beside a longer way the row is as good, and as it was."""
    builder = Builder((LATTICE,) * 6)
    values = builder.start()
    late = values[0]
    for _ in range(3):
        late = builder.add(Clamp(builder.add(Add(late, values[0], 1)), 0, 30))
    circuit = builder.finish([row(builder, values, [0, 1, 0, 1, 0]), late])
    assert depth(circuit) == 6
    assert balance(circuit) == circuit


def test_a_sum_with_several_readers_is_made_once() -> None:
    builder = Builder((LATTICE,) * 8)
    values = builder.start()
    shared = row(builder, values[:6], [0] * 5)
    circuit = builder.finish([builder.add(Add(shared, v)) for v in values[6:]] + [shared])
    fast = balance(circuit)
    assert additions(fast) == additions(circuit) == 7
    assert depth(fast) == 4


def test_many_terms_in_a_row() -> None:
    """Deeper than Python's stack."""
    builder = Builder((LATTICE,))
    (x,) = builder.start()
    total = x
    for n in range(3000):
        total = builder.add(Add(total, x, 0, n % 7, bool(n % 2)))
    circuit = builder.finish([total])
    assert depth(balance(circuit)) <= 13
