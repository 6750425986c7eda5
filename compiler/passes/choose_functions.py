"""Curved functions that may be a little off get the values that take the least logic."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..circuit.ir import Circuit
from ..functions.lookups import Units, unit_of
from ..graph import Graph, Layer
from ..layers.scalar import Scalar
from ..scalar.pieces import Line, Pieces

__all__ = ["choose_functions"]

MOST = 8
"""Functions of a layer: each takes seconds."""
LARGEST = 1 << 16
"""Integers of a function's domain."""


def choose_functions(graph: Graph, units: Units) -> Graph:
    """The graph whose scalar layers with freedom have the functions, and the circuits, that ``units`` finds.

    A value is at most ``freedom`` units off, within the range of the function. A layer stays as it is where it has more
    than ``MOST`` different functions, or a plain table is better for one of them.
    """
    return Graph(graph.inputs, tuple(chosen(layer, units) for layer in graph.layers), graph.outputs, graph.notes)


def chosen(layer: Layer, units: Units) -> Layer:
    """The layer with its new functions, if it has freedom."""
    if not isinstance(layer, Scalar) or not layer.freedom or len(layer.pieces) > MOST:
        return layer
    found = [near(p, layer.freedom, units) for p in layer.pieces]
    pieces, circuits = zip(*(f for f in found if f is not None), strict=True) if None not in found else ((), ())
    return replace(layer, pieces=pieces, circuits=circuits) if circuits else layer


def near(pieces: Pieces, freedom: int, units: Units) -> tuple[Pieces, Circuit] | None:
    """A function near one, and its circuit; None where there is none."""
    if pieces.high - pieces.low >= LARGEST:
        return None
    codes = np.arange(pieces.low, pieces.high + 1)
    values = pieces(codes)
    least, most = pieces.range
    unit = unit_of(units, pieces.low, np.maximum(values - freedom, least), np.minimum(values + freedom, most))
    if unit is None:
        return None
    outputs = unit.evaluate(codes.reshape(-1, 1))[:, 0].tolist()
    lines = [Line(v, 0, y, 0) for v, y in zip(codes.tolist(), outputs, strict=True)]
    return Pieces.of(pieces.low, pieces.high, lines, freedom), unit
