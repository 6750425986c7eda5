from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnfpga.compiler.number import Number
from nnfpga.rtl.beat import Edge
from nnfpga.rtl.layers.arg_max import SerialArgMax


@pytest.mark.parametrize("lanes", [1, 2, 3, 6])
@pytest.mark.parametrize(
    "number", [Number.of(-2, 2), Number.of(0, 3), Number.of(-8, 8, 8), Number.of(-1, 1, 2), Number.of(3, 3)]
)
def test_first_of_the_greatest(harness: Any, number: Number, lanes: int) -> None:
    rng = np.random.default_rng(lanes)
    domain = np.arange(int(number.low), int(number.high) + 1, max(int(number.step), 1))
    x = rng.choice(domain, (40, 6))
    x[0], x[1] = domain[0], domain[-1]
    i, o = Edge(number, lanes, 6 // lanes), Edge(Number.of(0, 5), 1, 1)
    harness.check(lambda: SerialArgMax(i, o), i, o, x, np.argmax(x, axis=1)[:, None])


def test_the_last_of_equals_is_noticed(harness: Any) -> None:
    number = Number.of(0, 1)
    i, o = Edge(number, 2, 3), Edge(Number.of(0, 5), 1, 1)
    x = np.random.default_rng(0).integers(0, 2, (10, 6))
    last = 5 - np.argmax(x[:, ::-1], axis=1)[:, None]
    with pytest.raises(AssertionError, match="first wrong"):
        harness.check(lambda: SerialArgMax(i, o), i, o, x, last)
