"""Every function against a reference in 1600 bits, for every integer of several lattices, critical points included."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnfpga.compiler.exact import fractions
from nnfpga.compiler.scalar.curves import (
    Cos,
    Elu,
    Erf,
    Exp,
    Gelu,
    GeluTanh,
    Log,
    Mish,
    Sin,
    Softplus,
    Swish,
)
from nnfpga.compiler.scalar.functions import (
    Abs,
    Affine,
    Clip,
    Function,
    PRelu,
    Relu,
    Sigmoid,
    Sign,
    Tanh,
    ThresholdedRelu,
)
from nnfpga.compiler.scalar.quantizer import Quantizer, Rounding
from nnfpga.compiler.scalar.rational import (
    Ceil,
    Floor,
    HardSwish,
    IntegerPow,
    PerChannel,
    Pow,
    Quadratic,
    Round,
    Softsign,
)
from nnfpga.compiler.scalar.solve import DomainError, SolveError, TooManyLevelsError, UndecidedError, solve

mp: Any = mpmath.mp
BITS = 1600  # of the reference
Real = Any
Reference = Callable[[Real], Real]


def elu(x: Real, alpha: float = 1.0, gamma: float = 1.0, width: float = 1.0) -> Real:
    return gamma * x if x >= 0 else mp.mpf(gamma) * alpha * mp.expm1(x / width)


def gelu_tanh(x: Real) -> Real:
    return x / 2 * (1 + mp.tanh(mp.sqrt(2 / mp.pi) * (x + mp.mpf(44715) / 10**6 * x**3)))


SELU = 1.67326319217681884765625, 1.05070102214813232421875
EVERYWHERE: dict[Function, Reference] = {
    Abs(): lambda x: abs(x),
    PRelu(np.array([-0.25])): lambda x: x if x >= 0 else -x / 4,
    ThresholdedRelu(): lambda x: x if x > 1 else mp.mpf(0),
    ThresholdedRelu(-0.75): lambda x: x if x > -0.75 else mp.mpf(0),
    Sign(): lambda x: mp.sign(x),
    Floor(): lambda x: mp.floor(x),
    Ceil(): lambda x: mp.ceil(x),
    Round(): lambda x: mp.nint(x),
    Softsign(): lambda x: x / (1 + abs(x)),
    HardSwish(): lambda x: x * max(mp.mpf(0), min(mp.mpf(1), x / 6 + 0.5)),
    IntegerPow(2): lambda x: x * x,
    IntegerPow(3): lambda x: x * x * x,
    IntegerPow(6): lambda x: x**6,
    Sigmoid(): lambda x: 1 / (1 + mp.exp(-x)),
    Tanh(): lambda x: mp.tanh(x),
    Softplus(): lambda x: mp.log1p(mp.exp(x)),
    Elu(): elu,
    Elu(0.3): lambda x: elu(x, 0.3),
    Elu(-0.5): lambda x: elu(x, -0.5),
    Elu(*SELU): lambda x: elu(x, *SELU),
    Elu(2.0, width=2.0): lambda x: max(mp.mpf(0), x) + min(mp.mpf(0), 2 * mp.expm1(x / 2)),
    Erf(): lambda x: mp.erf(x),
    Gelu(): lambda x: x * mp.erfc(-x / mp.sqrt(2)) / 2,
    GeluTanh(): gelu_tanh,
    Swish(): lambda x: x / (1 + mp.exp(-x)),
    Swish(-1.5): lambda x: x / (1 + mp.exp(1.5 * x)),
    Mish(): lambda x: x * mp.tanh(mp.log1p(mp.exp(x))),
    Exp(): lambda x: mp.exp(x),
    Sin(): lambda x: mp.sin(x),
    Cos(): lambda x: mp.cos(x),
}
POSITIVE: dict[Function, Reference] = {
    Log(): lambda x: mp.log(x),
    Pow(Fraction(1, 2)): lambda x: mp.sqrt(x),
    Pow(Fraction(3, 2)): lambda x: x * mp.sqrt(x),
    Pow(Fraction(-1, 4)): lambda x: 1 / mp.sqrt(mp.sqrt(x)),
    Pow(Fraction(0.3)): lambda x: x ** mp.mpf(0.3),
    IntegerPow(-1): lambda x: 1 / x,
    IntegerPow(-2): lambda x: 1 / x**2,
}
LATTICES = [
    (-200, 200, Fraction(1, 32), Fraction(0)),
    (-64, 64, Fraction(1, 4), Fraction(1, 8)),
    (-90, 90, Fraction(1, 9), Fraction(1, 7)),
    (-60, 60, Fraction(-1, 3), Fraction(0)),
]
UNITS = [(Fraction(1, 64), -40, 127), (Fraction(1, 3), -128, 127), (Fraction(1), -8, 7)]


def exact(y: Real) -> Fraction:
    """The fraction that a number of mpmath is."""
    sign, mantissa, exponent, _ = y._mpf_
    return (-1) ** sign * Fraction(int(mantissa)) * Fraction(2) ** exponent


def code(y: Fraction, q: Quantizer) -> int:
    """The quantiser's own rounding (``test_solve.py`` checks it) of a value that is right to 1400 bits.

    A value that near to a small multiple of half a unit is that multiple: no function here comes so near otherwise,
    as long as its argument is not far out.
    """
    units = y / q.scale.item()
    nearest = Fraction(round(units * 2), 2)
    return q.code(nearest if abs(units - nearest) < Fraction(1, 1 << 1400) else units)


@cache
def real(reference: Reference, x: Fraction) -> Fraction:
    """The reference at an argument; the roundings share it."""
    with mpmath.workprec(BITS):
        return exact(mp.mpf(reference(mp.mpf(x.numerator) / x.denominator)))


def expected(reference: Reference, q: Quantizer, domain: range, scale: Fraction, offset: Fraction) -> list[int]:
    return [code(real(reference, scale * v + offset), q) for v in domain]


def check(function: Function, reference: Reference, lattice: tuple[int, int, Fraction, Fraction], q: Quantizer) -> None:
    low, high, scale, offset = lattice
    pieces = solve([function], q, low, high, scale, offset, 0)
    domain = range(low, high + 1)
    assert pieces(np.array(domain)).tolist() == expected(reference, q, domain, scale, offset)


@pytest.mark.parametrize("rounding", Rounding)
@pytest.mark.parametrize("function", EVERYWHERE, ids=str)
def test_every_integer(function: Function, rounding: Rounding) -> None:
    turn = list(Rounding).index(rounding)
    lattices = LATTICES if rounding in (Rounding.HALF_UP, Rounding.HALF_EVEN) else [LATTICES[turn % 4]]
    for n, lattice in enumerate(lattices):
        unit, low, high = UNITS[(n + turn) % 3]
        check(function, EVERYWHERE[function], lattice, Quantizer(fractions([unit]), low, high, rounding))


@pytest.mark.parametrize("rounding", [Rounding.HALF_UP, Rounding.HALF_EVEN, Rounding.FLOOR, Rounding.CEIL])
@pytest.mark.parametrize("function", POSITIVE, ids=str)
def test_every_positive_integer(function: Function, rounding: Rounding) -> None:
    for unit, low, high in UNITS:
        q = Quantizer(fractions([unit]), low, high, rounding)
        for lattice in [(1, 400, Fraction(1, 16), Fraction(0)), (0, 200, Fraction(1, 9), Fraction(1, 7))]:
            check(function, POSITIVE[function], lattice, q)


@pytest.mark.parametrize("function", [Gelu(), GeluTanh(), Swish(), Mish(), HardSwish(), Sin(), Cos()], ids=str)
def test_around_critical_points(function: Function) -> None:
    """A lattice of 2^-40 around each turn, with units so fine that one step off it changes the value."""
    reference = EVERYWHERE[function]
    for turn in function.turns(0, Fraction(-4), Fraction(4)):
        low, high = turn(300)
        scale = Fraction(1, 1 << 40)
        middle = round((low + high) / 2 / scale)
        q = Quantizer(fractions([Fraction(1, 1 << 84)]), None, None)
        lattice = range(middle - 40, middle + 41)
        pieces = solve([function], q, lattice[0], lattice[-1], scale, Fraction(0), 0)
        values = expected(reference, q, lattice, scale, Fraction(0))
        assert pieces(np.array(lattice)).tolist() == values
        assert len(set(values)) > 10
        assert low <= high < low + Fraction(1, 1 << 290)


@given(
    st.lists(st.sampled_from(list(EVERYWHERE)), min_size=2, max_size=3),
    st.integers(-40, 0),
    st.integers(0, 40),
    st.sampled_from([Fraction(1, 8), Fraction(1, 3)]),
    st.sampled_from([Rounding.HALF_UP, Rounding.HALF_EVEN, Rounding.FLOOR]),
)
def test_chains(chain: list[Function], low: int, span: int, scale: Fraction, rounding: Rounding) -> None:
    """Between the functions stands a clip: farther out, 1600 bits do not tell a curve from its asymptote."""
    q = Quantizer(fractions([Fraction(1, 13)]), -60, 60, rounding)
    domain = range(low, low + span + 1)

    def reference(x: Real) -> Real:
        for function in chain:
            x = mp.mpf(EVERYWHERE[function](max(mp.mpf(-20), min(mp.mpf(20), x))))
        return x

    clipped = [f for function in chain for f in (Clip(-20.0, 20.0), function)]
    pieces = solve(clipped, q, low, low + span, scale, Fraction(1, 11), 0)
    assert pieces(np.array(domain)).tolist() == expected(reference, q, domain, scale, Fraction(1, 11))


@given(st.sampled_from([*EVERYWHERE, Clip(-0.5, 0.25), Relu()]), st.floats(-9, 9), st.floats(0, 9))
def test_bounds_hold(function: Function, low: float, span: float) -> None:
    least, most = function.bounds(np.array([low]), np.array([low + span]))
    values = function.evaluate(np.linspace(low, low + span, 301))
    assert least[0] - 1e-9 * abs(least[0]) - 1e-12 <= values.min()
    assert values.max() <= most[0] + 1e-9 * abs(most[0]) + 1e-12


def test_the_tail_of_a_power() -> None:
    """``swish(x^3)`` is below zero by less than 10^-1000."""
    q = Quantizer(fractions([Fraction(1, 13)]), -60, 60, Rounding.FLOOR)
    pieces = solve([IntegerPow(3), Swish()], q, -40, -39, Fraction(1, 3), Fraction(1, 11), 0)
    assert pieces(np.array([-40, -39])).tolist() == [-1, -1]


def test_a_channel_turns_where_its_own_function_does() -> None:
    """``x^2`` and ``(x - 1)^2 + 5`` over ``-1 .. 2``: neither has the other's least value."""
    low, high = PerChannel((IntegerPow(2), Quadratic(1.0, -2.0, 6.0))).bounds(
        np.full((1, 2), -1.0), np.full((1, 2), 2.0)
    )
    assert low.tolist() == [[0, 5]]
    assert high.tolist() == [[4, 9]]


