"""Functions that never fall move in front of a max-pool, so that one chain ends in one quantiser before it."""

from __future__ import annotations

from dataclasses import replace

from ..layers.pooling import MaxPool
from ..layers.scalar import Apply
from ..real import Op, RealGraph
from ..scalar.functions import Affine, Clip, Function, LeakyRelu, Sigmoid, Sign, Tanh
from ..scalar.logic import Step

__all__ = ["hoist_monotone"]


def hoist_monotone(graph: RealGraph) -> RealGraph:
    """The same function with each such pair exchanged: the greatest of f(x) is f of the greatest x."""
    while (changed := exchange(graph)) is not graph:
        graph = changed
    return graph


def exchange(graph: RealGraph) -> RealGraph:
    """Exchange the first pair; the result keeps its name."""
    for pool in graph.ops:
        readers = graph.readers(pool.name)
        if not isinstance(pool, MaxPool) or len(readers) != 1 or pool.name in graph.outputs:
            continue
        (reader,) = readers
        if not isinstance(reader, Apply) or not never_falls(reader.function):
            continue
        before = replace(reader, name=f"{pool.name}_before", inputs=pool.inputs)  # the file has no such tensor
        after = replace(pool, name=reader.name, inputs=(before.name,))
        ops: list[Op] = []
        for op in graph.ops:
            ops += [before, after] if op is pool else [] if op is reader else [op]
        return graph.replace(ops)
    return graph


def never_falls(function: Function) -> bool:
    """Whether a function is known to be non-decreasing in every channel."""
    match function:
        case Affine():
            return all(slope >= 0 for slope in function.slope.flat)
        case LeakyRelu():
            return function.alpha >= 0
        case Step():
            return function.negative <= function.zero <= function.positive
        case Clip() | Sigmoid() | Sign() | Tanh():
            return True
        case _:
            return False
