"""Integer functions as multiply, shift and clip: equal at every integer."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnfpga.compiler.circuit.ir import Builder, Multiply
from nnfpga.compiler.exact import fractions
from nnfpga.compiler.layers.scalar import Scalar, expand
from nnfpga.compiler.number import Number
from nnfpga.compiler.scalar.forms import MultiplyShift, multiply_shift, shift_clip
from nnfpga.compiler.scalar.functions import Affine
from nnfpga.compiler.scalar.pieces import Line, Pieces
from nnfpga.compiler.scalar.quantizer import Quantizer, Rounding
from nnfpga.compiler.scalar.solve import solve


@st.composite
def clipped_lines(draw: st.DrawFn) -> Pieces:
    """A line between two constants, or nearly: each part may be off by one."""
    low = draw(st.integers(-500, 100))
    high = low + draw(st.integers(1, 900))
    multiplier = draw(st.sampled_from([1, 1, 2, 4, 8, 3, -1]))
    offset, shift = draw(st.integers(-600, 600)), draw(st.integers(0, 5))
    a, b = sorted((draw(st.integers(low, high)), draw(st.integers(low, high))))
    line = Line(a, multiplier, offset, shift)
    parts = [Line(low, 0, line.at(a) + draw(st.sampled_from([0, 0, -1, 1])), 0)] if a > low else []
    parts.append(line)
    if b > a:
        parts.append(Line(b, 0, line.at(b) + draw(st.sampled_from([0, 0, -1, 1])), 0))
    return Pieces.of(low, high, parts)


@given(clipped_lines())
def test_a_form_is_the_function(pieces: Pieces) -> None:
    form = shift_clip(pieces)
    if form is not None:
        domain = range(pieces.low, pieces.high + 1)
        assert [form.at(v) for v in domain] == pieces(np.array(domain)).tolist()


def test_forms_are_found() -> None:
    relu = Pieces.of(-100, 100, [Line(-100, 0, 0, 0), Line(0, 1, 2, 2), Line(60, 0, 15, 0)])
    assert shift_clip(relu) == MultiplyShift(1, 2, 2, 0, 15)
    sign = Pieces.of(-100, 100, [Line(-100, 0, -1, 0), Line(3, 0, 0, 0)])
    assert shift_clip(sign) is not None
    left = Pieces.of(-3, 3, [Line(-3, 8, 5, 1)])
    assert shift_clip(left) == MultiplyShift(4, 2, 0, -10, 14)
    assert shift_clip(Pieces.of(-3, 3, [Line(-3, 3, 0, 0)])) is None
    assert shift_clip(Pieces.of(-3, 3, [Line(-3, -1, 0, 0)])) is None
    steep = Pieces.of(0, 9, [Line(0, 0, 0, 0), Line(3, 0, 1, 0), Line(4, 0, 2, 0)])
    assert shift_clip(steep) == MultiplyShift(1, -2, 0, 0, 2)
    bent = Pieces.of(0, 99, [Line(0, 0, 0, 0), Line(10, 0, 1, 0), Line(20, 0, 2, 0), Line(90, 0, 3, 0)])
    assert multiply_shift(bent) is None


SLOPES = st.fractions(Fraction(-3), Fraction(3), max_denominator=1 << 20)
OFFSETS = st.fractions(Fraction(-40), Fraction(40), max_denominator=1 << 12)


def requantised(slope: Fraction, offset: Fraction, high: int, top: int, rounding: Rounding, zero: int = 0) -> Pieces:
    """What a quantiser makes of ``slope * v + offset``."""
    q = Quantizer(fractions([1]), -top - 1, top, rounding, zero)
    return solve((Affine(fractions([slope]), fractions([offset])),), q, -high, high, Fraction(1), Fraction(0), 0)


@given(SLOPES, OFFSETS, st.sampled_from([50, 700]), st.sampled_from([3, 127]), st.sampled_from(Rounding))
def test_requantisation(slope: Fraction, offset: Fraction, high: int, top: int, rounding: Rounding) -> None:
    pieces = requantised(slope, offset, high, top, rounding)
    domain = range(-high, high + 1)
    values = [min(max(rounding.exact(slope * v + offset), -top - 1), top) for v in domain]
    assert pieces(np.array(domain)).tolist() == values
    form = multiply_shift(pieces)
    if form is not None:
        assert [form.at(v) for v in domain] == values
    builder = Builder((Number.of(-high, high),))
    circuit = builder.finish([expand(builder, pieces, builder.start()[0])])
    assert circuit.evaluate(np.array(domain)[:, None])[:, 0].tolist() == values


@given(SLOPES, OFFSETS, st.sampled_from([50, 700]), st.sampled_from([3, 127]))
def test_a_line_without_ties_has_a_form(slope: Fraction, offset: Fraction, high: int, top: int) -> None:
    assert multiply_shift(requantised(slope, offset, high, top, Rounding.HALF_UP)) is not None


@given(st.integers(-9, 9), st.integers(-30, 30), st.integers(0, 4), st.integers(1, 30))
def test_a_known_form_is_found(multiplier: int, offset: int, right: int, high: int) -> None:
    """With at most three bits of shift more than the known one."""
    domain = range(-high, high + 1)
    values = [min(max((multiplier * v + offset) >> right, -5), 5) for v in domain]
    pieces = Pieces.of(-high, high, [Line(v, 0, y, 0) for v, y in zip(domain, values, strict=True)])
    form = multiply_shift(pieces)
    assert form is not None
    assert [form.at(v) for v in domain] == values
    if len(pieces.lines) > 2:
        assert form.right <= right + 3
        powers = (m for m in (-8, -4, -2, -1, 1, 2, 4, 8) if multiplier == m)
        assert all(form.multiplier.bit_count() == 1 or -form.multiplier == abs(m) for m in powers)


@pytest.mark.parametrize("zero", [0, 1])
@pytest.mark.parametrize(
    "slope", [Fraction(1, 2), Fraction(5, 8), Fraction(1, 6), Fraction(-3, 10), Fraction(1), Fraction(3)]
)
def test_ties_to_even_of_16_bits(slope: Fraction, zero: int) -> None:
    pieces = requantised(slope, Fraction(1, 2), 1 << 15, (1 << 15) - 1, Rounding.HALF_EVEN, zero)
    domain = np.arange(-(1 << 15), (1 << 15) + 1)
    p, q = slope.numerator, 2 * slope.denominator
    twice = 2 * p * domain + q // 2  # in units of 1/q
    below = twice // q + zero
    rest = 2 * (twice % q) - q
    expected = below + ((rest > 0) | ((rest == 0) & (below % 2 == 1))) - zero
    expected = np.clip(expected, -(1 << 15), (1 << 15) - 1)
    assert np.array_equal(pieces(domain), expected)
    assert len(pieces.lines) <= 3
    form = multiply_shift(pieces)
    assert form is not None
    assert [form.at(v) for v in domain[::97].tolist()] == expected[::97].tolist()
    layer = Scalar("y", ("x",), (pieces, pieces), fractions([1]))
    both = np.stack([domain, domain[::-1]], axis=-1)
    assert np.array_equal(layer.evaluate(both), np.stack([expected, expected[::-1]], axis=-1))
    builder = Builder((Number.of(-(1 << 15), 1 << 15),))
    circuit = builder.finish([expand(builder, pieces, builder.start()[0])])
    assert np.array_equal(circuit.evaluate(domain[:, None])[:, 0], expected)


@given(st.lists(st.integers(-5999, 6000), min_size=5, max_size=40), st.data())
def test_many_lines_share_a_multiplier(starts: list[int], data: st.DataObject) -> None:
    numbers = st.integers(-200, 200)
    lines = [
        Line(s, data.draw(numbers), data.draw(numbers), data.draw(st.integers(0, 7))) for s in sorted({-6000, *starts})
    ]
    pieces = Pieces.of(-6000, 6000, lines)
    builder = Builder((Number.of(-6000, 6000),))
    circuit = builder.finish([expand(builder, pieces, builder.start()[0])])
    domain = np.arange(-6000, 6001)
    exact = np.clip(pieces(domain), *pieces.range)  # a line of a real function leaves its ends' range nowhere
    assert np.array_equal(circuit.evaluate(domain[:, None])[:, 0], exact)
    assert sum(isinstance(node, Multiply) for node in circuit.nodes) <= 1
