"""Where a network can be cut: the layers between the tensors through which everything flows."""

from __future__ import annotations

from collections.abc import Sequence

from ..graph import Graph, Layer

__all__ = ["is_chain", "segments"]


def segments(graph: Graph) -> list[tuple[Layer, ...]]:
    """The layers in runs between which one tensor passes: one each in a chain, several up to where branches meet."""
    last: dict[str, int] = {}
    for position, layer in enumerate(graph.layers):
        last |= dict.fromkeys(layer.inputs, position)
    last |= dict.fromkeys(graph.outputs, len(graph.layers))
    found: list[tuple[Layer, ...]] = []
    run: list[Layer] = []
    alive = {i.name for i in graph.inputs}
    for position, layer in enumerate(graph.layers):
        run.append(layer)
        alive = {name for name in (*alive, layer.name) if last.get(name, -1) > position}
        if alive <= {layer.name}:
            found.append(tuple(run))
            run = []
    return [*found, tuple(run)] if run else found


def is_chain(layers: Sequence[Layer]) -> bool:
    """Whether each layer reads only the one before it, and the first only one tensor."""
    before = [{*layers[0].inputs[:1]}, *({layer.name} for layer in layers[:-1])]
    return all({*layer.inputs} == known for layer, known in zip(layers, before, strict=True))
