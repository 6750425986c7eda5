"""A quantiser behind one with the same codes leaves the network."""

from __future__ import annotations

from dataclasses import replace

from ..layers.scalar import Quantize
from ..real import RealGraph
from ..scalar.quantizer import Quantizer
from .fold_affine import only_reader, reading

__all__ = ["drop_requantize"]


def drop_requantize(graph: RealGraph) -> RealGraph:
    """The same function without quantisers that read codes of their own scale and bounds."""
    while (changed := drop_once(graph)) is not graph:
        graph = changed
    return graph


def drop_once(graph: RealGraph) -> RealGraph:
    """Drop the first; where it alone reads the one before, its name stays, as the file knows it."""
    made = {op.name: op for op in graph.ops}
    for op in graph.ops:
        first = made.get(op.inputs[0])
        if not isinstance(op, Quantize) or not isinstance(first, Quantize):
            continue
        if not keeps(op.quantizer, first.quantizer):
            continue
        if only_reader(graph, first) is op:
            named = replace(first, name=op.name)
            return graph.replace([named if o is first else o for o in graph.ops if o is not op])
        if op.name not in graph.outputs:
            return graph.replace([reading(o, op.name, first.name) for o in graph.ops if o is not op])
    return graph


def keeps(second: Quantizer, first: Quantizer) -> bool:
    """Whether every code of a quantiser is one of the other, which then gives it back."""
    if second.bipolar and not first.bipolar:
        return False
    scales = {*first.scale.flat} | {*second.scale.flat}
    same = len(scales) == 1 or (first.scale.shape == second.scale.shape and (first.scale == second.scale).all())
    low = second.low is None or (first.low is not None and second.low <= first.low)
    high = second.high is None or (first.high is not None and first.high <= second.high)
    return bool(same and low and high)
