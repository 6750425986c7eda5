from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nnfpga.compiler.scalar.forms import ShiftClip, shift_clip
from nnfpga.compiler.scalar.pieces import Line, Pieces


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
    assert shift_clip(relu) == ShiftClip(0, 2, 2, 0, 15)
    sign = Pieces.of(-100, 100, [Line(-100, 0, -1, 0), Line(3, 0, 0, 0)])
    assert shift_clip(sign) is not None
    left = Pieces.of(-3, 3, [Line(-3, 8, 5, 1)])
    assert shift_clip(left) == ShiftClip(2, 2, 0, -10, 14)
    assert shift_clip(Pieces.of(-3, 3, [Line(-3, 3, 0, 0)])) is None
    assert shift_clip(Pieces.of(-3, 3, [Line(-3, -1, 0, 0)])) is None
    assert shift_clip(Pieces.of(0, 9, [Line(0, 0, 0, 0), Line(3, 0, 1, 0), Line(4, 0, 2, 0)])) is None
