"""Scores that only an arg-max reads: a vector is added to all rows of their matrix, such that less is left to add up.

The greatest stays the greatest where all scores grow by the same. So a column of the matrix is free up to a constant;
the one that leaves the fewest signed digits is taken: a weight that most rows have goes, of two classes one row does.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from ..circuit.digits import digit_count
from ..exact import Ints, objects
from ..graph import Graph, Layer
from ..layers.arg_max import ArgMax
from ..layers.dense import Dense
from ..layers.scalar import Scalar
from ..scalar.pieces import Line, Pieces
from ..weights import detect

__all__ = ["shift_scores"]

WIDEST = 1 << 10
"""Weights up to which every constant is tried."""


def shift_scores(graph: Graph, names: Collection[str]) -> Graph:
    """The same arg-max with other scores, where it and the layers before it are among ``names``."""
    made = {layer.name: layer for layer in graph.layers}
    readers = [name for layer in graph.layers for name in layer.inputs] + [*graph.outputs]

    def before(layer: Layer) -> Layer | None:
        found = made.get(layer.inputs[0])
        return found if found is not None and found.name in names and readers.count(found.name) == 1 else None

    new: dict[str, Layer] = {}
    for layer in graph.layers:
        if not isinstance(layer, ArgMax) or layer.name not in names:
            continue
        scalar = before(layer)
        dense = scalar if isinstance(scalar, Dense) else before(scalar) if isinstance(scalar, Scalar) else None
        if not isinstance(dense, Dense) or len(graph.tensors[dense.name].shape) != 1:
            continue
        weights = shifted(dense.weights.to_dense())
        if weights is None:
            continue
        moved = replace(dense, weights=detect(weights))
        if isinstance(scalar, Scalar):
            biases = biases_of(scalar, dense.outputs)
            if biases is None:
                continue
            new[scalar.name] = with_biases(scalar, biases, moved, graph)
        new[dense.name] = moved
    if not new:
        return graph
    return Graph(graph.inputs, tuple(new.get(o.name, o) for o in graph.layers), graph.outputs, graph.notes)


def shifted(weights: Ints) -> Ints | None:
    """The matrix with a constant added to each column; None where no column has fewer digits."""
    most = max(abs(int(weights.min())), abs(int(weights.max()))) if weights.size else 0
    if not 0 < most <= WIDEST:
        return None
    digits = np.array([digit_count(objects([v])) for v in range(2 * most + 1)])
    result = weights.astype(np.int64)
    constants = np.arange(-most, most + 1)
    for column in result.T:
        moved = column + constants[:, None]
        counts = digits[abs(moved)].sum(axis=1)
        best = np.flatnonzero(counts == counts.min())
        # of equal ones that whose first rows have zeros, so that columns agree which row is to go
        column += constants[min(best.tolist(), key=lambda n: (moved[n] != 0).tolist())]
    before = digits[abs(weights.astype(np.int64))].sum()
    return result if digits[abs(result)].sum() < before else None


def biases_of(scalar: Scalar, count: int) -> list[int] | None:
    """What a layer adds to each score; None where it does something else."""
    pieces = scalar.pieces * count if len(scalar.pieces) == 1 else scalar.pieces
    lines = [line for p in pieces for line in p.lines]
    plain = all((line.multiplier, line.shift, line.tie) == (1, 0, 0) for line in lines)
    if scalar.circuits or len(lines) != count or not plain:
        return None
    return [line.offset for line in lines]


def with_biases(scalar: Scalar, biases: list[int], dense: Dense, graph: Graph) -> Scalar:
    """The layer that adds biases to the new scores."""
    number = dense.infer(graph.tensors[dense.inputs[0]]).number.broadcast((dense.outputs,))
    ends = zip(number.low.tolist(), number.high.tolist(), biases, strict=True)
    pieces = tuple(Pieces.of(int(low), int(high), [Line(int(low), 1, b, 0)]) for low, high, b in ends)
    return replace(scalar, pieces=pieces)
