"""Every candidate stays inside random intervals, on every way from the target to the circuit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnfpga.compiler.exact import Ints
from nnfpga.compiler.functions.choose import Effort, candidates, plain, starts
from nnfpga.compiler.functions.circuits import circuit_of
from nnfpga.compiler.functions.network import Fabric, Gate, Kind, Network
from nnfpga.compiler.functions.problem import Fold, problems
from nnfpga.compiler.functions.search import improve
from nnfpga.compiler.functions.target import Target

QUICK = Effort(starts=4, first=300, kept=2, longer=600, last=600)
FABRICS = [Fabric(4, absorbs=True), Fabric(6, absorbs=True), Fabric(4, absorbs=False)]


def smooth(bits: int, signed: bool, seed: int, room: int) -> Target:
    """A random walk with intervals around it, even or odd for some seeds."""
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.integers(-2, 3, 1 << bits)) + int(rng.integers(-20, 20))
    if seed % 3 == 1:
        walk = walk + walk[::-1]
    if seed % 3 == 2:
        walk = walk - walk[::-1] - (seed % 2)
    low = walk - rng.integers(0, room + 1, len(walk))
    high = walk + rng.integers(0, room + 1, len(walk))
    return Target(bits, signed, low, high)


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 7), st.booleans(), st.integers(0, 1 << 20), st.integers(0, 4), st.sampled_from(FABRICS))
def test_candidates_are_within_the_intervals(bits: int, signed: bool, seed: int, room: int, fabric: Fabric) -> None:
    target = smooth(bits, signed, seed, room)
    found = [*candidates([target], fabric, QUICK, 1, lambda _: None), plain(target)]
    assert len(found) > 1
    for candidate in found:
        candidate.circuit.verify()
        outputs = candidate.circuit.evaluate(target.codes.reshape(-1, 1))[:, 0]
        assert ((target.low <= outputs) & (outputs <= target.high)).all()


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 7), st.booleans(), st.integers(0, 1 << 20), st.integers(0, 6))
def test_starts_solve_their_problems_folded_or_not(bits: int, signed: bool, seed: int, room: int) -> None:
    for start in starts(smooth(bits, signed, seed, room), FABRICS[0]):
        assert start.problem.holds(start.network)
        assert all(whole.problem.holds(whole.network) for whole in start.unfolded())


@pytest.mark.parametrize(("fold", "f"), [(Fold.EVEN, lambda x: x * x), (Fold.ODD, lambda x: 10 * x)])
def test_symmetry_is_found(fold: Fold, f: Callable[[Ints], Ints]) -> None:
    x = np.arange(-16, 16)
    target = Target(5, True, f(2 * x + 1) // 2 - 3, f(2 * x + 1) // 2 + 3)
    assert (fold,) in [p.folds for p in problems(target)]


@pytest.mark.parametrize("fabric", FABRICS)
def test_a_search_saves_luts_and_stays_right(fabric: Fabric) -> None:
    x = np.arange(-64, 64)
    y = np.rint(100 * np.exp(-((x / 25) ** 2))).astype(np.int64)
    before = after = 0
    target = Target(7, True, y - 1, y + 1)
    for start in starts(target, fabric):
        better = improve(start.problem, start.network, fabric, 10_000, 1)
        assert start.problem.holds(better)
        assert better.price(fabric) <= start.network.price(fabric)
        assert improve(start.problem, start.network, fabric, 10_000, 1) == better
        for whole in replace(start, network=better).unfolded():
            circuit = circuit_of(target, whole.problem, whole.network)  # sums of words still
            assert target.holds(circuit.evaluate(x.reshape(-1, 1))[:, 0])
        before, after = before + start.network.price(fabric), after + better.price(fabric)
    assert after < before


def test_a_wrong_table_is_noticed() -> None:
    y = np.arange(16) ** 2
    (problem,) = problems(Target(4, False, y, y))
    (start, *_) = starts(Target(4, False, y, y), FABRICS[0])
    gates = list(start.network.gates)
    n = next(n for n, gate in enumerate(gates) if gate.kind == Kind.LUT and len(gate.operands) > 1)
    gates[n] = gates[n]._replace(table=gates[n].table ^ 1)
    wrong = Network(start.network.inputs, tuple(gates), start.network.outputs)
    assert not problem.holds(wrong)
    with pytest.raises(ValueError, match="must solve"):
        improve(problem, wrong, FABRICS[0], 300, 1)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 1 << 30))
def test_tidying_changes_no_value(seed: int) -> None:
    rng = Random(seed)
    gates = [
        Gate(tuple(rng.randrange(5 + n) for _ in range(k)), rng.getrandbits(1 << k))
        for n in range(12)
        for k in [rng.randrange(4)]
    ]
    network = Network(5, tuple(gates), tuple(rng.randrange(17) for _ in range(4)))
    inputs = [(np.arange(16) >> k & 1).astype(np.bool_) for k in range(4)]
    tidy = network.tidied(rng)
    assert (tidy.evaluate(inputs) == network.evaluate(inputs)).all()
    assert tidy.price(FABRICS[0]) <= network.price(FABRICS[0]) + 4


def test_the_price_of_a_sum() -> None:
    gates = (
        Gate((1, 2), 0b1000),
        Gate((5, 3), 0b0110, Kind.SUM),
        Gate((5, 3), 0b1000, Kind.CARRY),
        Gate((0, 4, 7), 0b10010110, Kind.SUM),
    )
    network = Network(5, gates, (6, 8))
    assert network.price(Fabric(4, absorbs=True)) == 1
    assert network.price(Fabric(4, absorbs=False)) == 2
    assert network.price(Fabric(4, absorbs=False, fixed=True)) == 4  # the beginning of the chain, too
    assert replace(network, outputs=(5, 6, 8)).price(Fabric(4, absorbs=True)) == 2


def test_the_price_of_a_carry_and_of_inverters() -> None:
    gates = (
        Gate((1, 2, 3, 4), 0x8000),  # reads what it is added to: in the sum's LUT
        Gate((1,), 0b01),
        Gate((5, 1), 0b1000, Kind.CARRY),  # nothing reads the sum, whose LUT the carry needs
        Gate((0, 2, 7), 0b10010110, Kind.SUM),
    )
    network = Network(5, gates, (6, 8))
    assert network.price(Fabric(4, absorbs=True)) == 2
    assert (
        replace(network, gates=(*gates[:3], Gate((6, 2, 7), 0b10010110, Kind.SUM)), outputs=(8,)).price(
            Fabric(4, absorbs=True)
        )
        == 2
    )  # the inverter in the sum's LUT


def test_loosening_changes_no_value() -> None:
    x = np.arange(-64, 64)
    y = np.rint(100 * np.exp(-((x / 25) ** 2))).astype(np.int64)
    for start in starts(Target(7, True, y - 1, y + 1), FABRICS[0]):
        loose = start.network.loosened()
        assert start.problem.holds(loose)
        read = [s for g in loose.gates if g.kind == Kind.SUM for s in g.operands[:2] if s] + [*loose.outputs]
        assert len({*read}) == len(read)
        assert all(loose.gates[s - loose.inputs].kind == Kind.LUT for s in read)


def test_unfolding_keeps_what_is_allowed() -> None:
    x = np.arange(-32, 32)
    target = Target(6, True, 3 * x - 2, 3 * x + 5)
    for start in starts(target, FABRICS[0]):
        for way in start.unfolded():
            words = way.network.evaluate(way.problem.patterns)
            codes = x & (1 << 6) - 1
            outputs = way.problem.base + words[codes >> way.problem.dropped]
            assert ((target.low <= outputs) & (outputs <= target.high)).all()


def test_sums_are_inverted_by_their_operands() -> None:
    """Of an odd function: no LUT stands behind the last sum."""
    x = np.arange(-128, 128)
    y = np.floor(128 / (1 + np.exp(-(x + 0.5) / 30))).astype(np.int64)
    sums = 0
    for start in starts(Target(8, True, y - 1, y + 1), FABRICS[0]):
        ways = start.unfolded()
        assert all(way.problem.holds(way.network) for way in ways)
        if len(ways) > 1:
            network = ways[1].network
            driver = network.gates[network.outputs[-2] - network.inputs]
            sums += driver.kind == Kind.SUM
    assert sums > 0
