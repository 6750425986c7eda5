"""An input in a wide format of which functions read the highest bits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..graph import Graph, Layer
from ..layers.rearrange import Rearrange
from ..layers.scalar import Scalar, channel_bounds
from ..scalar.pieces import Line, Pieces

__all__ = ["cut_input"]


def cut_input(graph: Graph, bits: int) -> Graph:
    """The graph whose functions read the highest ``bits`` of each input, which then stand for the middle of what they
    are of; itself where anything but functions, behind changes of layout, reads the input."""
    (source,) = graph.inputs
    (low,), (high,) = channel_bounds(source.number, 1)
    drop = max((high - low).bit_length() - bits, 0)
    name, moved = f"{source.name}_cut", {source.name}
    for layer in graph.layers:
        if isinstance(layer, Rearrange) and layer.inputs[0] in moved:
            moved.add(layer.name)
    readers = [n for n in graph.layers if not moved.isdisjoint(n.inputs) and n.name not in moved]
    if not drop or not all(isinstance(n, Scalar) for n in readers) or not moved.isdisjoint(graph.outputs):
        return graph
    codes = np.arange(low >> drop, (high >> drop) + 1)
    middle = np.clip((codes << drop) + (1 << drop - 1), low, high)

    def on_codes(function: Pieces) -> Pieces:
        values = zip(codes.tolist(), function(middle).tolist(), strict=True)
        return Pieces.of(int(codes[0]), int(codes[-1]), [Line(v, 0, y, 0) for v, y in values])

    scale, offset = source.scale * (1 << drop), source.offset + source.scale * (1 << drop - 1)
    layers: list[Layer] = [
        Scalar(name, (source.name,), (Pieces.of(low, high, [Line(low, 1, 0, drop)]),), scale, offset)
    ]
    for layer in graph.layers:
        if isinstance(layer, Scalar) and layer in readers:
            layer = replace(layer, pieces=tuple(on_codes(p) for p in layer.pieces))
        layers.append(replace(layer, inputs=tuple(name if n == source.name else n for n in layer.inputs)))
    return replace(graph, layers=tuple(layers))
