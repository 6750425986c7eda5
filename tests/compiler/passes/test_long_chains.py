"""Chains far longer than any network's: folded in one walk, or refused by name."""

from __future__ import annotations

import time

import numpy as np
import pytest

from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.layers.scalar import Apply
from nnfpga.compiler.passes import Calibration, lower, quantize
from nnfpga.compiler.passes.fold_affine import fold_affine
from nnfpga.compiler.real import Op, RealGraph, RealInput
from nnfpga.compiler.scalar.functions import Affine, Function, Relu
from nnfpga.model import proven_values


def chain(*functions: Function) -> RealGraph:
    """Functions on top of each other, of two numbers."""
    ops: list[Op] = [Apply(f"t{i + 1}", (f"t{i}",), f, node=f"node {i}") for i, f in enumerate(functions)]
    return RealGraph((RealInput("t0", (2,)),), tuple(ops), (ops[-1].name,))


def test_affine_functions_become_one_in_time() -> None:
    ones = np.ones(1)
    graph = chain(*(Affine(ones, np.array([k % 7 - 3.0, 1.0])) for k in range(3000)))
    start = time.process_time()
    folded = fold_affine(graph)
    assert time.process_time() - start < 10
    (op,) = folded.ops
    x = np.random.default_rng(0).integers(-5, 5, (4, 2)).astype(float)
    assert np.array_equal(folded.evaluate(x)[op.name], graph.evaluate(x)["t3000"])


def test_a_branch_keeps_the_affine_function_that_something_else_reads() -> None:
    double, shift = Affine(np.full(1, 2.0), np.zeros(1)), Affine(np.ones(1), np.ones(1))
    graph = chain(double, shift, Relu())
    graph = graph.replace([*graph.ops, Apply("side", ("t1",), Relu())], ("t3", "side"))
    folded = fold_affine(graph)
    assert [(op.name, op.inputs) for op in folded.ops] == [
        ("t1", ("t0",)), ("t2", ("t0",)), ("t3", ("t2",)), ("side", ("t1",)),
    ]  # fmt: skip
    x = np.array([[-1.5, 2.0]])
    for name in graph.outputs:
        assert np.array_equal(folded.evaluate(x)[name], graph.evaluate(x)[name])


def test_exact_numbers_stay_short() -> None:
    folded = fold_affine(chain(*(Affine(np.full(1, 1.1), np.zeros(1)) for _ in range(300))))
    assert 1 < len(folded.ops) < 10


def test_too_many_functions_are_named() -> None:
    graph = chain(*(Relu() for _ in range(250)))
    with pytest.raises(CompileError, match=r"^node 200: it is one of more than 200 functions on top of each other; "):
        lower(quantize(graph, Calibration(proven_values(graph, -1.0, 1.0), proven=True)))


@np.errstate(over="ignore")
def test_values_beyond_float64_are_named() -> None:
    large = Affine(np.full(1, 1e300), np.zeros(1))
    with pytest.raises(CompileError, match=r"^node 2: it reads values beyond the range of float64; train with norm"):
        proven_values(chain(Relu(), large, Relu()), -1.0, 1e10)
    graph = chain(Relu(), large)
    with pytest.raises(CompileError, match=r"^node 1: its values are beyond the range of float64; train with norm"):
        quantize(graph, Calibration(proven_values(graph, -1.0, 1e10), proven=True))
