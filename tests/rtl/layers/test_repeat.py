"""Elements that come several times each, against NumPy; what moves elements has no such hardware."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from nnfpga.compiler.device import GENERIC
from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.exact import fractions
from nnfpga.compiler.graph import Graph, Tensor
from nnfpga.compiler.layers.rearrange import Rearrange
from nnfpga.compiler.number import Number
from nnfpga.compiler.plan import Lanes
from nnfpga.rtl import costs
from nnfpga.rtl.beat import Edge
from nnfpga.rtl.layers.repeat import Repeat


@pytest.mark.parametrize("lanes", [1, 2, 3, 6])
@pytest.mark.parametrize("times", [2, 3])
@pytest.mark.parametrize("number", [Number.of(-2, 2), Number.of(0, 300), Number.of(3, 3)])
def test_each_element_several_times(harness: Any, number: Number, times: int, lanes: int) -> None:
    x = np.random.default_rng(lanes).integers(int(number.low), int(number.high) + 1, (30, 6))
    i, o = Edge(number, lanes, 6 // lanes), Edge(number, lanes, 6 * times // lanes)
    harness.check(lambda: Repeat(i, o, times), i, o, x, np.repeat(x, times, axis=1))


def test_another_order_is_noticed(harness: Any) -> None:
    number = Number.of(0, 9)
    i, o = Edge(number, 2, 3), Edge(number, 2, 6)
    x = np.random.default_rng(0).integers(0, 10, (10, 6))
    with pytest.raises(AssertionError, match="first wrong"):
        harness.check(lambda: Repeat(i, o, 2), i, o, x, np.tile(x, (1, 2)))


@pytest.mark.parametrize(("index", "cycles"), [([0, 0, 1, 1], 4), ([0, 1, 0, 1], None), ([1, 0], None), ([0, 1], None)])
def test_only_repetition_has_lanes(index: list[int], cycles: int | None) -> None:
    source = Tensor("x", (2,), Number.of(0, 3), fractions([Fraction(1)]), fractions([0]))
    layer = Rearrange("y", ("x",), np.array(index))
    graph = Graph((source,), (layer,), ("y",))
    if cycles is None:
        with pytest.raises(CompileError, match="moves elements"):
            costs(graph, layer, Lanes(1), GENERIC)
    else:
        assert costs(graph, layer, Lanes(1), GENERIC).interval.value == cycles
