"""The integer graph evaluates a batch in parts without changing an integer."""

from __future__ import annotations

import numpy as np
import pytest

from nnfpga.compiler import graph as module
from nnfpga.compiler.exact import fractions
from nnfpga.compiler.graph import Graph, Tensor
from nnfpga.compiler.layers.dense import Dense
from nnfpga.compiler.number import Number
from nnfpga.compiler.weights import detect


def network() -> Graph:
    source = Tensor("x", (4,), Number.of(-8, 7), fractions([1]), fractions([0]))
    first = np.random.default_rng(0).integers(-3, 4, (5, 4))
    layers = (
        Dense("a", ("x",), detect(first), fractions(np.ones(5))),
        Dense("b", ("a",), detect(first.T), fractions(np.ones(4))),
    )
    return Graph((source,), layers, ("b",))


@pytest.mark.parametrize("count", [0, 1, 7, 50])
def test_parts(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HELD", 13 * 3)  # three samples at once
    graph, x = network(), np.random.default_rng(1).integers(-8, 8, (count, 4))
    w = np.random.default_rng(0).integers(-3, 4, (5, 4))
    expected = {"x": x, "a": x @ w.T, "b": x @ w.T @ w}
    assert all(np.array_equal(graph.evaluate(x, keep=True)[name], v) for name, v in expected.items())
    assert graph.evaluate(x).keys() == {"b"}
    assert graph.evaluate(x, keep=["a"]).keys() == {"a", "b"}
    assert np.array_equal(graph.evaluate(x, keep=["a"])["a"], expected["a"])
