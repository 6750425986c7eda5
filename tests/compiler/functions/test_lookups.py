"""Tables of circuits become units that have the same values."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnfpga.compiler.circuit.inline import inline
from nnfpga.compiler.circuit.ir import Add, AtLeast, Builder, Circuit, Clamp, Lookup, Shift
from nnfpga.compiler.functions.choose import Effort, candidates
from nnfpga.compiler.functions.lookups import with_units
from nnfpga.compiler.functions.network import Fabric
from nnfpga.compiler.functions.target import Target
from nnfpga.compiler.number import Number

QUICK = Effort(starts=2, first=300, kept=1, longer=300, last=300)


def quick(target: Target) -> Circuit | None:
    """The best unit of a short search."""
    return candidates([target], Fabric(4, absorbs=False), QUICK, 1, lambda _: None)[0].circuit


@settings(max_examples=12)
@given(st.integers(-70, 70), st.integers(0, 90), st.integers(0, 2), st.integers(-300, 300), st.integers(0, 1 << 20))
def test_every_table_keeps_its_values(low: int, size: int, zeros: int, least: int, seed: int) -> None:
    """Whatever the range of what it reads, wherever its values lie, and where other nodes read both."""
    rng = np.random.default_rng(seed)
    builder = Builder((Number.of(low, low + size),))
    (x,) = builder.start()
    first, last = low << zeros, low + size << zeros
    entries = np.clip(np.cumsum(rng.integers(-3, 4, last - first + 3)), -60, 60) + least
    y = builder.add(Lookup(builder.add(Shift(x, -zeros)), first - 1, tuple(entries.tolist())))
    circuit = builder.finish([y, builder.add(Add(x, y)), builder.add(AtLeast(y, least))])
    made = with_units(circuit, quick)
    made.verify()
    if first < last:
        assert not any(isinstance(node, Lookup) for node in made.nodes)
    every = np.arange(low, low + size + 1).reshape(-1, 1)
    assert (made.evaluate(every) == circuit.evaluate(every)).all()
    for old, new in zip(circuit.outputs, made.outputs, strict=True):
        assert circuit.ranges[old].low <= made.ranges[new].low
        assert made.ranges[new].high <= circuit.ranges[old].high


def test_a_function_is_asked_for_once() -> None:
    """Also for values of other ranges; and nothing changes where nothing is found."""
    builder = Builder((Number.of(-8, 7), Number.of(-8, 7), Number.of(-8, 7)))
    a, b, c = builder.start()
    squares = tuple(v * v for v in range(-10, 10))
    clamped = builder.add(Clamp(b, -3, 2))
    tables = [Lookup(a, -10, squares), Lookup(clamped, -10, squares), Lookup(c, -10, squares[::-1])]
    circuit = builder.finish([builder.add(t) for t in tables])
    asked: list[Target] = []

    def note(target: Target) -> None:
        asked.append(target)

    assert with_units(circuit, note) is circuit
    assert sorted(t.low.tolist() for t in asked) == sorted([list(squares[2:18]), list(squares[::-1][2:18])])


def test_so_many_entries_are_asked_for() -> None:
    """Large tables first: each takes its time."""
    builder = Builder((Number.of(0, 1023),))
    (x,) = builder.start()
    y = np.arange(1024)
    circuit = builder.finish([builder.add(Lookup(x, 0, tuple((y * k).tolist()))) for k in range(1, 7)])
    asked: list[Target] = []
    with_units(circuit, asked.append)
    assert sorted(int(t.low[-1]) for t in asked) == [1023 * k for k in (3, 4, 5, 6)]


def test_a_wrong_unit_is_noticed() -> None:
    builder = Builder((Number.of(0, 15),))
    (x,) = builder.start()
    circuit = builder.finish([builder.add(Lookup(x, 0, tuple(v * v for v in range(16))))])
    with pytest.raises(AssertionError, match="what is not allowed"):
        with_units(circuit, lambda target: quick(Target.of(0, target.low + 1, target.high + 1)))


def test_a_circuit_within_another_one() -> None:
    inner = Builder((Number.of(0, 7), Number.of(0, 7)))
    a, b = inner.start()
    circuit = inner.finish([inner.add(Add(a, b, 1)), b])
    outer = Builder((Number.of(0, 3), Number.of(0, 3)))
    p, q = outer.start()
    r, s = inline(outer, circuit, inline(outer, circuit, [p, q]))
    x = np.stack(np.meshgrid(np.arange(4), np.arange(2)), axis=-1).reshape(-1, 2)
    y = outer.finish([r, s]).evaluate(x)
    assert (y[:, 0] == 2 * (2 * x[:, 0] + x[:, 1]) + x[:, 1]).all()
    assert (y[:, 1] == x[:, 1]).all()
