"""Roots digit by digit are those of brute force, and are found in what is a root only."""

from __future__ import annotations

from collections.abc import Callable
from math import isqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnfpga.compiler.circuit.ir import Bit, Builder, Circuit, Concat, Range
from nnfpga.compiler.functions.network import Fabric
from nnfpga.compiler.functions.problem import Fold, problems
from nnfpga.compiler.functions.recurrences import recurrences, root_ways
from nnfpga.compiler.functions.roots import circuit_of, root_bits, roots
from nnfpga.compiler.functions.smooth import plain_table
from nnfpga.compiler.functions.target import Target
from nnfpga.compiler.number import Number

FABRICS = [Fabric(4, absorbs=True), Fabric(6, absorbs=True), Fabric(4, absorbs=False)]


def root_circuit(digits: int, first: int) -> Circuit:
    builder = Builder((Number.of(0, (1 << 2 * digits) - 1),))
    bits = [builder.add(Bit(builder.start()[0], k)) for k in range(2 * digits)]
    return builder.finish([builder.add(Concat(tuple(root_bits(builder, bits, first)), Range(0, (1 << digits) - 1)))])


@pytest.mark.parametrize("first", [2, 3])
@pytest.mark.parametrize("digits", range(1, 9))
def test_every_root(digits: int, first: int) -> None:
    x = np.arange(1 << 2 * digits)
    circuit = root_circuit(digits, first)
    circuit.verify()
    assert circuit.evaluate(x[:, None])[:, 0].tolist() == [isqrt(n) for n in x.tolist()]


@settings(max_examples=30, deadline=None)
@given(st.integers(9, 16), st.data())
def test_roots_of_wide_numbers(digits: int, data: st.DataObject) -> None:
    n = data.draw(st.lists(st.integers(0, (1 << 2 * digits) - 1), min_size=1, max_size=50))
    n += [q * q + d for q in (1, 1 << digits - 1, (1 << digits) - 1) for d in (-1, 0)]
    outputs = root_circuit(digits, 2).evaluate(np.array(n)[:, None])[:, 0]
    assert outputs.tolist() == [isqrt(v) for v in n]


def target_of(f: Callable[[np.ndarray], np.ndarray], bits: int, signed: bool, room: float) -> Target:
    """What is within some units of a function of 0 .. 1 or -1 .. 1."""
    y = f((np.arange(1 << bits) - (1 << bits - 1 if signed else 0)) / (1 << bits - signed))
    return Target(bits, signed, np.ceil(y - room).astype(np.int64), np.floor(y + room).astype(np.int64))


@settings(max_examples=15, deadline=None)
@given(
    st.integers(6, 12), st.booleans(), st.sampled_from([-1, 1]), st.floats(0.3, 3), st.floats(0, 2), st.integers(4, 10),
    st.integers(-100, 100), st.floats(1.1, 9), st.sampled_from(FABRICS),
)  # fmt: skip
def test_roots_are_found_with_room(
    bits: int, signed: bool, sign: int, slope: float, beyond: float, size: int, offset: int, room: float, fabric: Fabric
) -> None:
    def f(x: np.ndarray) -> np.ndarray:
        return offset + sign * (1 << size) * np.sqrt(slope * (x + signed) + beyond)

    target = target_of(f, bits, signed, room)
    for problem in problems(target):
        for root in roots(target, problem):
            circuit = circuit_of(target, root, fabric)
            circuit.verify()
            assert target.holds(circuit.evaluate(target.codes[:, None])[:, 0])


@pytest.mark.parametrize(("factor", "beyond", "room"), [(900, 0, 0.6), (-900, 0.01, 1), (-300, 0.3, 2.5)])
def test_multiples_of_roots_of_lines_are_found(factor: float, beyond: float, room: float) -> None:
    target = target_of(lambda x: 50 + factor * np.sqrt(2.3 * x + beyond), 12, False, room)
    (found,) = recurrences([target], FABRICS[0], plain_table, 1e9, lambda _: None)
    assert target.holds(found.circuit.evaluate(target.codes[:, None])[:, 0])


@pytest.mark.parametrize("bits", [8, 11, 12, 16])
@pytest.mark.parametrize("shift", [0, 4])
def test_the_nearest_roots_are_found(bits: int, shift: int) -> None:
    """No freedom at all, and a unit less at the end, where it saturates."""
    x = np.arange(1 << bits)
    y = np.array([isqrt(4 * v << shift) + 1 >> 1 for v in x.tolist()])
    for most in (1 << 20, (1 << (bits + shift + 1) // 2) - 1):
        target = Target(bits, False, np.minimum(y, most), np.minimum(y, most))
        (found,) = recurrences([target], FABRICS[0], plain_table, 1e9, lambda _: None)
        assert (found.circuit.evaluate(x[:, None])[:, 0] == target.low).all()


def test_an_even_root_is_folded() -> None:
    target = target_of(lambda x: 200 * np.sqrt(abs(x + 1 / 1024)), 10, True, 3)
    assert (Fold.EVEN,) in [r.problem.folds for p in problems(target) for r in roots(target, p)]


NO_ROOTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "steeper": lambda x: 1000 * x**0.47,
    "and a little more": lambda x: 1000 * np.sqrt(x) + 6 * np.sin(9 * x),
    "logarithm": lambda x: 200 * np.log(x + 0.01),
    "exponential": lambda x: 1000 * np.exp(-x),
    "line": lambda x: 1000 * x,
    "wave": lambda x: 1000 * np.sin(9 * x),
    "constant": lambda x: 0 * x + 7,
}


@pytest.mark.parametrize("name", NO_ROOTS)
def test_what_is_no_root_is_refused(name: str) -> None:
    assert not [*root_ways([target_of(NO_ROOTS[name], 12, False, 1.2)], FABRICS[0])]


@pytest.mark.parametrize("wrong", [5, 4095])
def test_a_single_wrong_value_is_refused(wrong: int) -> None:
    target = target_of(lambda x: 1000 * np.sqrt(x), 12, False, 1.2)
    assert recurrences([target], FABRICS[0], plain_table, 1e9, lambda _: None)
    target.low[wrong] += 4
    target.high[wrong] += 4
    assert not recurrences([target], FABRICS[0], plain_table, 1e9, lambda _: None)


def test_only_below_a_price() -> None:
    target = target_of(lambda x: 1000 * np.sqrt(x), 12, False, 1.2)
    (found,) = recurrences([target], FABRICS[0], plain_table, 1e9, lambda _: None)
    assert found.luts is not None
    assert not recurrences([target], FABRICS[0], plain_table, found.luts, lambda _: None)
