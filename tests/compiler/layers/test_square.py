"""Squares from rows of bits, against multiplication."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nnfpga.compiler.circuit.ir import Builder
from nnfpga.compiler.layers.product import square
from nnfpga.compiler.number import Number


@given(st.integers(-600, 600), st.integers(0, 1200), st.sampled_from([1, 2, 4, 12]))
def test_squares_of_all_values(low: int, span: int, step: int) -> None:
    number = Number.of(low * step, (low + span) * step, step)
    builder = Builder((number,))
    circuit = builder.finish([square(builder, builder.start()[0])])
    x = np.arange(low, low + span + 1) * step
    np.testing.assert_array_equal(circuit.evaluate(x[:, None])[:, 0], x * x)
    r = circuit.ranges[circuit.outputs[0]]
    assert r.low <= (x * x).min()
    assert (x * x).max() <= r.high
