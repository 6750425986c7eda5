"""Polynomials in segments stay inside intervals at every input, on every way from the target to the circuit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnfpga.compiler.circuit.ir import Bit, Builder, Concat, Range
from nnfpga.compiler.exact import Ints
from nnfpga.compiler.functions.choose import Effort
from nnfpga.compiler.functions.network import Fabric
from nnfpga.compiler.functions.normal import ANY, normalised, shifted_up
from nnfpga.compiler.functions.problem import Fold, problems
from nnfpga.compiler.functions.segments import circuit_of, narrowed, polynomials, spread
from nnfpga.compiler.functions.smooth import plain_table, size, smooth
from nnfpga.compiler.functions.target import Target
from nnfpga.compiler.number import Number

FABRIC = Fabric(4, absorbs=False)
QUICK = Effort(starts=4, first=400, kept=1, longer=800, last=800)


def target_of(f: Callable[[np.ndarray], np.ndarray], bits: int, signed: bool, room: float) -> Target:
    """A function of -1 .. 1 or 0 .. 1, and what is within some units of it."""
    x = np.arange(1 << bits) - (1 << bits - 1 if signed else 0)
    y = f(x / (1 << bits - signed))
    return Target(bits, signed, np.ceil(y - room).astype(np.int64), np.floor(y + room).astype(np.int64))


SMOOTH = {
    "odd": (lambda x: 1000 * np.sin(3 * (x + 1 / 2048)) - 0.5, True, (Fold.ODD,)),
    "even": (lambda x: 1000 * np.exp(-4 * (x + 1 / 2048) ** 2), True, (Fold.EVEN,)),
    "wave": (lambda x: 1000 * np.sin(2 * np.pi * (x + 1 / 4096)) - 0.5, False, (Fold.ODD, Fold.EVEN)),
    "negative": (lambda x: -500 - 1000 * np.exp(-2 * x), False, ()),
    "steep": (lambda x: 1000 * np.sqrt(x), False, ()),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_circuits_stay_inside(name: str) -> None:
    f, signed, folds = SMOOTH[name]
    target = target_of(f, 11, signed, 1.5)
    problem = min(problems(target), key=lambda p: p.inputs)
    assert problem.folds == folds
    found = polynomials(problem, FABRIC)
    assert {p.bends for p in found} == {False, True}
    assert {p.stages > 0 for p in found} == {name == "steep"}
    for polynomial in (found[0], *[p for p in found if p.bends][:3], found[-1]):
        circuit = circuit_of(target, polynomial, plain_table)
        assert circuit is not None
        circuit.verify()
        assert target.holds(circuit.evaluate(target.codes.reshape(-1, 1))[:, 0])


def test_tables_are_searched_for() -> None:
    target = target_of(SMOOTH["even"][0], 11, True, 3.0)
    found = smooth([target], FABRIC, QUICK, 1, 1e9, lambda _: None)
    assert ["lines" in c.method for c in found] == [True, True, False]
    assert found[0].method != found[1].method
    assert "parabolas" in found[2].method
    assert all(target.holds(c.circuit.evaluate(target.codes.reshape(-1, 1))[:, 0]) for c in found)
    again = smooth([target], FABRIC, QUICK, 1, 1e9, lambda _: None)
    assert [str(c.circuit) for c in again] == [str(c.circuit) for c in found]
    assert not smooth([target], FABRIC, QUICK, 1, 10, lambda _: None)


def test_folds_are_preferred_to_bits_left_out() -> None:
    target = target_of(SMOOTH["even"][0], 11, True, 1.5)
    problem = problems(target)[0]
    less = replace(problem, inputs=problem.inputs - 1)
    assert size(replace(less, folds=(Fold.EVEN,))) < size(less) < size(problem)


def test_noise_has_no_polynomial() -> None:
    y = np.random.default_rng(0).integers(0, 1000, 1 << 11)
    assert not polynomials(problems(Target(11, False, y, y))[0], FABRIC)


@given(st.integers(0, 1 << 32), st.integers(2, 40), st.integers(0, 30))
def test_slopes_are_those_that_leave_an_offset(seed: int, inputs: int, room: int) -> None:
    rng = np.random.default_rng(seed)
    at = np.sort(rng.choice(200, inputs, replace=False))
    line = rng.integers(-30, 30, (3, 1)) * at + rng.integers(-20, 20, (3, inputs))
    low, high = line - rng.integers(0, room + 1, line.shape), line + rng.integers(0, room + 1, line.shape)
    slopes = np.arange(-200, 201)
    fits = np.array([
        [(row_high - a * at).min() >= (row_low - a * at).max() for a in slopes]
        for row_low, row_high in zip(low, high, strict=True)
    ])  # fmt: skip
    found = spread(low, high, at)
    assert (found is None) == (not fits.any(axis=1).all())
    wide = np.full(3, -200), np.full(3, 200)
    again = narrowed(low, high, at, *wide)
    assert (again is None) == (found is None)
    if found is not None and again is not None:
        for row in range(3):
            assert slopes[fits[row]].tolist() == list(range(found[0][row], found[1][row] + 1))
            assert (again[0][row], again[1][row]) == (found[0][row], found[1][row])


@pytest.mark.parametrize("stages", [0, 1, 3])
def test_words_are_shifted_up(stages: int) -> None:
    x = np.arange(1 << 8)
    problem = problems(Target(8, False, x, x))[0]
    moved = normalised(problem, stages)
    builder = Builder((Number.of(0, 255),))
    (v,) = builder.start()
    bits = shifted_up(builder, [builder.add(Bit(v, k)) for k in range(8)], stages)
    assert len(bits) == 8 + stages
    words = builder.finish([builder.add(Concat(tuple(bits), Range(0, (1 << 8 + stages) - 1)))]).evaluate(x[:, None])
    assert len({*words[:, 0].tolist()}) == 256
    assert moved.low[words[:, 0]].tolist() == moved.high[words[:, 0]].tolist() == x.tolist()
    assert int((moved.high < ANY).sum()) == 256
    places, mantissa = words[:, 0] >> 8, words[:, 0] & 255
    assert (mantissa == x << places).all()
    assert ((mantissa >= 128) | (places == (1 << stages) - 1)).all()


def test_plain_tables_hold() -> None:
    least: Ints = np.array([-3, 0, 4, -9])
    most: Ints = np.array([-1, 5, 9, 9])
    assert plain_table(least, most).evaluate(np.arange(4)[:, None])[:, 0].tolist() == [-1, 0, 4, 0]