def test_bounds_of_channels_and_of_a_jump() -> None:
    low, high = np.array([[-2.0, -2.0], [1.0, -1.0]]), np.array([[1.0, -1.0], [2.0, 3.0]])
    least, most = PRelu(np.array([-1.0, 0.5])).bounds(low, high)
    assert least.tolist() == [[0, -1], [1, -0.5]]
    assert most.tolist() == [[2, -0.5], [2, 3]]
    least, most = ThresholdedRelu(-1.0).bounds(np.array([-2.0, 1.0]), np.array([0.5, 2.0]))
    assert (least.tolist(), most.tolist()) == ([-1, 1], [0.5, 2])
    least, most = Gelu().bounds(np.array([-5.0]), np.array([0.0]))
    assert least[0] == pytest.approx(-0.16997120747990369)
    assert most[0] == 0


POLE = "and Reciprocal takes only numbers other than 0"


@pytest.mark.parametrize(
    ("chain", "low", "high", "error", "text"),
    [
        ([Log()], 0, 9, DomainError, "can lie in 0 .. 4.5, and Log takes only numbers > 0"),
        ([Log()], -3, -3, DomainError, "can be -1.5, and Log takes only numbers > 0"),
        ([Relu(), Log()], -3, 9, DomainError, "can be 0, and Log takes only numbers > 0"),
        ([Pow(Fraction(1, 2))], -1, 9, DomainError, "can lie in -0.5 .. 4.5, and Sqrt takes only numbers >= 0"),
        ([IntegerPow(-1)], -3, 5, DomainError, f"can lie in -1.5 .. 2.5, {POLE}"),
        ([Sin(), IntegerPow(-1)], 6, 7, DomainError, f"can lie in -0.350783 .. 0.14112, {POLE}"),
        ([IntegerPow(2), Exp()], 0, 999, DomainError, "can lie in 0.25 .. 249500, and Exp takes only numbers <= 4096"),
        ([Sin()], -(2**40), 2**40, TooManyLevelsError, "more than 4096 turning points"),
        ([Log(), Exp()], 9, 9, UndecidedError, "a value at 9 that cannot be told from a rounding boundary"),
    ],
    ids=str,
)
def test_refusals(chain: list[Function], low: int, high: int, error: type[SolveError], text: str) -> None:
    with pytest.raises(error) as caught:
        solve(chain, Quantizer(fractions([1]), -9, 9), low, high, Fraction(1, 2), Fraction(0), 0)
    prefix = f"an input of {chain[-1].name} that " if error is DomainError else ""
    assert str(caught.value) == prefix + text


