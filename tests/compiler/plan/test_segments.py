"""Branches between two tensors are one segment, chains are cut at every layer."""

from __future__ import annotations

import numpy as np
import pytest

from nnfpga.compiler.device import GENERIC, Device
from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.exact import fractions
from nnfpga.compiler.graph import Graph, Layer, Tensor
from nnfpga.compiler.layers.arg_max import ArgMax
from nnfpga.compiler.layers.join import Summation
from nnfpga.compiler.layers.rearrange import Rearrange
from nnfpga.compiler.number import Number
from nnfpga.compiler.plan import Cost, Estimate, Goal, Implementation, Lanes, Plan, Unrolled, make_plan, segments

X = Tensor("x", (3,), Number.of(-8, 7), fractions([1]), fractions([0]))


def turn(name: str, source: str) -> Rearrange:
    return Rearrange(name, (source,), np.array([1, 2, 0]))


def add(name: str, *sources: str) -> Summation:
    return Summation(name, sources, (np.array([1]),) * len(sources))


def names(graph: Graph) -> list[str]:
    return [" ".join(layer.name for layer in segment) for segment in segments(graph)]


def test_chains_are_cut_everywhere() -> None:
    graph = Graph((X,), (turn("a", "x"), add("b", "a", "a"), ArgMax("c", ("b",))), ("c",))
    assert names(graph) == ["a", "b", "c"]


def test_branches_stay_together() -> None:
    layers = (
        turn("a", "x"), turn("b", "a"), turn("c", "a"), add("d", "b", "c"), turn("e", "d"), turn("f", "e"),
        add("g", "f", "e"), ArgMax("h", ("g",)),
    )  # fmt: skip
    assert names(Graph((X,), layers, ("h",))) == ["a", "b c d", "e", "f g", "h"]


def test_a_branch_from_the_input_and_one_to_the_end() -> None:
    assert names(Graph((X,), (turn("a", "x"), turn("b", "a"), add("c", "b", "x")), ("c",))) == ["a b c"]
    assert names(Graph((X,), (turn("a", "x"), turn("b", "a")), ("a", "b"))) == ["a", "b"]


def cost(graph: Graph, layer: Layer, choice: Implementation, device: Device) -> Cost:
    """Lanes are cheaper than unrolled."""
    return Cost(Estimate(1.0 if isinstance(choice, Lanes) else 10.0), interval=Estimate(1), latency=Estimate(1))


def test_branches_are_planned_unrolled() -> None:
    layers = (turn("a", "x"), turn("b", "a"), add("c", "b", "a"), turn("d", "c"))
    graph = Graph((X,), layers, ("d",))
    plan = make_plan(graph, GENERIC, Goal.AREA, 50.0, cost)
    assert plan.choices == {"a": Lanes(1), "b": Unrolled(), "c": Unrolled(), "d": Lanes(1)}
    plan.check(graph)
    with pytest.raises(CompileError) as caught:
        Plan("generic", 50.0, {**plan.choices, "b": Lanes(1)}).check(graph)
    what = "stands between branches, which are built as one"
    assert str(caught.value) == f"plan, layer 'b': {what}; choose unrolled"
