"""Tensors of a graph as affine functions of its leaves: the coefficients of each, found by evaluating the layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ..exact import Ints
from ..graph import Graph
from ..layers.dense import Dense, Linear
from ..layers.host_affine import HostAffine
from ..layers.join import Concatenate, Concatenation, Sum, Summation
from ..layers.rearrange import RealRearrange, Rearrange
from ..layers.reduction import ReduceSum, SumReduction
from ..layers.scalar import Apply
from ..real import Op, RealGraph, Reals
from ..scalar.functions import Affine

__all__ = ["integer_rows", "real_rows"]

LINEAR = (Dense, Rearrange, SumReduction, Summation, Concatenation)
REAL_LINEAR = (HostAffine, Linear, RealRearrange, ReduceSum, Sum, Concatenate)


def integer_rows(graph: Graph, leaves: Mapping[str, Ints]) -> dict[str, Ints]:
    """Rows of every tensor that is affine in the leaves: a row for each leaf's element, its coefficients, then one of
    constants. ``leaves`` gives those of the leaves themselves."""
    known = dict(leaves)
    for layer in graph.layers:
        if layer.name not in known and isinstance(layer, LINEAR) and known.keys() >= {*layer.inputs}:
            known[layer.name] = through(layer.evaluate, [known[n] for n in layer.inputs])
    return known


def real_rows(graph: RealGraph, leaves: Mapping[str, Reals]) -> dict[str, Reals]:
    """The same of a real network."""
    known = dict(leaves)
    for op in graph.ops:
        if op.name not in known and is_linear(op) and known.keys() >= {*op.inputs}:
            known[op.name] = through(op.evaluate, [known[n] for n in op.inputs])
    return known


def is_linear(op: Op) -> bool:
    """Whether an operation is affine in what it reads."""
    return isinstance(op, REAL_LINEAR) or (isinstance(op, Apply) and isinstance(op.function, Affine))


def through(evaluate: Callable[..., Any], rows: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    """The rows behind an affine operation."""
    found = evaluate(*rows)
    found[:-1] -= evaluate(*(np.zeros_like(r[:1]) for r in rows))
    return found