def test_the_pole_between_two_integers() -> None:
    """No integer meets it, but the function jumps there from end to end: refused like the pole itself."""
    with pytest.raises(DomainError, match=r"can lie in -0\.5 \.\. 1\.5"):
        solve([IntegerPow(-1)], Quantizer(fractions([1]), -9, 9), -1, 1, Fraction(1), Fraction(1, 2), 0)


def test_zero_is_no_pole_where_nothing_reaches_it() -> None:
    pieces = solve([Abs(), IntegerPow(-1)], Quantizer(fractions([1]), 0, 9), -2, 1, Fraction(1), Fraction(1, 2), 0)
    assert pieces(np.arange(-2, 2)).tolist() == [1, 2, 2, 1]


def test_a_jump_is_met_exactly() -> None:
    q = Quantizer(fractions([Fraction(1, 4)]), -8, 8)
    for scale in (Fraction(1, 4), Fraction(-1, 4)):
        domain = np.arange(-9, 10)
        pieces = solve([ThresholdedRelu(0.5)], q, -9, 9, scale, Fraction(0), 0)
        xs = domain * int(scale * 4)
        assert pieces(domain).tolist() == [min(x, 8) if x > 2 else 0 for x in xs.tolist()]


@pytest.mark.parametrize("function", [Sigmoid(), Tanh(), Softplus(), Erf(), Gelu(), Elu(), Mish(), Swish(), GeluTanh()])
def test_wide_accumulators(function: Function) -> None:
    q = Quantizer(fractions([Fraction(1, 16)]), -64, 64)
    pieces = solve([function], q, -(2**50), 2**50, Fraction(1, 2**12), Fraction(0), 0)
    lattice = range(-(2**16), 2**16, 199)
    values = expected(EVERYWHERE[function], q, lattice, Fraction(1, 2**12), Fraction(0))
    assert pieces(np.array(lattice)).tolist() == values
    assert len(pieces.lines) <= 140


