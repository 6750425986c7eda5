from __future__ import annotations

import numpy as np

from nnfpga.compiler.scalar.pieces import Line, Pieces

RELU = Pieces.of(-8, 40, [Line(-8, 0, 0, 0), Line(-4, 0, 0, 0), Line(0, 1, 2, 2), Line(30, 0, 7, 0)])


def test_merging_and_text() -> None:
    assert str(RELU) == "-8: 0; 0: (v+2)>>2; 30: 7"
    assert str(Pieces.of(0, 3, [Line(0, 3, -1, 0)])) == "0: 3v-1"


def test_what_it_knows_of_itself() -> None:
    values = RELU(np.arange(-8, 41))
    assert RELU.range == (values.min(), values.max())
    assert RELU.monotone
    assert RELU.levels == len({*values.tolist()})
    assert RELU.ends == [(-8, -1), (0, 29), (30, 40)]
    assert not Pieces.of(0, 3, [Line(0, -1, 0, 0)]).monotone


def test_values_one_by_one() -> None:
    domain = np.arange(-8, 41)
    assert RELU(domain).tolist() == [min(max((v + 2) >> 2, 0), 7) if v < 30 else 7 for v in domain.tolist()]
