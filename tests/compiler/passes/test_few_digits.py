"""Weights of few digits: the error that is allowed holds, and the digits are fewer than those of rounded weights."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from nnfpga.compiler.circuit.digits import digit_count
from nnfpga.compiler.layers.dense import Linear
from nnfpga.compiler.layers.scalar import Apply
from nnfpga.compiler.passes import few_digits
from nnfpga.compiler.real import RealGraph, RealInput, Reals
from nnfpga.compiler.scalar.functions import Relu, Sigmoid


def graph_of(weight: Reals) -> RealGraph:
    """A matrix and a sigmoid."""
    ops = Linear("m", ("x",), weight), Apply("y", ("m",), Sigmoid())
    return RealGraph((RealInput("x", (weight.shape[1],)),), ops, ("y",))


@settings(deadline=None, max_examples=10)
@given(st.integers(0, 1000), st.floats(0.01, 0.1))
def test_outputs_move_by_the_error_at_most(seed: int, error: float) -> None:
    rng = np.random.default_rng(seed)
    graph = graph_of(rng.normal(size=(2, 3)))
    x = rng.uniform(-1, 1, (500, 3))
    new = few_digits(graph, x, error)
    first, op = graph.makers["m"], new.makers["m"]
    assert isinstance(first, Linear)
    assert isinstance(op, Linear)
    assert op.scale is not None
    assert (op.integers * op.scale.astype(float)[:, None] == op.weight).all()
    assert np.abs(new.evaluate(x)["y"] - graph.evaluate(x)["y"]).max() <= error
    fine = np.rint(first.weight * 64).astype(np.int64)
    assert digit_count(op.integers) <= digit_count(fine)


def test_proportions_that_are_whole_are_found() -> None:
    """In units of the row's own: three times 7, 2 and 4."""
    new = few_digits(graph_of(np.array([[21.0, 6.0, 12.0]]) / 100), np.eye(3), 1e-4)
    op = new.makers["m"]
    assert isinstance(op, Linear)
    assert op.integers.tolist() == [[7, 2, 4]]


def test_rows_that_other_layers_read_stay() -> None:
    ops = Linear("m", ("x",), np.array([[0.3, 0.7]])), Apply("y", ("m",), Relu())
    graph = RealGraph((RealInput("x", (2,)),), ops, ("y",))
    assert few_digits(graph, np.eye(2), 0.1).makers["m"] is ops[0]
