"""The evaluator against each node written out in plain Python."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnfpga.compiler.circuit.ir import Add, AtLeast, Builder, Clamp, Greater, Lookup, Multiply, Select, Shift
from nnfpga.compiler.exact import objects
from nnfpga.compiler.number import Number

from .samples import meaning, random_circuit, random_inputs


@given(st.integers(0, 2**32), st.sampled_from([12, 31, 33, 62, 64, 80]))
def test_every_circuit_gives_what_its_nodes_mean(seed: int, widest: int) -> None:
    rng = np.random.default_rng(seed)
    circuit = random_circuit(rng, widest=widest)
    circuit.verify()
    x = random_inputs(rng, circuit, 6)
    y = circuit.evaluate(x)
    assert y.tolist() == [meaning(circuit, row) for row in x.tolist()]
    ranges = [circuit.ranges[o] for o in circuit.outputs]
    assert all(r.low <= min(v) and max(v) <= r.high for v, r in zip(y.T.tolist(), ranges, strict=True))


@pytest.mark.parametrize("bits", [*range(27, 34), *range(58, 68)])
def test_the_ends_of_machine_integers(bits: int) -> None:
    top = 1 << bits
    builder = Builder((Number.of(-top, top), Number.of(1 - top, top - 1)))
    a, b = builder.start()
    more = builder.add(AtLeast(a, 3 * top // 4))
    nodes = [
        builder.add(node)
        for node in (
            Add(a, b), Add(a, b, subtract=True), Add(a, b, 3, 1, subtract=True), Shift(a, bits),
            Shift(a, 90), Shift(b, -3),
            Clamp(a, -top - 5, top // 2), Clamp(b, -9, 1 << 70), Multiply(a, b), Multiply(a, a), Greater(a, b),
            AtLeast(b, 1 << 80), Select(more, a, b), Lookup(more, -1, (0, -top, 1 << 65)),
        )
    ]  # fmt: skip
    circuit = builder.finish([more, *nodes])
    circuit.verify()
    x = np.array([[p, q] for p in (-top, -1, 0, 1, top) for q in (1 - top, 0, top - 1)], dtype=object)
    assert circuit.evaluate(x).tolist() == [meaning(circuit, row) for row in x.tolist()]


def test_small_outputs_are_int64_whatever_is_inside() -> None:
    builder = Builder((Number.of(0, 1 << 40),))
    (a,) = builder.start()
    square = builder.add(Multiply(a, a))
    circuit = builder.finish([builder.add(AtLeast(square, 1 << 70))])
    y = circuit.evaluate(np.array([[1 << 35], [(1 << 35) - 1]]))
    assert y.dtype == np.int64
    assert y.tolist() == [[1], [0]]
    assert builder.finish([square]).evaluate(objects([[1 << 40]])).tolist() == [[1 << 80]]


def test_an_input_outside_of_its_range_is_refused() -> None:
    builder = Builder((Number.of(0, 3), Number.of(-1, 1)))
    builder.start()
    circuit = builder.finish([builder.add(Add(0, 1))])
    with pytest.raises(ValueError, match=r"input 1 must be in -1 \.\. 1, not -1 \.\. 2"):
        circuit.evaluate(np.array([[0, -1], [0, 2]]))


def test_no_samples() -> None:
    circuit = random_circuit(np.random.default_rng(1))
    assert circuit.evaluate(np.zeros((0, len(circuit.inputs)), np.int64)).shape == (0, len(circuit.outputs))


def test_values_are_freed() -> None:
    builder = Builder((Number.of(-8, 7),) * 2)
    a, b = builder.start()
    for _ in range(500):
        a, b = b, builder.add(Clamp(builder.add(Add(a, b, 1)), -99, 99))
    circuit = builder.finish([b])
    x = np.random.default_rng(0).integers(-8, 8, (20_000, 2))
    tracemalloc.start()
    y = circuit.evaluate(x)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12e6  # one value kept for all samples is 80,000 bytes, all of them 80 MB
    assert y[:5].tolist() == [meaning(circuit, row) for row in x[:5].tolist()]
