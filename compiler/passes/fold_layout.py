"""Layout changes go into the weights behind them, or into the order in which the host sends the input."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..layers.dense import Linear
from ..layers.rearrange import RealRearrange
from ..real import Op, RealGraph, RealInput

__all__ = ["fold_layout"]


def fold_layout(graph: RealGraph) -> RealGraph:
    """Remove what only reshapes the input, and permutations between a tensor and the matrices that read it."""
    inputs = list(graph.inputs)
    renamed: dict[str, str] = {}
    moved: dict[str, tuple[str, RealRearrange]] = {}
    ops: list[Op] = []
    for op in graph.ops:
        if isinstance(op, RealRearrange) and op.name not in graph.outputs:
            (source,) = (renamed.get(n, n) for n in op.inputs)
            size = int(np.prod(graph.shapes[op.inputs[0]]))
            same = op.index.size == size and np.array_equal(op.index.reshape(-1), np.arange(size))
            place = next((i for i, v in enumerate(inputs) if v.name == source), None)
            if same and place is not None and len(graph.readers(op.inputs[0])) == 1:
                inputs[place] = RealInput(source, op.index.shape)
                renamed[op.name] = source
                continue
            flat = len(graph.shapes[op.inputs[0]]) == 1
            if flat and op.index.size == size and all(isinstance(r, Linear) for r in graph.readers(op.name)):
                moved[op.name] = (source, op)
                continue
        if isinstance(op, Linear) and op.inputs[0] in moved:
            source, layout = moved[op.inputs[0]]
            weight = np.zeros_like(op.weight)
            weight[:, layout.index.reshape(-1)] = op.weight
            ops.append(replace(op, inputs=(source,), weight=weight))
            continue
        ops.append(replace(op, inputs=tuple(renamed.get(n, n) for n in op.inputs)))
    return RealGraph(tuple(inputs), tuple(ops), tuple(renamed.get(o, o) for o in graph.outputs))
