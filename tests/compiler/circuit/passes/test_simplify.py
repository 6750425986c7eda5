"""Golden text: what stands there for a node, and what it becomes."""

from __future__ import annotations

import pytest

from nnfpga.compiler.circuit.ir import Circuit
from nnfpga.compiler.circuit.passes.simplify import simplify
from nnfpga.compiler.circuit.passes.tighten import tighten

INPUTS = """inputs [-6..9], [0..5], [0..1]
%0 [-6..9] = input index=0
%1 [0..5] = input index=1
%2 [0..1] = input index=2
"""
CASES = {
    "a shifted output is wires": (
        "%3 [0] = constant value=0\n%4 [0..40] = add %3, %1, b_shift=3",
        "%3 [0..40:8] = shift %1, right=-3\noutput %3",
    ),
    "zero is not added": (
        "%3 [0] = constant value=0\n%4 [-12..18] = add %0, %3, a_shift=1",
        "%3 [-12..18:2] = shift %0, right=-1\noutput %3",
    ),
    "a shift becomes the sum's": (
        "%3 [-24..36:4] = shift %0, right=-2\n%4 [-29..36] = add %3, %1, subtract",
        "%3 [-29..36] = add %0, %1, a_shift=2, subtract\noutput %3",
    ),
    "a common shift goes behind the sum": (
        "%3 [-24..76] = add %0, %1, a_shift=2, b_shift=3\n%4 [-12..38] = shift %3, right=1",
        "%3 [-6..19] = add %0, %1, b_shift=1\n%4 [-12..38:2] = shift %3, right=-1\noutput %4",
    ),
    "two constants are one": (
        "%3 [3] = constant value=3\n%4 [-3..12] = add %0, %3\n%5 [0..30] = add %4, %3, a_shift=1, b_shift=1",
        "%3 [6] = constant value=6\n%4 [0..15] = add %0, %3\n%5 [0..30:2] = shift %4, right=-1\noutput %5",
    ),
    "a constant's bits below the shift": (
        "%3 [13] = constant value=13\n%4 [-11..49] = add %0, %3, a_shift=2\n%5 [-2..6] = shift %4, right=3",
        "%3 [3] = constant value=3\n%4 [-3..12] = add %0, %3\n%5 [-2..6] = shift %4, right=1\noutput %5",
    ),
    "the negative of a difference": (
        "%3 [0] = constant value=0\n%4 [-11..9] = add %0, %1, subtract\n%5 [-9..11] = add %3, %4, subtract",
        "%3 [-9..11] = add %1, %0, subtract\noutput %3",
    ),
    "twice the same": (
        "%3 [-12..18] = add %0, %0",
        "%3 [-12..18:2] = shift %0, right=-1\noutput %3",
    ),
    "nothing is left": (
        "%3 [-15..15] = add %0, %0, subtract",
        "%3 [0] = constant value=0\noutput %3",
    ),
    "the product with a power of two": (
        "%3 [2] = constant value=2\n%4 [-12..18] = multiply %0, %3",
        "%3 [-12..18:2] = shift %0, right=-1\noutput %3",
    ),
    "shifts add up": (
        "%3 [-2..2] = shift %0, right=2\n%4 [-1..1] = shift %3, right=1",
        "%3 [-1..1] = shift %0, right=3\noutput %3",
    ),
    "bounds beyond the range": (
        "%3 [-6..9] = clamp %0, low=-9, high=9",
        "output %0",
    ),
    "a clamp of a clamp": (
        "%3 [-2..7] = clamp %0, low=-2, high=7\n%4 [0..7] = clamp %3, low=0, high=9",
        "%3 [0..7] = clamp %0, low=0, high=7\noutput %3",
    ),
    "a clamp to one bit": (
        "%3 [0..1] = clamp %0, low=0, high=1",
        "%3 [0..1] = atleast %0, bound=1\noutput %3",
    ),
    "a table of what is there": (
        "%3 [0..5] = lookup %1, start=-1, table=(9 0 1 2 3 4 5)",
        "output %1",
    ),
    "a table takes a constant in": (
        "%3 [3] = constant value=3\n%4 [3..8] = add %1, %3\n%5 [0..9] = lookup %4, start=0, table=(7 7 7 0 5 9 3 2 1)",
        "%3 [0..9] = lookup %1, start=0, table=(0 5 9 3 2 1)\noutput %3",
    ),
    "a proven comparison": (
        "%3 [0..1] = atleast %0, bound=-6",
        "%3 [1] = constant value=1\noutput %3",
    ),
    "a comparison behind a shift": (
        "%3 [-3..4] = shift %0, right=1\n%4 [0..1] = atleast %3, bound=2",
        "%3 [0..1] = atleast %0, bound=4\noutput %3",
    ),
    "a comparison behind a constant": (
        "%3 [3] = constant value=3\n%4 [-9..21] = add %0, %3, a_shift=1\n%5 [0..1] = atleast %4, bound=6",
        "%3 [0..1] = atleast %0, bound=2\noutput %3",
    ),
    "a comparison behind a clamp": (
        "%3 [-2..7] = clamp %0, low=-2, high=7\n%4 [0..1] = atleast %3, bound=7",
        "%3 [0..1] = atleast %0, bound=7\noutput %3",
    ),
    "greater than a constant": (
        "%3 [2] = constant value=2\n%4 [0..1] = greater %0, %3",
        "%3 [0..1] = atleast %0, bound=3\noutput %3",
    ),
    "a constant that is greater": (
        "%3 [2] = constant value=2\n%4 [0..1] = greater %3, %0",
        "%3 [0..1] = atleast %0, bound=2\n"
        "%4 [0] = constant value=0\n"
        "%5 [1] = constant value=1\n"
        "%6 [0..1] = select %3, %4, %5\n"
        "output %6",
    ),
    "proven to be greater": (
        "%3 [12] = constant value=12\n%4 [0..1] = greater %3, %0",
        "%3 [1] = constant value=1\noutput %3",
    ),
    "a choice of one and zero": (
        "%3 [1] = constant value=1\n%4 [0] = constant value=0\n%5 [0..1] = select %2, %3, %4",
        "output %2",
    ),
    "a choice of the same": (
        "%3 [-6..9] = select %2, %0, %0",
        "output %0",
    ),
    "the same choice twice": (
        "%3 [-6..9] = select %2, %0, %1\n%4 [-6..9] = select %2, %1, %3\n%5 [-6..9] = select %2, %3, %4",
        "%3 [-6..9] = select %2, %0, %1\noutput %3",
    ),
    "a bit of shifted bits": (
        "%3 [-2..2] = shift %0, right=2\n%4 [0..1] = bit %3, index=0",
        "%3 [0..1] = bit %0, index=2\noutput %3",
    ),
    "a bit beyond the sign": (
        "%3 [0..1] = bit %0, index=9",
        "%3 [0..1] = bit %0, index=4\noutput %3",
    ),
    "a bit that is zero": (
        "%3 [0..1] = bit %1, index=3",
        "%3 [0] = constant value=0\noutput %3",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_becomes(name: str) -> None:
    before, after = CASES[name]
    value = before.rpartition("\n")[2].partition(" ")[0]
    circuit = simplify(tighten(Circuit.parse(f"{INPUTS}{before}\noutput %0, %1, %2, {value}\n")))
    text = str(circuit).replace("output %0, %1, %2, ", "output ")
    assert text.partition("index=2\n")[2] == after + "\n"
