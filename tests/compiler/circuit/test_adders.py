from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from dataclasses import fields
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from nnfpga.compiler.circuit import adders
from nnfpga.compiler.circuit.adders import csd, digit_count, multiply
from nnfpga.compiler.circuit.ir import Add, Builder, Circuit, Constant
from nnfpga.compiler.number import Number

if TYPE_CHECKING:
    from nnfpga.compiler.circuit.sharing import Shared

LITTLE = 300  # effort of searches whose result only has to be right
SIX = Number.of(-32, 31)
ELEMENTS = st.one_of(st.sampled_from([0, 0, 1, -1, 2, 64]), st.integers(-200, 200))


def circuit_of(matrix: np.ndarray, number: Number, effort: int = LITTLE) -> Circuit:
    builder = Builder((number,) * matrix.shape[1])
    return builder.finish(multiply(builder, builder.start(), matrix, effort))


def check(matrix: np.ndarray, effort: int = LITTLE) -> Circuit:
    circuit = circuit_of(matrix, SIX, effort)
    x = np.random.default_rng(0).integers(-32, 32, (40, matrix.shape[1]))
    x[0], x[1] = -32, 31
    y = circuit.evaluate(x)
    assert np.array_equal(y, x @ matrix.T)
    for n, o in enumerate(circuit.outputs):  # the proven range is the real one: the rows are linear
        up, down = np.maximum(matrix[n], 0).sum(), np.minimum(matrix[n], 0).sum()
        assert circuit.ranges[o].low <= -32 * up + 31 * down
        assert circuit.ranges[o].high >= 31 * up - 32 * down
    return circuit


@given(st.integers(-(2**40), 2**40))
def test_signed_digits(value: int) -> None:
    digits = list(csd(value))
    assert sum(sign << shift for shift, sign in digits) == value
    shifts = [shift for shift, _ in digits]
    assert all(b - a >= 2 for a, b in pairwise(shifts))
    assert digit_count(np.array([[value], [0]], dtype=object)) == len(digits)


@given(arrays(np.int64, array_shapes(min_dims=2, max_dims=2, max_side=7), elements=ELEMENTS))
def test_product(matrix: np.ndarray) -> None:
    check(matrix)


@given(arrays(np.int64, array_shapes(min_dims=2, max_dims=2, max_side=4), elements=ELEMENTS))
def test_repeated_rows_and_columns(matrix: np.ndarray) -> None:
    check(np.block([[matrix, 2 * matrix], [matrix, -matrix], [-matrix, 3 * matrix]]))


@pytest.mark.parametrize("matrix", [[[0, 0]], [[-1, 0]], [[0, 8]], [[-8, 0]], [[-3, -3], [-3, -3]]])
def test_corners(matrix: list[list[int]]) -> None:
    check(np.array(matrix))


def adders_of(circuit: Circuit) -> int:
    return sum(isinstance(node, Add) for node in circuit.nodes)


def bits_of(circuit: Circuit) -> int:
    return sum(r.width for node, r in zip(circuit.nodes, circuit.ranges, strict=True) if isinstance(node, Add))


def depth_of(circuit: Circuit) -> int:
    """Adders on the longest way; changes of sign are not counted."""
    depths: list[int] = []
    for node in circuit.nodes:
        sums = isinstance(node, Add) and not isinstance(circuit.nodes[node.a], Constant)
        depths.append(sums + max((depths[v] for v in node.reads), default=0))
    return max((depths[o] for o in circuit.outputs), default=0)


def check_depth(matrix: np.ndarray, slack: int) -> None:
    digits = max(digit_count(row) for row in matrix)
    builder = Builder((SIX,) * matrix.shape[1], slack=slack)
    circuit = builder.finish(multiply(builder, builder.start(), matrix, LITTLE))
    assert depth_of(circuit) <= max(digits - 1, 0).bit_length() + slack
    x = np.random.default_rng(0).integers(-32, 32, (20, matrix.shape[1]))
    assert np.array_equal(circuit.evaluate(x), x @ matrix.T)


def cost(plan: Shared) -> int:
    return sum(digit_count(np.array([c for _, c in terms])) - 1 for terms in (*plan.sums, *plan.rows))


def test_sharing_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = np.random.default_rng(0).integers(-128, 128, (16, 16))
    if adders.COMPILED:
        assert adders_of(check(matrix, adders.EFFORT)) <= 340
    monkeypatch.setattr(adders, "COMPILED", False)
    assert adders_of(check(matrix)) <= 375


@given(arrays(np.int64, array_shapes(min_dims=2, max_dims=2, max_side=7), elements=ELEMENTS), st.integers(0, 2))
def test_depth(matrix: np.ndarray, slack: int) -> None:
    check_depth(matrix, slack)


