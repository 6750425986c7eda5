"""A scalar layer behind another becomes one with it where that is no larger."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..graph import Graph
from ..layers.scalar import Scalar
from ..scalar.forms import multiply_shift
from ..scalar.pieces import Line, Pieces

__all__ = ["compose_scalars"]

MAX_INTEGERS = 1 << 12  # a function of so many is composed at each of them


def compose_scalars(graph: Graph) -> Graph:
    """The same function without scalar layers that only one other scalar layer reads, where both compose.

    The last layer stays as it is: what it reads are the scores.
    """
    while (composed := compose_once(graph)) is not graph:
        graph = composed
    return graph


def compose_once(graph: Graph) -> Graph:
    """Compose the first pair; the name of the second layer stays."""
    made = {layer.name: layer for layer in graph.layers}
    read = [name for layer in graph.layers for name in layer.inputs] + [*graph.outputs]
    for second in graph.layers:
        first = made.get(second.inputs[0])
        if not isinstance(second, Scalar) or not isinstance(first, Scalar) or read.count(first.name) > 1:
            continue
        if second.name in graph.outputs:
            continue
        count = max(len(first.pieces), len(second.pieces))
        f, g = (s.pieces if len(s.pieces) == count else s.pieces * count for s in (first, second))
        found = [composed(*pair) for pair in zip(f, g, strict=True)]
        pieces = tuple(p for p in found if p is not None)
        if len(pieces) == count:
            new = replace(second, inputs=first.inputs, pieces=pieces)
            layers = tuple(new if o is second else o for o in graph.layers if o is not first)
            return Graph(graph.inputs, layers, graph.outputs, graph.notes)
    return graph


def composed(f: Pieces, g: Pieces) -> Pieces | None:
    """``g(f(v))``, or None where it has more lines than ``f`` and no form of its own, or an error of both."""
    if any(line.multiplier for line in f.lines) and f.high - f.low < MAX_INTEGERS:
        starts, inner = list(range(f.low, f.high + 1)), f(np.arange(f.low, f.high + 1))
    elif any(line.multiplier for line in f.lines):
        return None
    else:
        starts, inner = [line.start for line in f.lines], np.array([line.at(0) for line in f.lines])
    if f.error:
        return None
    outer = g(inner).tolist()
    result = Pieces.of(f.low, f.high, [Line(v, 0, y, 0) for v, y in zip(starts, outer, strict=True)], g.error)
    return result if len(result.lines) <= len(f.lines) or multiply_shift(result) is not None else None
