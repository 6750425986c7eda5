"""Fewer neurons, the same function."""

from __future__ import annotations

import numpy as np

from nnfpga.compiler.exact import fractions
from nnfpga.compiler.layers.dense import Linear
from nnfpga.compiler.layers.scalar import Apply
from nnfpga.compiler.passes.merge_neurons import merge_neurons
from nnfpga.compiler.real import RealGraph, RealInput
from nnfpga.compiler.scalar.functions import Affine, PRelu

RNG = np.random.default_rng(0)


def network(bias: list[float], slope: list[float], unread: list[int]) -> RealGraph:
    """Six neurons; 0, 2 and 5 have the same weights."""
    first, last = RNG.integers(-8, 9, (6, 4)) / 8, RNG.integers(1, 9, (3, 6)) / 8
    first[[2, 5]] = first[0]
    last[:, unread] = 0
    ops = (
        Linear("a", ("x",), first),
        Apply("b", ("a",), Affine(np.ones(1), np.array(bias))),
        Apply("r", ("b",), PRelu(np.array(slope))),
        Linear("c", ("r",), last),
    )
    return RealGraph((RealInput("x", (4,)),), ops, ("c",))


def neurons(before: RealGraph) -> int:
    """How many are left, after comparing the function."""
    after, x = merge_neurons(before), RNG.normal(size=(50, 4))
    assert np.abs(after.evaluate(x)["c"] - before.evaluate(x)["c"]).max() < 1e-12
    return after.shapes["a"][0]


def test_alike_neurons_become_one() -> None:
    assert neurons(network([1, 2, 1, 3, 4, 1], [0.5], [])) == 4
    assert neurons(network([1, 2, 1, 3, 4, 9], [0.5], [])) == 5  # another bias
    assert neurons(network([1, 2, 1, 3, 4, 1], [0.5, 0, 0.25, 0, 0, 0.5], [])) == 5  # another slope


def test_unread_neurons_leave() -> None:
    assert neurons(network([1, 2, 3, 4, 5, 6], [0.5], [1, 3])) == 4
    assert neurons(network([1, 2, 1, 3, 4, 1], [0.5], [0, 1])) == 3
    assert neurons(network([1, 2, 3, 4, 5, 6], [0.5], list(range(6)))) == 6  # none would be left


def test_what_is_quantised_or_read_twice_stays() -> None:
    graph = network([1, 2, 1, 3, 4, 1], [0.5], [])
    a, b, r, c = graph.ops
    assert isinstance(a, Linear)
    coded = Linear("a", ("x",), a.weight, scale=fractions(np.full(6, 0.125)))
    assert merge_neurons(graph.replace([coded, b, r, c])).shapes["a"] == (6,)
    assert merge_neurons(graph.replace([a, b, r, c], ("c", "r"))).shapes["a"] == (6,)