@pytest.fixture(scope="module")
def compiled() -> Iterator[None]:
    """Even small matrices go to the compiled search."""
    pytest.importorskip("llvmlite")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(adders, "SMALL", 0)
        yield


@pytest.mark.usefixtures("compiled")
class TestCompiled:
    @given(arrays(np.int64, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=ELEMENTS))
    @settings(deadline=None)
    def test_product(self, matrix: np.ndarray) -> None:
        check(matrix)

    @given(arrays(np.int64, array_shapes(min_dims=2, max_dims=2, max_side=4), elements=ELEMENTS))
    @example(np.array([[0, 0, 2], [1, 1, 1], [1, 1, 0]]))  # a start with a value that is twice a pattern
    @settings(deadline=None)
    def test_repeated_rows_and_columns(self, matrix: np.ndarray) -> None:
        check(np.block([[matrix, 2 * matrix], [matrix, -matrix], [-matrix, 3 * matrix]]))

    @given(arrays(np.int64, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=ELEMENTS), st.integers(0, 2))
    @settings(deadline=None)
    def test_depth(self, matrix: np.ndarray, slack: int) -> None:
        check_depth(matrix, slack)

    @given(st.integers(0, 2**32), st.integers(0, 1))
    @settings(deadline=None, max_examples=40)
    def test_rows_and_columns_that_are_alike(self, seed: int, slack: int) -> None:
        """Each start gives the matrix; so does what comes of it."""
        from nnfpga.compiler.circuit.sharing.starts import starts

        rng = np.random.default_rng(seed)
        rows = rng.choice([-1, 1], (2, 9))[rng.integers(0, 2, 12)] * rng.choice([-1, 1, 1, 1, 1, 1], (12, 9))
        matrix = rows if seed % 2 else rows.T
        found = list(starts(matrix))
        assert len(found) > 1
        for start in found:
            sums = np.vstack([np.eye(matrix.shape[1], dtype=np.int64), start.own])
            assert np.array_equal(start.entries @ sums, np.vstack([matrix, start.own]))
        check_depth(matrix, slack)

    def test_difference_of_rows(self) -> None:
        """Binary rows that are nearly alike take fewer adders than one that is summed up by itself takes."""
        rng = np.random.default_rng(0)
        matrix = rng.choice([-1, 1], (1, 64)) * np.where(np.eye(16, 64, dtype=bool), -1, 1)
        assert adders_of(check(matrix)) <= 90

    def test_less_depth_is_more_adders(self) -> None:
        matrix = np.random.default_rng(0).integers(-128, 128, (16, 16))
        plans = [adders.planned(matrix.shape, matrix.tobytes(), (63,) * 16, 3_000_000, depth) for depth in (6, 7, None)]
        flat, near, free = map(cost, plans)
        assert flat > near >= free

    @given(arrays(np.int64, array_shapes(min_dims=2, max_dims=2, max_side=5), elements=st.integers(-(2**39), 2**39)))
    @settings(deadline=None, max_examples=40)
    def test_wide_weights(self, matrix: np.ndarray) -> None:
        check(matrix)

    @given(st.integers(0, 2**32), st.integers(1, 6), st.integers(1, 6))
    @settings(deadline=None)
    def test_a_range_per_input(self, seed: int, rows: int, columns: int) -> None:
        rng = np.random.default_rng(seed)
        low = rng.integers(-40, 40, columns)
        high = low + rng.integers(0, 90, columns)
        matrix = rng.integers(-300, 300, (rows, columns)) * (rng.random((rows, columns)) < 0.7)
        builder = Builder(tuple(Number.of(int(a), int(b)) for a, b in zip(low, high, strict=True)))
        circuit = builder.finish(multiply(builder, builder.start(), matrix, LITTLE))
        x = rng.integers(low, high + 1, (50, columns))
        y = circuit.evaluate(x)
        assert np.array_equal(y, x @ matrix.T)
        for o, value in enumerate(y.T):
            assert circuit.ranges[circuit.outputs[o]].low <= value.min()
            assert circuit.ranges[circuit.outputs[o]].high >= value.max()

    def test_shared_sums_are_the_matrix(self) -> None:
        from nnfpga.compiler.circuit.sharing import share

        matrix = np.random.default_rng(3).integers(-128, 128, (20, 12))
        plan = share(matrix, np.full(12, 63), 500_000, seed=1)
        values = list(np.eye(12, dtype=np.int64))
        for terms in plan.sums:
            assert sum(digit_count(np.array(c)) for _, c in terms) >= 2
            values.append(np.sum([c * values[v] for v, c in terms], axis=0))
        assert np.array_equal([np.sum([c * values[v] for v, c in row], axis=0) for row in plan.rows], matrix)
        assert plan == share(matrix, np.full(12, 63), 500_000, seed=1)
        quick = adders.planned(matrix.shape, matrix.tobytes(), (1,) * 12, 100_000, None)
        assert adders_of(circuit_of(matrix, Number.of(0, 1))) <= cost(quick)

    def test_more_effort_is_no_worse(self) -> None:
        matrix = np.random.default_rng(0).integers(-128, 128, (16, 16))
        few, some, many = (bits_of(circuit_of(matrix, SIX, effort)) for effort in (0, 500, 20_000))
        assert few > some > many

    def test_wide_inputs_share_first(self) -> None:
        """What a search for few adders would miss: a pattern of two wide inputs saves more than one of narrow ones."""
        numbers = (Number.of(0, 1), Number.of(0, 255), Number.of(0, 255))
        matrix = np.array([[1, 1, 1], [1, 1, 1 << 9], [1 << 9, 1, 1]])
        builder = Builder(numbers)
        circuit = builder.finish(multiply(builder, builder.start(), matrix, LITTLE))
        first = next(node for node in circuit.nodes if isinstance(node, Add))
        assert {circuit.nodes[first.a], circuit.nodes[first.b]} == set(circuit.nodes[1:3])

    def test_an_interrupt_ends_the_search(self) -> None:
        """Between slices of machine code Python may raise what a signal asked for."""
        matrix = np.random.default_rng(0).integers(-128, 128, (16, 16))
        from nnfpga.compiler.circuit.sharing import share

        def interrupt(number: int, frame: object) -> None:
            raise KeyboardInterrupt

        before = signal.signal(signal.SIGALRM, interrupt)
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        try:
            start = time.monotonic()
            with pytest.raises(KeyboardInterrupt):
                share(matrix, np.full(16, 63), 10**12, seed=1)
            assert time.monotonic() - start < 5
        finally:
            signal.signal(signal.SIGALRM, before)


