"""Curves of many levels as few lines: at most one unit from the exact rounding, at every integer."""

from __future__ import annotations

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from nnfpga.compiler.exact import fractions
from nnfpga.compiler.scalar.curves import Exp, Gelu, Log, Sin
from nnfpga.compiler.scalar.functions import Affine, Function, Sigmoid, Tanh
from nnfpga.compiler.scalar.monotone import TooManyLevelsError
from nnfpga.compiler.scalar.quantizer import Quantizer, Rounding
from nnfpga.compiler.scalar.rational import HardSwish, PerChannel, Round, Softsign, power
from nnfpga.compiler.scalar.solve import solve

SIGNED = (-(1 << 15), (1 << 15) - 1)
# function, the integers, their unit, the result's unit, most lines
ROWS: list[tuple[Function, tuple[int, int], int, int, int]] = [
    (Sigmoid(), SIGNED, -12, -16, 300),
    (Tanh(), SIGNED, -13, -15, 400),
    (Gelu(), SIGNED, -13, -13, 300),
    (Sin(), SIGNED, -13, -15, 700),
    (Softsign(), SIGNED, -12, -15, 400),
    (HardSwish(), SIGNED, -12, -12, 200),
    (Exp(), SIGNED, -14, -13, 200),
    (Log(), (1, 1 << 16), -12, -12, 400),
    (power(0.5), (0, 1 << 16), -16, -16, 400),
    (power(-1.0), (1 << 10, 1 << 14), -13, -12, 500),
    (power(3.0), SIGNED, -15, -15, 400),
    (PerChannel((power(3.0),)), SIGNED, -15, -15, 400),
]


@pytest.mark.parametrize(("function", "ends", "source", "unit", "most"), ROWS, ids=lambda v: getattr(v, "name", ""))
@pytest.mark.parametrize("rounding", [Rounding.HALF_UP, Rounding.FLOOR])
def test_curves(
    function: Function, ends: tuple[int, int], source: int, unit: int, most: int, rounding: Rounding
) -> None:
    low, high = ends
    quantizer = Quantizer(fractions([Fraction(2) ** unit]), -40000, 40000, rounding)
    pieces = solve((function,), quantizer, low, high, Fraction(2) ** source, Fraction(0), 0)
    v = np.arange(low, high + 1, dtype=np.float64)
    exact = quantizer.codes(function.evaluate(v * 2.0**source))
    assert np.abs(pieces(v.astype(np.int64)) - exact).max() == pieces.error == 1
    assert len(pieces.lines) <= most
    assert -40000 <= pieces.range[0] <= pieces.range[1] <= 40000


def test_a_channel_of_a_chain() -> None:
    slopes = np.array([0.5, -1.25, 3.0])
    shifts = np.array([0.0, 0.1, -2.0])
    chain = (Affine(slopes, shifts), Sigmoid(), Affine(np.array([2.0]), np.array([-1.0])), Tanh())
    quantizer = Quantizer(fractions([Fraction(1, 1 << 16)]), None, None)
    for channel, slope in enumerate(slopes):
        pieces = solve(chain, quantizer, -9000, 9000, Fraction(1, 1000), Fraction(0), channel)
        for v in (-9000, -1234, 0, 777, 9000):
            with mpmath.workdps(40):
                x = mpmath.mpf(slope) * v / 1000 + mpmath.mpf(float(shifts[channel]))
                y = mpmath.tanh(2 / (1 + mpmath.exp(-x)) - 1)
                assert abs(int(pieces(np.array(v))) - y * (1 << 16)) < 1.5
        assert pieces.error == 1


def test_steps_stay_exact() -> None:
    pieces = solve((Round(),), Quantizer(fractions([Fraction(1, 1 << 12)]), None, None), *SIGNED, Fraction(1, 1 << 12),
                   Fraction(0), 0)  # fmt: skip
    v = np.arange(*SIGNED)
    assert np.array_equal(pieces(v), np.rint(v / 4096).astype(np.int64) * 4096)
    assert pieces.error == 0


def test_few_levels_are_exact() -> None:
    quantizer = Quantizer(fractions([Fraction(1, 256)]), 0, 255)
    pieces = solve((Sigmoid(),), quantizer, *SIGNED, Fraction(1, 4096), Fraction(0), 0)
    assert pieces.error == 0


def test_what_is_refused() -> None:
    quantizer = Quantizer(fractions([Fraction(1, 1 << 16)]), None, None, Rounding.TO_ZERO)
    with pytest.raises(TooManyLevelsError, match=r"^\d+ levels$"):
        solve((Sigmoid(),), quantizer, *SIGNED, Fraction(1, 4096), Fraction(0), 0)
    wide = Quantizer(fractions([Fraction(1, 1 << 16)]), None, None)
    with pytest.raises(TooManyLevelsError, match=r"^\d+ levels$"):
        solve((Sigmoid(),), wide, -(1 << 24), 1 << 24, Fraction(1, 1 << 21), Fraction(0), 0)
