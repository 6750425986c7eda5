"""Calibration values are those of the network, and bounded in number."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from nnfpga.compiler.layers.dense import Linear
from nnfpga.compiler.layers.scalar import Apply
from nnfpga.compiler.passes import sample_values
from nnfpga.compiler.real import RealGraph, RealInput
from nnfpga.compiler.scalar.functions import Relu


def network() -> RealGraph:
    weight = np.random.default_rng(0).normal(size=(3, 4))
    ops = (Linear("fc", ("x",), weight), Apply("relu", ("fc",), Relu()))
    return RealGraph((RealInput("x", (5, 4)),), ops, ("relu",))


def test_few_values_are_all_kept_in_order() -> None:
    graph, x = network(), np.random.default_rng(1).normal(size=(7, 5, 4))
    expected = graph.evaluate(x)
    for name, values in sample_values(graph, x).items():
        assert np.array_equal(values, expected[name].reshape(-1, expected[name].shape[-1])), name


def test_of_many_values_a_sample_with_each_channels_extremes_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules[sample_values.__module__]
    monkeypatch.setattr(module, "KEPT", 120)
    monkeypatch.setattr(module, "HELD", 55 * 10)  # ten samples at once
    graph, x = network(), np.random.default_rng(1).normal(size=(95, 5, 4))
    expected, found = graph.evaluate(x), sample_values(graph, x)
    for name, values in found.items():
        whole = expected[name].reshape(-1, expected[name].shape[-1])
        assert values.size <= 120 + 12 * values.shape[1]
        assert np.array_equal(values[:2], [whole.min(axis=0), whole.max(axis=0)])
        assert {tuple(row) for row in values[2:]} <= {tuple(row) for row in whole}
    assert all(np.array_equal(found[k], v) for k, v in sample_values(graph, x).items())  # drawn alike every time
