"""The weights of a single sum of curved functions go into these functions: their tables hold the products."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..layers.dense import Linear
from ..layers.rearrange import RealRearrange
from ..layers.reduction import ReduceSum
from ..layers.scalar import Apply
from ..real import Op, RealGraph
from ..scalar.functions import Affine, Kinked
from .fold_affine import only_reader
from .given import given

__all__ = ["absorb_weights"]

MOST_TERMS = 16  # each becomes a function of its own


def absorb_weights(graph: RealGraph) -> RealGraph:
    """The same function with a multiplication less for each input of a matrix of one row behind curved functions."""
    known = given(graph)
    replaced: dict[str, list[Op]] = {}
    for op in graph.ops:
        if isinstance(op, Linear) and op.scale is None and op.weight.shape[0] == 1 < op.weight.shape[1] <= MOST_TERMS:
            chain = chain_before(graph, op)
            if chain and graph.shapes[op.inputs[0]] == op.weight.shape[1:] and known.isdisjoint(o.name for o in chain):
                replaced |= {o.name: [] for o in chain}
                replaced[op.name] = weighted(chain, op)
    return graph.replace([new for op in graph.ops for new in replaced.get(op.name, [op])])


def chain_before(graph: RealGraph, op: Linear) -> list[Op]:
    """The functions, the same for all channels, and changes of layout that a matrix alone reads, first one first; none
    where no function is curved."""
    chain: list[Op] = []
    made = graph.makers.get(op.inputs[0])
    while isinstance(made, Apply | RealRearrange) and only_reader(graph, made) is not None:
        if isinstance(made, Apply) and made.function.channels > 1:
            break
        chain.insert(0, made)
        made = graph.makers.get(made.inputs[0])
    return chain if any(isinstance(o, Apply) and not isinstance(o.function, Kinked) for o in chain) else []


def weighted(chain: list[Op], op: Linear) -> list[Op]:
    """The chain with its layout first and the weights last, and the sum."""
    index: npt.NDArray[np.int64] | None = None
    for layout in (o for o in chain if isinstance(o, RealRearrange)):
        index = layout.index if index is None else index.reshape(-1)[layout.index]
    ops: list[Op] = []
    source = chain[0].inputs
    if index is not None:
        ops.append(RealRearrange(f"{op.name}_inputs", source, index, node=op.node))
        source = (ops[-1].name,)
    for function in (o for o in chain if isinstance(o, Apply)):
        ops.append(replace(function, inputs=source))
        source = (function.name,)
    ops.append(Apply(f"{op.name}_terms", source, Affine(op.weight[0], np.zeros(1)), node=op.node))
    return [*ops, ReduceSum(op.name, (ops[-1].name,), (0,), node=op.node)]
