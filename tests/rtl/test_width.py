from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from nnfpga.compiler.number import Number
from nnfpga.rtl.beat import Edge
from nnfpga.rtl.width import Narrow, Widen, convert

N = Number.of(-4, 3)


class Chain(wiring.Component):
    """Converters in a row."""

    def __init__(self, parts: list[Any], i: Edge, o: Edge) -> None:
        self.parts = parts
        super().__init__({"i": In(i.signature), "o": Out(o.signature)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        source = wiring.flipped(self.i)
        for n, part in enumerate(self.parts):
            m.submodules[f"part_{n}"] = part
            wiring.connect(m, source, part.i)
            source = part.o
        wiring.connect(m, source, wiring.flipped(self.o))
        return m


@pytest.mark.parametrize(("a", "b"), [(1, 2), (2, 1), (3, 12), (12, 3), (4, 6), (6, 4), (1, 12), (12, 1), (2, 3)])
def test_elements_keep_their_order(harness: Any, a: int, b: int) -> None:
    x = np.random.default_rng(0).integers(-4, 4, (9, 12))
    i, o = Edge(N, a, 12 // a), Edge(N, b, 12 // b)
    run = harness.check(lambda: Chain(convert(N.wire.width, a, b), i, o), i, o, x, x)
    assert np.diff(run.delivered).max() <= max(b // a, 1) + (b % a != 0 and a % b != 0) * b


def test_equal_widths_need_nothing() -> None:
    assert convert(3, 4, 4) == []


@pytest.mark.parametrize("unit", [Narrow, Widen])
def test_ratio_below_two(unit: Any) -> None:
    with pytest.raises(ValueError, match=r"^ratio must be at least 2, not 1$"):
        unit(3, 2, 1)