@pytest.mark.parametrize(
    ("function", "v", "down", "up"),
    [
        (Sigmoid(), 20000, 0, 1),
        (Sigmoid(), -20000, 0, 1),
        (Tanh(), 9000, 0, 1),
        (Tanh(), -9000, -1, 0),
        (Erf(), 200, 0, 1),
        (Erf(), -200, -1, 0),
        (Elu(), -50000, -1, 0),
        (Gelu(), -200, -1, 0),
        (Softplus(), -50000, 0, 1),
    ],
)
def test_saturation_is_never_reached(function: Function, v: int, down: int, up: int) -> None:
    """Rounding away from the asymptote must see a difference of 2^-20000 and less."""
    for rounding, value in ((Rounding.FLOOR, down), (Rounding.CEIL, up)):
        q = Quantizer(fractions([1]), -2, 2, rounding)
        assert solve([function], q, v, v, Fraction(1), Fraction(0), 0)(np.array([v])).tolist() == [value]


def test_chain_of_a_channel() -> None:
    slopes = PRelu(np.array([0.5, -2.0]))
    shift = Affine(np.array([1.0]), np.array([0.25]))
    q = Quantizer(fractions([Fraction(1, 8)]), -99, 99)
    for c, slope in enumerate((0.5, -2.0)):
        pieces = solve([slopes, shift], q, -9, 9, Fraction(1, 4), Fraction(0), c)
        values = [(x if x >= 0 else slope * x) * 2 + 2 for x in range(-9, 10)]
        assert pieces(np.arange(-9, 10)).tolist() == values
