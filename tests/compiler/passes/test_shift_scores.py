"""Scores of an arg-max with a constant added to each column of their matrix."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnfpga.compiler.circuit.digits import digit_count
from nnfpga.compiler.exact import fractions, objects
from nnfpga.compiler.graph import Graph, Layer, Tensor
from nnfpga.compiler.layers.arg_max import ArgMax
from nnfpga.compiler.layers.dense import Dense
from nnfpga.compiler.layers.scalar import Scalar
from nnfpga.compiler.number import Number
from nnfpga.compiler.passes.shift_scores import shift_scores
from nnfpga.compiler.scalar.pieces import Line, Pieces
from nnfpga.compiler.weights import detect
from nnfpga.rtl.unrolled import circuit_of

ONE, ZERO = fractions([1]), fractions([0])


def classifier(weights: np.ndarray, biases: list[int] | None, slope: int = 1, number: Number | None = None) -> Graph:
    rows, columns = weights.shape
    x = Tensor("x", (columns,), number or Number.of(-3, 4), ONE, ZERO)
    dense = Dense("scores", ("x",), detect(weights), np.full(rows, ONE[0]))
    layers: list[Layer] = [dense]
    if biases is not None:
        sums = dense.infer(x).number.broadcast((rows,))
        pieces = [
            Pieces.of(int(low), int(high), [Line(int(low), slope, b, 0)])
            for low, high, b in zip(sums.low, sums.high, biases, strict=True)
        ]
        layers.append(Scalar("biased", ("scores",), tuple(pieces), ONE))
    return Graph((x,), (*layers, ArgMax("class", (layers[-1].name,))), ("class",))


def names(graph: Graph) -> set[str]:
    return {layer.name for layer in graph.layers}


def digits(graph: Graph) -> int:
    (dense,) = (layer for layer in graph.layers if isinstance(layer, Dense))
    return digit_count(objects(dense.weights.to_dense()))


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 6), st.integers(1, 5), st.booleans(), st.integers(0, 2**32))
def test_the_class_is_the_same(rows: int, columns: int, biased: bool, seed: int) -> None:
    """Small weights, so that scores are often equal."""
    rng = np.random.default_rng(seed)
    weights = rng.integers(-2, 3, (rows, columns))
    graph = classifier(weights, rng.integers(-3, 4, rows).tolist() if biased else None)
    made = shift_scores(graph, names(graph))
    made.verify()
    x = rng.integers(-3, 5, (200, columns))
    assert np.array_equal(made.evaluate(x)["class"], graph.evaluate(x)["class"])
    assert digits(made) <= digits(graph)
    circuit = circuit_of(graph, list(graph.layers))
    assert np.array_equal(circuit.evaluate(x), graph.evaluate(x)["class"])


def test_of_two_classes_one_row_is_left() -> None:
    weights = np.random.default_rng(0).integers(-9, 10, (2, 8))
    graph = classifier(weights, [3, -5])
    (dense, *_) = shift_scores(graph, names(graph)).layers
    assert isinstance(dense, Dense)
    left = dense.weights.to_dense()
    assert not left[0].any()
    assert (left[1] == weights[1] - weights[0]).all()


def test_signs_that_most_rows_have_go() -> None:
    weights = np.random.default_rng(0).choice([-1, 1], (10, 40))
    graph = classifier(weights, None, number=Number.of(-1, 1, 2))
    assert digits(shift_scores(graph, names(graph))) == np.minimum((weights > 0).sum(0), (weights < 0).sum(0)).sum()


@pytest.mark.parametrize("what", ["slope", "read twice", "not all unrolled", "wide"])
def test_what_stays(what: str) -> None:
    rng = np.random.default_rng(0)
    weights = rng.integers(-9, 10, (3, 4)) * (1000 if what == "wide" else 1)
    graph = classifier(weights, [1, 2, 3], 2 if what == "slope" else 1)
    if what == "read twice":
        graph = replace(graph, outputs=("class", "scores"))
    assert shift_scores(graph, names(graph) - ({"scores"} if what == "not all unrolled" else set())) is graph
