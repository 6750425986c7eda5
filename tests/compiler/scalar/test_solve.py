"""The integer function of a chain against its value in exact fractions, point by point."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnfpga.compiler.exact import fractions
from nnfpga.compiler.scalar.forms import shift_clip
from nnfpga.compiler.scalar.functions import Affine, Clip, Function, LeakyRelu, Relu, Sigmoid, Tanh
from nnfpga.compiler.scalar.pieces import Line, Pieces
from nnfpga.compiler.scalar.quantizer import Quantizer, Rounding
from nnfpga.compiler.scalar.solve import TooManyLevelsError, affine_steps, solve

DYADIC = st.builds(lambda m, e: Fraction(m) * Fraction(2) ** e, st.integers(-40, 40), st.integers(-6, 3))
ANY = st.one_of(DYADIC, st.fractions(-8, 8, max_denominator=60))
POSITIVE = st.one_of(
    st.builds(lambda m, e: m * Fraction(2) ** e, st.integers(1, 9), st.integers(-5, 2)),
    st.fractions("1/50", 4, max_denominator=50),
)
KINKED = st.one_of(
    st.builds(lambda a, b: Affine(fractions([a]), fractions([b])), ANY, ANY),
    st.just(Relu()),
    st.sampled_from([LeakyRelu(0.25), LeakyRelu(0.1), LeakyRelu(-0.5)]),
    st.sampled_from([Clip(-1.0, 1.0), Clip(0.0, 6.0), Clip(low=-0.3), Clip(high=0.7), Clip(0.5, 0.5)]),
)


@st.composite
def quantizers(draw: st.DrawFn, bounded: bool = False) -> Quantizer:
    low = draw(st.integers(-20, 5)) if bounded else draw(st.none() | st.integers(-20, 5))
    high = draw(st.integers(0, 30)) if bounded else draw(st.none() | st.integers(0, 30))
    if low is not None and high is not None:
        high += low
    return Quantizer(fractions([draw(POSITIVE)]), low, high, draw(st.sampled_from(Rounding)))


def exact(function: Function, x: Fraction) -> Fraction:
    """The function itself, written a second time."""
    match function:
        case Affine(slope=a, intercept=b):
            return Fraction(a.item()) * x + Fraction(b.item())
        case LeakyRelu(alpha=alpha):
            return x if x >= 0 else Fraction(alpha) * x
        case Clip(low=low, high=high):
            x = x if low == -np.inf else max(x, Fraction(low))
            return x if high == np.inf else min(x, Fraction(high))
        case _:
            raise TypeError(function)


def rounded(x: Fraction, q: Quantizer) -> int:
    y = x / q.scale.item()
    whole, rest = y.numerator // y.denominator, y - y.numerator // y.denominator
    up = {
        Rounding.FLOOR: False,
        Rounding.CEIL: rest > 0,
        Rounding.HALF_UP: rest >= Fraction(1, 2),
        Rounding.HALF_AWAY: rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole >= 0),
        Rounding.HALF_TO_ZERO: rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole < 0),
        Rounding.TO_ZERO: rest > 0 and whole < 0,
        Rounding.AWAY: rest > 0 and whole >= 0,
        Rounding.HALF_EVEN: rest > Fraction(1, 2) or (rest == Fraction(1, 2) and whole % 2 == 1),
    }[q.rounding]
    result = whole + up
    result = result if q.low is None else max(result, q.low)
    return result if q.high is None else min(result, q.high)


@given(st.lists(KINKED, max_size=3), quantizers(), st.integers(-40, 20), st.integers(0, 60), POSITIVE, ANY)
def test_kinked_chains(
    chain: list[Function], q: Quantizer, low: int, span: int, scale: Fraction, offset: Fraction
) -> None:
    pieces = solve(chain, q, low, low + span, scale, offset, 0)
    domain = np.arange(low, low + span + 1)

    def value(v: int) -> int:
        x = scale * v + offset
        for function in chain:
            x = exact(function, x)
        return rounded(x, q)

    expected = [value(int(v)) for v in domain]
    assert pieces(domain).tolist() == expected
    assert pieces.range == (min(expected), max(expected))
    assert pieces.monotone == all(a <= b for a, b in pairwise(expected))
    form = shift_clip(pieces)
    if form is not None:
        assert [form.at(int(v)) for v in domain] == expected


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("scale", [Fraction(1, 2), Fraction(1, 8), Fraction(3, 2), Fraction(3, 4), Fraction(2)])
def test_ties(rounding: Rounding, scale: Fraction) -> None:
    q = Quantizer(fractions([1]), -9, 9, rounding)
    pieces = solve([], q, -30, 30, scale, Fraction(0), 0)
    assert pieces(np.arange(-30, 31)).tolist() == [rounded(scale * v, q) for v in range(-30, 31)]


@pytest.mark.parametrize(("low", "high"), [(-1000, 50), (-50, 1000), (-1000, 1000), (-1000, -500), (500, 1000)])
def test_saturation_at_either_end(low: int, high: int) -> None:
    q = Quantizer(fractions([1]), -128, 127)
    domain = np.arange(low, high + 1)
    assert solve([], q, low, high, Fraction(1), Fraction(0), 0)(domain).tolist() == np.clip(domain, -128, 127).tolist()


@given(
    st.sampled_from([Sigmoid(), Tanh()]),
    st.lists(KINKED, max_size=1),
    quantizers(bounded=True),
    st.integers(-60, 0),
    st.integers(0, 80),
    st.sampled_from([Fraction(1, 8), Fraction(1, 3), Fraction(1)]),
    st.sampled_from([Fraction(0), Fraction(1, 7)]),
)
def test_smooth_functions(
    smooth: Function, before: list[Function], q: Quantizer, low: int, span: int, scale: Fraction, offset: Fraction
) -> None:
    pieces = solve([*before, smooth], q, low, low + span, scale, offset, 0)

    def value(v: int) -> int:
        x = scale * v + offset
        for function in before:
            x = exact(function, x)
        with mpmath.workprec(600 + 3 * abs(int(x))):  # what is left to the asymptote is exp(-2|x|)
            z = mpmath.mpf(x.numerator) / x.denominator
            y: Any = 1 / (1 + mpmath.exp(-z)) if isinstance(smooth, Sigmoid) else mpmath.tanh(z)
            sign, mantissa, exponent, _ = y._mpf_
            return rounded((-1) ** sign * Fraction(int(mantissa)) * Fraction(2) ** exponent, q)

    domain = np.arange(low, low + span + 1)
    assert pieces(domain).tolist() == [value(int(v)) for v in domain]


def test_smooth_decisions_finer_than_float64() -> None:
    """tanh(40) is below 1 by 2^-114: rounding down must see it."""
    q = Quantizer(fractions([1]), -2, 2, Rounding.FLOOR)
    assert solve([Tanh()], q, -40, 40, Fraction(1), Fraction(0), 0)(np.array([-40, 0, 40])).tolist() == [-1, 0, 0]


def test_channels() -> None:
    line = Affine(np.array([1.0, -2.0]), np.array([0.5, 0.25]))
    chain = [line, Relu()]
    q = Quantizer(fractions([Fraction(1, 2), Fraction(1, 4)]), 0, 15)
    for c, unit in enumerate((Fraction(1, 2), Fraction(1, 4))):
        slope, intercept = Fraction(float(line.slope[c])), Fraction(float(line.intercept[c]))
        one = Quantizer(fractions([unit]), 0, 15)
        expected = [rounded(max(slope * v + intercept, Fraction(0)), one) for v in range(-9, 10)]
        assert solve(chain, q, -9, 9, Fraction(1), Fraction(0), c)(np.arange(-9, 10)).tolist() == expected


def test_too_many_levels() -> None:
    q = Quantizer(fractions([Fraction(1, 2**16)]), 0, 2**16)
    with pytest.raises(TooManyLevelsError, match=r"^\d+ levels$"):
        solve([Sigmoid()], q, -(2**20), 2**20, Fraction(1, 2**14), Fraction(0), 0)


def test_wide_accumulators_cost_levels_not_range() -> None:
    q = Quantizer(fractions([Fraction(1, 3)]), 0, 15)
    pieces = solve([Relu()], q, -(2**60), 2**60, Fraction(1, 3**30), Fraction(1, 7), 0)
    assert len(pieces.lines) == 16
    for (a, _), line in zip(pieces.ends[1:], pieces.lines[1:], strict=True):
        assert rounded(Fraction(a, 3**30) + Fraction(1, 7), q) == line.offset
        assert rounded(Fraction(a - 1, 3**30) + Fraction(1, 7), q) == line.offset - 1


@given(st.integers(-100, 100), st.integers(1, 30), st.integers(-200, 200), st.integers(0, 7))
def test_wide_pieces_use_python_integers(v: int, scale: int, offset: int, shift: int) -> None:
    line = Line(-(2**70), scale, offset, shift)
    wide = Pieces(-(2**70), 2**70, (line,))
    assert wide(np.array([v, 2**70], dtype=object)).tolist() == [line.at(v), line.at(2**70)]


@given(
    st.sampled_from(Rounding),
    st.fractions(-30, 30, max_denominator=16).filter(bool),
    st.fractions(-99, 99, max_denominator=16),
    st.tuples(st.integers(-50, 20), st.integers(0, 60)),
    st.sampled_from([None, -5, -20]),
    st.sampled_from([None, 9, 20]),
    st.integers(-2, 3),
)
def test_breakpoints_of_a_line_at_once_are_those_of_bisection(
    rounding: Rounding, slope: Fraction, intercept: Fraction, domain: tuple[int, int],
    low: int | None, high: int | None, zero: int,
) -> None:  # fmt: skip
    q = Quantizer(fractions([1]), low, high, rounding, zero)
    start, end = domain[0], sum(domain)
    lines = affine_steps(start, end, slope, intercept, q)
    x = range(start, end + 1)
    assert Pieces.of(start, end, lines)(np.array(x)).tolist() == [q.code(slope * v + intercept) for v in x]
    assert all(a.start < b.start and a.offset != b.offset for a, b in pairwise(lines))


@given(
    st.floats(2**-20, 2**-16, width=32), st.booleans(), st.floats(-4, 4, width=32),
    st.sampled_from([(Rounding.HALF_EVEN, 0.0011), (Rounding.HALF_UP, 2**-10), (Rounding.FLOOR, 2**-11 * 1.5)]),
)  # fmt: skip
def test_lines_of_many_levels(slope: float, falls: bool, bias: float, rounds: tuple[Rounding, float]) -> None:
    """Sixteen bits behind an affine function with any scales: no breakpoints, a slope with enough digits."""
    rounding, unit = rounds
    scale = -Fraction(slope) if falls else Fraction(slope)
    q = Quantizer(fractions([float(np.float32(unit))]), -(2**15), 2**15 - 1, rounding)
    low, high = -(2**22), 2**22 + 5
    pieces = solve((), q, low, high, scale, Fraction(bias), 0)
    middle = [int((k + Fraction(1, 2)) * q.scale[0] / scale) for k in range(-(2**15), 2**15, 997)]
    near = {v + d for v in (*middle, *(line.start for line in pieces.lines[:200])) for d in range(-2, 3)}
    checked = sorted(v for v in {low, high, *near} if low <= v <= high)
    exact = [q.code((scale * v + Fraction(bias)) / q.scale[0]) for v in checked]
    assert pieces(np.array(checked)).tolist() == exact
    assert len(pieces.lines) < 200
