"""Cosines of matrices of sines with their logic: a unit off where that takes fewer LUTs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..functions.lookups import Units, unit_of
from ..graph import Graph, Layer
from ..layers.sines import Sines, Waves

__all__ = ["choose_waves"]

ERROR = 1.0  # units of the amplitude, which counts half the steps of a quarter turn: as much as a step of the angle


def choose_waves(graph: Graph, units: Units) -> Graph:
    """The graph with the cosines of every matrix of sines chosen together with their circuits."""
    return Graph(graph.inputs, tuple(chosen(layer, units) for layer in graph.layers), graph.outputs, graph.notes)


def chosen(layer: Layer, units: Units) -> Layer:
    """The layer with its new cosines, if it has any; those without better logic stay tables."""
    if not isinstance(layer, Sines):
        return layer
    waves, steps = layer.waves, layer.waves.steps
    circuits = tuple(
        unit_of(units, -steps, *bounds) or plain for bounds, plain in zip(waves.within(ERROR), waves.logic, strict=True)
    )
    codes = np.arange(-steps, steps).reshape(-1, 1)
    even, odd = (tuple(c.evaluate(codes)[:, 0].tolist()) for c in circuits)
    return replace(layer, waves=Waves(waves.amplitude, even, odd, circuits))
