"""An integer graph followed beside a real network, over boxes of inputs.

Each element that a scalar layer makes is enclosed: its integers, the real element that it stands for, and the
difference. What a layer reads is affine in such elements on both sides, so ``real argument = slope * integer + rest``,
with an interval for the rest. The layer's function is compared with the real one for each of its values, over all real
arguments that its integers may stand for.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from ..exact import Ints
from ..graph import Graph, Tensor
from ..layers.rearrange import RealRearrange
from ..layers.scalar import Apply, Scalar, channel_bounds
from ..passes.ends import Entry
from ..real import Op, RealGraph, Reals
from ..scalar.pieces import Pieces
from .rows import integer_rows, real_rows
from .steps import Argument, Leaves, Runs, Span, Step

__all__ = ["Proof"]

MOST_ELEMENTS, MOST_CODES = 1024, 1 << 20
AT_ONCE = 512  # boxes
ROUNDING = 1e-9
"""Of the values: more than float64 loses in these sums."""


class Known(NamedTuple):
    """A tensor of integers, the real one that it stands for, and where its elements are there."""

    name: str
    real: str
    place: Ints


class Proof:
    """The steps of a graph beside a real network, ready for any boxes.

    Raises
    ------
    ValueError
        where there is anything but sums and functions of one element, or no real tensor that a layer stands for.
    """

    def __init__(self, graph: Graph, entry: Entry, real: RealGraph) -> None:
        (self.source,), (given,), (name,), (end,) = graph.inputs, real.inputs, graph.outputs, real.outputs
        if not entry.slope.all() or self.source.number.union().step != 1:
            raise ValueError("an input is not one of all integers of a range")
        if sum(t.size for t in graph.tensors.values()) > MOST_ELEMENTS:
            raise ValueError("the network is too large")
        self.graph, self.real = graph, real
        scale, offset = scales(self.source)
        slope, intercept = (np.broadcast_to(v, self.source.shape).reshape(-1) for v in (entry.slope, entry.intercept))
        self.unit, self.zero = scale / slope, (offset - intercept) / slope
        self.known = [Known(self.source.name, given.name, entry.order.reshape(-1))]
        self.steps: list[Step] = []
        for layer in graph.layers:
            if isinstance(layer, Scalar):
                self.add(layer)
        integers, reals = self.rows()
        if name not in integers or end not in reals:
            raise ValueError("the result is no sum of functions")
        self.end = self.argument(integers[name], reals[end], np.arange(graph.tensors[name].size))
        self.end_scale, self.end_offset = scales(graph.tensors[name])
        self.slopes = list[Reals]()
        self.low, self.high = (int(v[0]) for v in channel_bounds(self.source.number, 1))
        self.at_once(*(np.full((1, self.source.size), v) for v in (self.low, self.high)))

    def add(self, layer: Scalar) -> None:
        """The step of a layer."""
        (read,), result, (integers, reals) = layer.inputs, self.graph.tensors[layer.name], self.rows()
        of = self.stands_for(layer)
        if of is None or read not in integers:
            raise ValueError(f"what '{layer.name}' stands for is not known")
        place, name = of.place, of.real
        chain: list[Op] = []
        while name not in reals:
            op = self.real.makers[name]
            if not isinstance(op, Apply | RealRearrange):
                raise ValueError(f"'{name}' is no function of one element")
            chain.insert(0, op)
            (name,) = op.inputs
        order = np.arange(int(np.prod(self.real.shapes[name])))
        for op in chain:
            order = order[op.index.reshape(-1)] if isinstance(op, RealRearrange) else order
        if sorted(order.tolist()) != [*range(result.size)]:
            raise ValueError(f"'{layer.name}' reads elements more than once")
        bounds = zip(layer.pieces, *channel_bounds(self.graph.tensors[read].number, len(layer.pieces)), strict=True)
        runs = [runs_of(p, low, high) for p, low, high in bounds]
        scale, offset = scales(result)
        argument = self.argument(integers[read], reals[name], order[place])
        every = tuple(runs[e % len(runs)] for e in range(result.size))
        self.steps.append(
            Step(argument, every, tuple(chain), order[place], place, self.real.shapes[name], scale, offset)
        )
        self.known.append(of)
        self.unit, self.zero = np.concatenate([self.unit, scale]), np.concatenate([self.zero, offset])

    def stands_for(self, layer: Scalar) -> Known | None:
        """The real tensor of a layer: that of its name, or of what it reads, where it cuts an input."""
        names = (layer.name, layer.name.removesuffix("_q"))
        found = next((n for n in names if n in self.real.makers), None)
        if found is not None:
            return Known(layer.name, found, np.arange(self.graph.tensors[layer.name].size))
        return next((k._replace(name=layer.name) for k in self.known if k.name == layer.inputs[0]), None)

    def rows(self) -> tuple[dict[str, Ints], dict[str, Reals]]:
        """All tensors that are affine in the elements that are known so far."""
        eye, start = np.eye(len(self.unit) + 1, dtype=np.int64), 0
        integers, reals = dict[str, Ints](), dict[str, Reals]()
        for name, real, place in self.known:
            unit = eye[:, start : start + len(place)]
            integers[name] = unit.reshape(-1, *self.graph.tensors[name].shape)
            reals[real] = unit[:, np.argsort(place)].astype(float).reshape(-1, *self.real.shapes[real])
            start += len(place)
        return integer_rows(self.graph, integers), real_rows(self.real, reals)

    def argument(self, integer: Ints, real: Reals, order: Ints) -> Argument:
        """What is read on both sides: element ``order`` of the real one for each integer."""
        a, b = integer.reshape(len(integer), -1).astype(float), real.reshape(len(real), -1)[:, order]
        return Argument(a[:-1], a[-1], b[:-1], b[-1], self.unit, self.zero)

    def errors(self, low: Ints, high: Ints) -> Reals:
        """A bound of the error in each box of inputs, (boxes, inputs) of least and greatest integers."""
        starts = range(0, len(low), AT_ONCE)
        return np.concatenate([self.at_once(low[i : i + AT_ONCE], high[i : i + AT_ONCE]) for i in starts])

    def at_once(self, low: Ints, high: Ints) -> Reals:
        """The same for few boxes; the first one, of the whole range, says how arguments of both sides compare."""
        integers, size = Span(low.astype(float), high.astype(float)), self.source.size
        ends = [self.unit[:size] * v + self.zero[:size] for v in integers]
        zeros = np.zeros_like(ends[0])
        leaves = Leaves(integers, Span(np.minimum(*ends), np.maximum(*ends)), Span(zeros, zeros))
        for place, step in enumerate(self.steps):
            if place == len(self.slopes):
                self.slopes.append(step.argument.slope(np.ptp(np.stack(leaves.integers), axis=0).max(axis=0)))
            leaves = leaves.and_also(step.leaves(leaves, self.slopes[place]))
        rest = self.end.rest(leaves, self.end_scale).plus(-self.end_offset)
        most = np.abs(np.stack(self.end.reals(leaves))).max()
        return np.maximum(-rest.low, rest.high).max(axis=1) + ROUNDING * (1 + most)


def scales(tensor: Tensor) -> tuple[Reals, Reals]:
    """What a unit of each element is worth, and what zero."""
    unit, zero = (np.broadcast_to(v.astype(float), tensor.shape).reshape(-1) for v in (tensor.scale, tensor.offset))
    return unit, zero


def runs_of(function: Pieces, low: int, high: int) -> Runs:
    """Where a function of ``low .. high`` is constant.

    Raises
    ------
    ValueError
        where these are too many.
    """
    if not any(line.multiplier for line in function.lines):
        first, last = np.array(function.ends).T
        return Runs(first, last, np.array([line.offset for line in function.lines]))
    if high - low >= MOST_CODES:
        raise ValueError("a function reads too many bits")
    values = function(np.arange(low, high + 1))
    starts = np.flatnonzero(np.diff(values, prepend=values[0] - 1))
    return Runs(starts + low, np.append(starts[1:] - 1, high - low) + low, values[starts])
