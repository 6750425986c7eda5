"""How far an integer graph can be off a real network, for every input: a proof, nothing is sampled.

Boxes of inputs with the greatest bounds are halved until that no longer pays: interval analysis (R. E. Moore, 1966)
with branch and bound.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..exact import Ints
from ..graph import Graph
from ..passes.ends import Entry
from ..real import RealGraph
from .proof import Proof

__all__ = ["Bound", "error_bound"]

FIRST_BOXES = 4096
ROUNDS, HALVED = 80, 1024
"""How often the boxes with the greatest bounds are halved, and how many of them."""
FEW, ROUNDS_OF_MANY = 2, 10
"""Of more inputs no bound comes near to what occurs: fewer rounds do."""
NEAR = 1.02  # times what is known to occur: closer need not be


class Bound(NamedTuple):
    """What no input exceeds, and the middles of the boxes with the greatest bounds, the worst one last."""

    error: float
    worst: Ints


def error_bound(graph: Graph, entry: Entry, real: RealGraph, known: float = 0.0) -> Bound | None:
    """An error that the graph exceeds for no integers of its input, against the real network at what these stand for.

    ``known`` is an error that occurs: near it the search for a lesser bound ends. None where the graph is not of the
    kind that can be followed.
    """
    try:
        proof = Proof(graph, entry, real)
    except ValueError:
        return None
    low, high = first_boxes(proof.low, proof.high, proof.source.size)
    errors = proof.errors(low, high)
    for _ in range(ROUNDS if proof.source.size <= FEW else ROUNDS_OF_MANY):
        worst = np.argsort(errors)[-HALVED:]
        worst = worst[(errors[worst] > NEAR * known) & (high[worst] > low[worst]).any(axis=1)]
        if not len(worst):
            break
        parts = halves(low[worst], high[worst])
        low, high = (
            np.concatenate([np.delete(old, worst, axis=0), new]) for old, new in zip((low, high), parts, strict=True)
        )
        errors = np.concatenate([np.delete(errors, worst), proof.errors(*parts)])
    worst = np.argsort(errors)[-HALVED:]
    return Bound(float(errors.max()), (low + high >> 1)[worst]) if np.isfinite(errors).all() else None


def first_boxes(low: int, high: int, inputs: int) -> tuple[Ints, Ints]:
    """Equal boxes that cover ``low .. high`` of each input."""
    parts = min(int(FIRST_BOXES ** (1 / inputs) + 1e-9), high - low + 1)
    edges = low + (high - low + 1) * np.arange(parts + 1) // parts
    corners = np.stack(np.meshgrid(*[np.arange(parts)] * inputs, indexing="ij"), axis=-1).reshape(-1, inputs)
    return edges[corners], edges[corners + 1] - 1


def halves(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """Each box in two, cut across its longest side."""
    rows, side = np.arange(len(low)), (high - low).argmax(axis=1)
    middle = (low[rows, side] + high[rows, side]) // 2
    first, second = high.copy(), low.copy()
    first[rows, side], second[rows, side] = middle, middle + 1
    return np.concatenate([low, second]), np.concatenate([first, high])
