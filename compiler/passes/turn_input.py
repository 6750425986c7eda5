"""The layout change that alone reads the input moves in front of everything: the host sends the elements in its order.

In hardware it would need a buffer of a whole sample.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..layers.rearrange import RealRearrange
from ..layers.scalar import Apply, Quantize
from ..real import Layout, Op, RealGraph
from .fold_affine import only_reader
from .fold_layout import permutes

__all__ = ["is_order", "turn_input"]


def is_order(graph: RealGraph, op: Op) -> bool:
    """Whether an operation is no more than the order in which the host sends the input."""
    if not isinstance(op, RealRearrange) or op.name in graph.outputs:
        return False
    source = next((i for i in graph.inputs if i.name == op.inputs[0]), None)
    return source is not None and len(graph.readers(source.name)) == 1 and permutes(op.index, source.shape)


def turn_input(graph: RealGraph) -> RealGraph:
    """The same function with element-wise operations on the input done behind the layout change that follows them.

    Only functions and quantisers that treat all elements alike can be.
    """
    if len(graph.inputs) != 1 or len(graph.readers(graph.inputs[0].name)) != 1:
        return graph
    (source,) = graph.inputs
    (op,) = graph.readers(source.name)
    chain: list[Apply | Quantize] = []
    while isinstance(op, Apply | Quantize):
        following = only_reader(graph, op)
        if following is None or parts(op) > 1:
            return graph
        chain.append(op)
        op = following
    if not chain or not isinstance(op, RealRearrange) or op.name in graph.outputs:
        return graph
    if not permutes(op.index, source.shape):
        return graph
    turned: list[Op] = [replace(op, name=f"{source.name}_turned", inputs=(source.name,))]
    for one in chain:
        turned.append(replace(one, inputs=(turned[-1].name,)))
    turned[-1] = replace(turned[-1], name=op.name)
    order = np.argsort(op.index, axis=None)
    layouts = {name: known for name, known in graph.layouts.items() if name != chain[-1].name}
    layouts |= {one.name: (Layout(one.name, order),) for one in chain[:-1]}
    layouts[op.name] = (Layout(chain[-1].name, order), *layouts.get(op.name, ()))
    rest = [other for other in graph.ops if other is not op and other not in chain]
    return replace(graph.replace([*turned, *rest]), layouts=layouts)


def parts(op: Apply | Quantize) -> int:
    """How many channels it tells apart."""
    return op.function.channels if isinstance(op, Apply) else op.quantizer.channels
