"""Which operations a quantised file gives on integers already: nothing is to be rounded around them."""

from __future__ import annotations

from ..layers.convolution import Convolve
from ..layers.dense import Linear
from ..layers.scalar import Apply, Quantize
from ..layers.sines import RealSines
from ..real import Op, RealGraph
from ..scalar.functions import Kinked

__all__ = ["given", "is_quantised"]


def given(graph: RealGraph) -> frozenset[str]:
    """The results that are exact on a lattice because the file quantised all that they are made of.

    These are its quantisers, what matrices with quantised weights, layouts, pools and joins make of such results,
    functions that are affine between kinks, and any function that only quantisers of the file read.
    """
    known: set[str] = set()
    for op in graph.ops:
        if isinstance(op, Quantize) or (known.issuperset(op.inputs) and stays_exact(graph, op)):
            known.add(op.name)
    return frozenset(known)


def stays_exact(graph: RealGraph, op: Op) -> bool:
    """Whether exact inputs give a result that is exact, or rounded by the file alone."""
    match op:
        case RealSines():
            return False
        case Linear() | Convolve():
            return op.scale is not None
        case Apply():
            return isinstance(op.function, Kinked) or is_quantised(graph, op.name)
        case _:
            return True


def is_quantised(graph: RealGraph, name: str) -> bool:
    """Whether only quantisers read a tensor, with functions before them at most."""
    readers = graph.readers(name)
    if name in graph.outputs or not readers:
        return False
    return all(isinstance(r, Quantize) or (isinstance(r, Apply) and is_quantised(graph, r.name)) for r in readers)
