"""The text form of a circuit: it reads back, and what is no form is refused with its line."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnfpga.compiler.circuit.ir import Add, AtLeast, Builder, Circuit, Clamp, Input, Lookup, Node, Range
from nnfpga.compiler.number import Number

from .samples import random_circuit

FORM = """inputs 2 [0..5], [-2..2:2]
%0 [0..5] = input index=0
%1 [-2..2:2] = input index=2
%2 [-8..28:2] = add %0, %1, a_shift=2, b_shift=2
%3 [-2..22] = add %0, %1, a_shift=2, subtract
%4 [4..9] = lookup %0, start=-1, table=(0 9 8 7 6 5 4)
%5 [8] = constant value=8
%6 [0..1] = atleast %2, bound=-7
output %6, %2, %2
"""


def test_form() -> None:
    builder = Builder((Number.of(0, 5), Number.of(0, 5), Number.of(-2, 2, 2)))
    a, _, c = builder.start()
    total = builder.add(Add(a, c, 2, 2))
    circuit = builder.finish([builder.add(AtLeast(total, -7)), total, builder.add(Lookup(a, -1, (0, 9, 8)))])
    assert str(circuit) == (
        "inputs 2 [0..5], [-2..2:2]\n"
        "%0 [0..5] = input index=0\n"
        "%1 [-2..2:2] = input index=2\n"
        "%2 [-8..28:4] = add %0, %1, a_shift=2, b_shift=2\n"
        "%3 [0..1] = atleast %2, bound=-7\n"
        "%4 [8..9] = lookup %0, start=-1, table=(0 9 8)\n"
        "output %3, %2, %4\n"
    )


def test_a_form_that_is_looser_than_proven_reads_back() -> None:
    circuit = Circuit.parse(FORM.replace("-2..22", "-20..220"))
    assert str(circuit) == FORM.replace("-2..22", "-20..220")
    assert circuit.evaluate(np.array([[5, 0, -2]])).tolist() == [[1, 12, 12]]


@given(st.integers(0, 2**32))
def test_every_circuit_reads_back(seed: int) -> None:
    circuit = random_circuit(np.random.default_rng(seed))
    again = Circuit.parse(str(circuit))
    assert (again.nodes, again.ranges, again.outputs) == (circuit.nodes, circuit.ranges, circuit.outputs)
    assert [str(n) for n in again.inputs] == [str(n) for n in circuit.inputs]
    assert str(again) == str(circuit)


def test_random_circuits_have_every_node() -> None:
    circuits = (random_circuit(np.random.default_rng(seed)) for seed in range(40))
    assert {type(node) for circuit in circuits for node in circuit.nodes} == {*Node.__subclasses__()}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("inputs", "input", "line 1: expected 'inputs', not 'input'"),
        ("inputs 2 [0..5]", "inputs two [0..5]", "line 1: 'two [0..5]' is no lattice"),
        ("2 [0..5]", "2 [6..5]", "line 1: Number must have low <= high, not 6 > 5"),
        ("%0 [0..5]", "%0 0..5", "line 2: '0..5' is no range such as [0..15] or [-4..4:2]"),
        ("%1 [-2..2:2]", "%1 [-2..1:3]", "line 3: the step 3 is no power of two"),
        ("index=2", "index=3", "line 3: there are 3 inputs"),
        ("%1 [-2..2:2]", "%2 [-2..2:2]", "line 3: expected %1, not %2"),
        ("add %0, %1, a_shift=2, b", "add %0, %2, a_shift=2, b", "line 4: %2 does not come before it"),
        ("add %0, %1, a_shift=2, b_shift=2", "ad", "line 4: unknown node 'ad'"),
        ("add %0, %1, a_shift=2, b_shift=2", "add %0", "line 4: add reads 2 values, not 1"),
        ("%0, %1, a_shift=2, b", "%0, b", "line 4: expected a value such as %0, not 'b_shift=2'"),
        ("a_shift=2, b_shift=2", "c_shift=2", "line 4: add has no 'c_shift'"),
        ("a_shift=2, b_shift=2", "a_shift=2, a_shift=2", "line 4: 'a_shift' stands there twice"),
        ("a_shift=2, b_shift=2", "a_shift=x", "line 4: 'x' is no integer"),
        ("a_shift=2, b_shift=2", "a_shift", "line 4: a_shift cannot be 'a_shift'"),
        ("a_shift=2, b_shift=2", "a_shift=-1", "line 4: a shift is negative"),
        ("[-8..28:2]", "[-8..26:2]", "line 4: its range [-8..26:2] does not hold [-8..28:4]"),
        ("start=-1, table=(0 9 8 7 6 5 4)", "start=-1", "line 6: lookup needs table"),
        ("table=(0 9 8 7 6 5 4)", "table=(0 9)", "line 6: its table is from -1 to 0"),
        ("%5 [8] = constant value=8", "five", "line 7: expected '%5 [low..high] = node operands', not 'five'"),
        ("output %6, %2", "output %7, %2", "line 9: %7 does not come before it"),
        ("output %6, %2, %2\n", "", "line 8: the text ends before the outputs"),
        ("%2, %2\n", "%2\noutput %1\n", "line 10: nothing may follow the outputs"),
    ],
)  # fmt: skip
def test_what_is_no_form_is_refused_with_its_line(old: str, new: str, message: str) -> None:
    assert FORM.count(old) >= 1
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        Circuit.parse(FORM.replace(old, new, 1))


def test_verify_names_all_values_at_fault() -> None:
    circuit = Circuit.parse(FORM)
    circuit.verify()
    nodes = (circuit.nodes[0], Input(2, Range(-2, 1)), *circuit.nodes[2:5], Clamp(6, 3, 2), Clamp(0, 3, 2))
    unsound = Circuit(circuit.inputs, nodes, circuit.ranges, (8, 2))
    message = (
        "%1 = input index=2: its input can be [-2..2:2]; "
        "%5 = clamp %6, low=3, high=2: %6 does not come before it; "
        "%6 = clamp %0, low=3, high=2: its bounds 3 .. 2 are not in order; "
        "output %8 does not exist"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        unsound.verify()
    narrow = (*circuit.ranges[:2], Range(0, 1), Range(0, 0), *circuit.ranges[4:])
    message = (
        "%2 = add %0, %1, a_shift=2, b_shift=2: its range [0..1] does not hold [-8..28:4]; "
        "%3 = add %0, %1, a_shift=2, subtract: its range [0] does not hold [-2..22:2]"
    )
    with pytest.raises(ValueError, match=re.escape(message)):
        Circuit(circuit.inputs, circuit.nodes, narrow, ()).verify()
    with pytest.raises(ValueError, match="a range per node, not 2 for 7"):
        Circuit(circuit.inputs, circuit.nodes, circuit.ranges[:2], ()).verify()
