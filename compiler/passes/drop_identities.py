"""Scalar layers that change nothing leave the graph."""

from __future__ import annotations

from dataclasses import replace

from ..graph import Graph, Layer
from ..layers.rearrange import Rearrange
from ..layers.scalar import Scalar

__all__ = ["drop_identities"]


def drop_identities(graph: Graph) -> Graph:
    """The graph without layers that give back the integers they read, at the same scale."""
    renamed: dict[str, str] = {}
    layers: list[Layer] = []
    for layer in graph.layers:
        inputs = tuple(renamed.get(name, name) for name in layer.inputs)
        if is_identity(graph, layer):
            renamed[layer.name] = inputs[0]
        else:
            layers.append(replace(layer, inputs=inputs))
    return Graph(graph.inputs, tuple(layers), tuple(renamed.get(o, o) for o in graph.outputs), graph.notes)


def is_identity(graph: Graph, layer: Layer) -> bool:
    """Whether a layer's integers, scale and shape are those of its input."""
    if isinstance(layer, Rearrange):
        return layer.keeps_order and layer.index.shape == graph.tensors[layer.inputs[0]].shape
    if not isinstance(layer, Scalar) or layer.name in graph.outputs:
        return False
    source = graph.tensors[layer.inputs[0]]
    same_scale = len({*source.scale.flat, *layer.unit.flat}) == 1 and all(o == 0 for o in source.offset.flat)
    return same_scale and all(p.lines == ((p.low, 1, 0, 0),) for p in layer.pieces)
