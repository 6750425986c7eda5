"""Golden text: where a constant goes, and where it stays."""

from __future__ import annotations

import numpy as np

from nnfpga.compiler.circuit.ir import Circuit
from nnfpga.compiler.circuit.passes.sink_constants import sink_constants

SUM = """inputs 3 [0..15]
%0 [0..15] = input index=0
%1 [0..15] = input index=1
%2 [0..15] = input index=2
%3 [-120..15] = add %0, %1, b_shift=3, subtract
%4 [-120..255] = add %3, %2, b_shift=4
%5 [37] = constant value=37
%6 [-83..292] = add %4, %5
output %6
"""
SUNK = """inputs 3 [0..15]
%0 [0..15] = input index=0
%1 [0..15] = input index=1
%2 [0..15] = input index=2
%3 [37] = constant value=37
%4 [37..52] = add %0, %3
%5 [-83..52] = add %4, %1, b_shift=3, subtract
%6 [-83..292] = add %5, %2, b_shift=4
output %6
"""
WIRES = """inputs 2 [0..15]
%0 [0..15] = input index=0
%1 [0..15] = input index=1
%2 [-15..120] = add %0, %1, a_shift=3, subtract
%3 [5] = constant value=5
%4 [-10..125] = add %2, %3
output %4
"""


def test_a_constant_goes_to_the_narrowest_term() -> None:
    assert str(sink_constants(Circuit.parse(SUM))) == SUNK


def test_low_bits_beside_a_shifted_term_are_wires() -> None:
    after = sink_constants(Circuit.parse(WIRES))
    assert "add %0, %2, a_shift=3\n" in str(after)
    x = np.array([[0, 15], [15, 0], [3, 7]])
    assert after.evaluate(x).tolist() == [[-10], [125], [22]]


def test_a_constant_stays_behind_a_sum_with_other_readers() -> None:
    both = SUM.replace("output %6", "output %6, %4")
    assert str(sink_constants(Circuit.parse(both))) == both


def test_the_sign_of_the_way() -> None:
    text = SUM.replace(
        "%4 [-120..255] = add %3, %2, b_shift=4", "%4 [-60..3600] = add %2, %3, a_shift=8, b_shift=2, subtract"
    )
    circuit = Circuit.parse(text.replace("-60..3600", "-60..4320").replace("%6 [-83..292]", "%6 [-23..4357]"))
    after = sink_constants(circuit)
    assert str(after) != str(circuit)
    x = np.random.default_rng(0).integers(0, 16, (100, 3))
    assert (after.evaluate(x) == circuit.evaluate(x)).all()