def test_equal_rows_are_one_value() -> None:
    circuit = circuit_of(np.array([[5, 3], [5, 3]]), Number.of(0, 7))
    assert circuit.outputs[0] == circuit.outputs[1]


def test_a_value_that_is_several_inputs() -> None:
    builder = Builder((Number.of(-32, 31),))
    (x,) = builder.start()
    circuit = builder.finish(multiply(builder, [x, x, x], np.array([[1, 1, 5], [3, -3, 0]])))
    assert circuit.evaluate(np.array([[-32], [3]])).tolist() == [[-224, 0], [21, 0]]


def test_wide_sums() -> None:
    matrix = np.array([[2**61 - 1, 2**61 - 3, 2**61 + 7]])
    circuit = circuit_of(matrix, Number.of(-32, 31))
    x = [[31, 30, -32], [-32, -32, -32], [31, 31, 31]]
    expected = [[sum(a * int(w) for a, w in zip(row, matrix[0], strict=True))] for row in x]
    assert circuit.evaluate(np.array(x)).tolist() == expected


class Checked(list[int]):
    """An array that nothing outside it is read from, as machine code would do without a word."""

    def __getitem__(self, index: Any) -> Any:
        if index < 0:
            raise IndexError(index)
        return super().__getitem__(index)


@pytest.mark.parametrize("name", ["slots", "journal", "lists", "listed", "values", "sizes"])
@pytest.mark.parametrize("share_of", [0.03, 0.1])
def test_arrays_that_are_too_small(name: str, share_of: float) -> None:
    """A search whose arrays do not hold what it needs says so, and nothing beyond them is touched."""
    from nnfpga.compiler.circuit.sharing.search import optimise
    from nnfpga.compiler.circuit.sharing.state import empty

    rng = np.random.default_rng(0)
    matrix = rng.integers(-200, 200, (6, 6))
    for seed in range(4):
        g = empty(6, np.full(6, 63), 0, digit_count(matrix), 6, seed, 4)
        for field in fields(g):
            value = getattr(g, field.name)
            if isinstance(value, np.ndarray):
                setattr(g, field.name, Checked(value.tolist()))
        optimise(g, Checked(matrix.reshape(-1).tolist()), 10**6, 0, 0, 0)
        assert g.ready
        assert not g.failed
        used = {"slots": g.slots, "lists": g.lists_end, "listed": g.nodes, "values": g.values}.get(name, 40)
        setattr(
            g, f"{name}_room", int(used * (1 + share_of)) if name not in ("journal", "sizes") else int(400 * share_of)
        )
        optimise(g, Checked(), 20_000, 10, 32, 256 * 24)
