"""The angle with the same sine, against NumPy's."""

from __future__ import annotations

from fractions import Fraction
from math import pi

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnfpga.compiler.scalar.triangle import Triangle


@given(st.floats(-20, 20), st.integers(0, 4))
def test_the_same_sine(x: float, reach: int) -> None:
    exact = Triangle(reach).value(0, Fraction(x))
    assert isinstance(exact, Fraction)
    end = (reach + 0.5) * pi
    assert float(exact) == pytest.approx(np.arcsin(np.sin(np.clip(x, -end, end))), abs=1e-7)
    assert float(exact) == pytest.approx(Triangle(reach).evaluate(np.array([x]))[0], abs=1e-7)


@pytest.mark.parametrize("reach", [0, 1, 4])
def test_it_turns_at_its_kinks(reach: int) -> None:
    """Lines on both sides of a kink meet there and have other slopes."""
    triangle = Triangle(reach)
    kinks = triangle.kinks(0)
    assert len(kinks) == 2 * reach + 2
    for x in kinks:
        before, after = (triangle.line(0, x + side * Fraction(1, 1000)) for side in (-1, 1))
        assert before[0] != after[0]
        assert before[0] * x + before[1] == after[0] * x + after[1]
