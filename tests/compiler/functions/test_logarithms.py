"""Logarithms stay inside intervals at every input, and are found in what is a logarithm only."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnfpga.compiler.functions.logarithms import circuit_of, logarithms, shorter, step_of
from nnfpga.compiler.functions.network import Fabric
from nnfpga.compiler.functions.problem import problems
from nnfpga.compiler.functions.recurrences import recurrences
from nnfpga.compiler.functions.smooth import plain_table
from nnfpga.compiler.functions.target import Target

FABRIC = Fabric(4, absorbs=False)


def target_of(f: Callable[[np.ndarray], np.ndarray], bits: int, room: float) -> Target:
    """What is within some units of a function of the input codes."""
    y = f(np.arange(1 << bits))
    return Target(bits, False, np.ceil(y - room).astype(np.int64), np.floor(y + room).astype(np.int64))


@settings(max_examples=5, deadline=None)
@given(st.integers(11, 12), st.sampled_from([-1, 1]), st.floats(20, 300), st.integers(-9, 9999), st.floats(1, 9))
def test_logarithms_are_found_with_room(bits: int, sign: int, factor: float, offset: int, room: float) -> None:
    target = target_of(lambda x: offset + sign * factor * np.log2(x + 1), bits, room)
    (problem, *_) = problems(target)
    found = [*logarithms(problem, FABRIC)]
    assert found or problem.dropped
    for f in [*found[:2], *found[-2:]]:
        circuit = circuit_of(target, f, plain_table)
        if circuit is not None:
            circuit.verify()
            assert target.holds(circuit.evaluate(target.codes[:, None])[:, 0])


def test_a_logarithm_is_a_candidate() -> None:
    target = target_of(lambda x: 100 * np.log(x + 1), 12, 1.5)
    (found,) = recurrences([target], FABRIC, plain_table, 1e9, lambda _: None)
    assert found.method.startswith("logarithm")
    assert target.holds(found.circuit.evaluate(target.codes[:, None])[:, 0])


def test_without_a_value_at_zero() -> None:
    """Nothing has to be added where the value at 0 is any that shifting up gives."""
    target = target_of(lambda x: 3000 + 100 * np.log(np.maximum(x, 0.5)), 12, 1.5)
    found = [*logarithms(problems(target)[0], FABRIC)]
    assert found
    assert {f.plus for f in found} == {0}


NO_LOGARITHMS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "of more": lambda x: 100 * np.log(x + 30),
    "root": lambda x: 20 * np.sqrt(x),
    "and a little more": lambda x: 100 * np.log(x + 1) + 5 * np.sin(x / 300),
    "exponential": lambda x: 1000 * np.exp(-x / 1000),
    "line": lambda x: 1000 - x / 4,
}


@pytest.mark.parametrize("name", NO_LOGARITHMS)
def test_what_is_no_logarithm_is_refused(name: str) -> None:
    assert not [*logarithms(problems(target_of(NO_LOGARITHMS[name], 12, 1.2))[0], FABRIC)]


@pytest.mark.parametrize("wrong", [3, 700, 4090])
def test_a_single_wrong_value_is_refused(wrong: int) -> None:
    target = target_of(lambda x: 100 * np.log(x + 1), 12, 1.2)
    (problem, *_) = problems(target)
    assert [*logarithms(problem, FABRIC)]
    problem.low[wrong] += 4
    problem.high[wrong] += 4
    assert not [*logarithms(problem, FABRIC)]


@pytest.mark.parametrize("bits", [1, 4, 8])
def test_few_bits_are_left_to_tables(bits: int) -> None:
    assert not [*logarithms(problems(target_of(lambda x: 100 * np.log(x + 1), bits, 1.2))[0], FABRIC)]


def test_the_step_is_what_halving_loses() -> None:
    x = np.arange(1 << 10)
    y = np.floor(100.25 * np.log2(np.maximum(x, 1))).astype(np.int64)
    step = step_of(y, y)
    assert step is not None
    assert abs(step - 100.25) < 0.15
    assert step_of(x, x) is None


def test_low_bits_go_while_intervals_meet() -> None:
    target = target_of(lambda x: x / 8, 11, 1.0)
    (problem, *_) = problems(target)
    found = [*shorter(problem)]
    assert [p.inputs for p in found] == list(range(problem.inputs, problem.inputs - len(found), -1))
    for cut, p in enumerate(found):
        assert (p.low == problem.low.reshape(-1, 1 << cut).max(axis=1)).all()
        assert (p.low <= p.high).all()
