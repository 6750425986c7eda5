"""Every circuit pass: the outputs stay, and the circuit stays sound."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nnfpga.compiler.circuit.ir import Circuit, Constant, Shift
from nnfpga.compiler.circuit.passes import CIRCUIT, optimise

from ..samples import random_circuit, random_inputs

STEPS = [*dict.fromkeys(CIRCUIT), optimise]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
@given(seed=st.integers(0, 2**32))
@example(seed=6648)  # sums of what is proven to be 0
@example(seed=709)  # a selection between what is proven to be 0 and multiples
def test_outputs_stay(step: Callable[[Circuit], Circuit], seed: int) -> None:
    rng = np.random.default_rng(seed)
    circuit = random_circuit(rng)
    after = step(circuit)
    after.verify()
    x = random_inputs(rng, circuit, 100)
    assert (after.evaluate(x) == circuit.evaluate(x)).all()
    assert work(step(after)) <= work(after)


def work(circuit: Circuit) -> int:
    """Nodes that are not wires."""
    return sum(not isinstance(node, (Constant, Shift)) for node in circuit.nodes)


def test_passes_are_deterministic() -> None:
    circuit = random_circuit(np.random.default_rng(3), 60)
    assert str(optimise(circuit)) == str(optimise(circuit))
