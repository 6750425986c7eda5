"""Steps and choices as integer functions, against their definitions in exact arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nnfpga.compiler.exact import fractions
from nnfpga.compiler.scalar.curves import Exp, Log, Sin, Softplus
from nnfpga.compiler.scalar.functions import Abs, Affine, Clip, Function, Kinked, LeakyRelu, Relu
from nnfpga.compiler.scalar.logic import Choice, KinkedChoice, Step, Trunc, Wrap, choice
from nnfpga.compiler.scalar.monotone import DomainError
from nnfpga.compiler.scalar.quantizer import Quantizer, Rounding
from nnfpga.compiler.scalar.solve import solve

Chain = tuple[Function, ...]


def affine(slope: float, intercept: float) -> Affine:
    return Affine(np.array([slope]), np.array([intercept]))


NUMBERS = st.sampled_from([-1.0, -0.375, 0.0, 0.125, 0.75, 2.0])
STEPS = st.builds(Step, NUMBERS, NUMBERS, NUMBERS)
KINKED = st.one_of(
    st.builds(affine, NUMBERS, NUMBERS), STEPS, st.just(Relu()), st.just(Abs()), st.just(LeakyRelu(0.25)),
    st.just(Clip(-0.5, 1.0)),
)  # fmt: skip
CHAINS = st.lists(KINKED, max_size=3).map(tuple)


def exactly(chain: tuple[Kinked, ...], x: Fraction) -> Fraction:
    """The chain function by function."""
    for f in chain:
        x = f.value(0, x)
    return x


@example((), (), (affine(-1, -1),), Fraction(1, 8))
@example((), (), (affine(-1, -1),), Fraction(1, 3))
@given(CHAINS, CHAINS, CHAINS, st.sampled_from([Fraction(1, 8), Fraction(1, 3)]))
def test_choices_of_kinked_chains(
    condition: tuple[Kinked, ...], yes: tuple[Kinked, ...], no: tuple[Kinked, ...], scale: Fraction
) -> None:
    function = choice(condition, yes, no)
    assert isinstance(function, KinkedChoice)
    quantizer = Quantizer(fractions([Fraction(1, 16)]), None, None, Rounding.HALF_EVEN)
    pieces = solve((function,), quantizer, -20, 20, scale, Fraction(0), 0)
    for v in range(-20, 21):
        x = v * scale
        real = exactly(yes if exactly(condition, x) else no, x)
        assert int(pieces(np.array(v))) == round(real * 16)
        if scale == Fraction(1, 8):  # a float that is no dyadic number may be on the other side of a jump
            assert function.evaluate(np.array(float(x))) == float(real)


CURVED: list[tuple[Chain, Chain, Chain, Callable[[Any], Any]]] = [
    ((Step(0, 0, 1),), (), (Exp(), affine(1, -1)), lambda x: x if x > 0 else mpmath.exp(x) - 1),
    (
        (affine(1, -0.5), Step(1, 1, 0)),
        (affine(-2, 0.25), Softplus()),
        (Sin(),),
        lambda x: mpmath.log(1 + mpmath.exp(0.25 - 2 * x)) if x <= 0.5 else mpmath.sin(x),
    ),
    ((Abs(), affine(1, -1), Step(1, 0, 0)), (Abs(), Exp()), (), lambda x: mpmath.exp(abs(x)) if abs(x) < 1 else x),
    (
        (Step(0, 0, 1),),
        (affine(1, 0.5), Log()),
        (affine(0, 3),),
        lambda x: mpmath.log(x + 0.5) if x > 0 else mpmath.mpf(3),
    ),
    (
        (Step(1, 0, 1),),
        (Exp(), affine(1, 1), Log()),
        (affine(0, -1),),
        lambda x: mpmath.log(1 + mpmath.exp(x)) if x else mpmath.mpf(-1),
    ),
]


@pytest.mark.parametrize(("condition", "yes", "no", "real"), CURVED)
def test_choices_of_curves(condition: Chain, yes: Chain, no: Chain, real: Callable[[Any], Any]) -> None:
    function = choice(condition, yes, no)
    assert isinstance(function, Choice)
    quantizer = Quantizer(fractions([Fraction(1, 64)]), None, None)
    pieces = solve((function,), quantizer, -40, 40, Fraction(1, 8), Fraction(0), 0)
    with mpmath.workdps(60):
        for v in range(-40, 41):
            x = mpmath.mpf(v) / 8
            assert int(pieces(np.array(v))) == int(mpmath.floor(real(x) * 64 + 0.5))
    x = np.arange(-40, 41) / 8
    np.testing.assert_allclose(function.evaluate(x), [float(real(mpmath.mpf(v))) for v in x], atol=1e-12)
    low, high = function.bounds(np.array([-5.0]), np.array([5.0]))
    assert low[0] <= function.evaluate(x).min() + 1e-12
    assert high[0] >= function.evaluate(x).max() - 1e-12


def test_what_is_no_choice() -> None:
    step: Chain = (Step(0, 0, 1),)
    assert choice((Exp(), *step), (), ()) is None
    assert choice(step, (Exp(), Relu()), ()) is None
    assert choice(step, (Exp(), Sin()), ()) is None
    assert choice(step, (Affine(np.ones(2), np.zeros(2)),), (Affine(np.ones(3), np.zeros(3)),)) is None


def test_a_chosen_value_outside_the_domain() -> None:
    function = choice((Step(1, 0, 0),), (Log(),), ())
    assert function is not None
    with pytest.raises(DomainError, match="takes only numbers > 0"):
        solve((function,), Quantizer(fractions([1]), -9, 9), -3, 3, Fraction(1), Fraction(0), 0)


@given(st.integers(-60, 60))
def test_trunc(v: int) -> None:
    pieces = solve((Trunc(),), Quantizer(fractions([1]), None, None), -60, 60, Fraction(1, 8), Fraction(0), 0)
    assert int(pieces(np.array(v))) == int(v / 8)


@given(st.integers(-200, 200), st.sampled_from([np.int8, np.uint8]), st.sampled_from([-1.0, 1.0]))
def test_wrap(v: int, dtype: type[np.integer], sign: float) -> None:
    """As a cast of integers discards the high bits."""
    low = int(np.iinfo(dtype).min)
    quantizer = Quantizer(fractions([1]), low, low + 255, Rounding.FLOOR)
    pieces = solve((affine(sign, 0.0), Wrap(low, 8)), quantizer, -200, 200, Fraction(7, 2), Fraction(0), 0)
    whole = np.trunc(np.float64(sign * v * 3.5)).astype(np.int64)
    assert int(pieces(np.array(v))) == int(whole.astype(dtype))


@given(st.floats(-40, 40), st.floats(0, 20), st.floats(0, 1))
def test_bounds_of_wrap(low: float, width: float, part: float) -> None:
    function, x = Wrap(-2, 2), np.array([low + part * width])
    least, most = function.bounds(np.array([low]), np.array([low + width]))
    assert least <= function.evaluate(x) <= most
    first, last = function.image(0, Fraction(low), Fraction(low + width), 80)
    assert first <= function.exact(Fraction(float(x[0]))) <= last
