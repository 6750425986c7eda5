"""Matrices of sines that read sines: as operations on the angles, of which no sine has to be made."""

from __future__ import annotations

from collections.abc import Mapping
from math import pi

import numpy as np

from ..layers.dense import Linear
from ..layers.scalar import Apply
from ..layers.sines import RealSines
from ..real import Op, RealGraph, Reals
from ..scalar.curves import Sin
from ..scalar.functions import Clip, Function, Relu
from ..scalar.triangle import Triangle

__all__ = ["by_angles"]

NEAR = 1e-3  # radians that an angle may be beyond the first quarter turn: it saturates there
ZEROS = 0.1  # share of weights that may be zero: of these the least angle is made
BEYOND = 2  # times the greatest angle seen: so far angles are folded
ALIKE = 0.5  # least ratio of two rows' greatest weights: the angles of a smaller one would be coarse


def by_angles(graph: RealGraph, values: Mapping[str, Reals]) -> RealGraph:
    """The same function with each matrix of sines that reads sines as one operation on their angles.

    ``values`` of the tensors say how far angles go: the operation clips them to the first quarter turn.
    """
    ops = [new for op in graph.ops for new in on_angle(graph, op, values)]
    while True:
        read = {name for op in ops for name in op.inputs} | {*graph.outputs}
        kept = [op for op in ops if op.name in read]
        if len(kept) == len(ops):
            return graph.replace(ops) if any(isinstance(op, RealSines) for op in ops) else graph
        ops = kept


def on_angle(graph: RealGraph, op: Op, values: Mapping[str, Reals]) -> list[Op]:
    """What an operation becomes: a matrix of sines on the angles, or itself.

    Angles beyond a quarter turn are folded first to the one with the same sine.
    """
    if not isinstance(op, Linear) or not op.sines or op.scale is not None or len(graph.shapes[op.name]) != 1:
        return [op]
    rows = np.abs(op.weight).max(axis=1, initial=0.0)
    behind = made_by(graph, op.inputs[0], Relu)
    sine = made_by(graph, op.inputs[0] if behind is None else behind.inputs[0], Sin)
    if sine is None or rows.min() <= ALIKE * rows.max() or (op.weight == 0).mean() > ZEROS:
        return [op]
    (angle,) = sine.inputs
    seen = values[angle]
    if behind is None and np.sin(seen).min(initial=0) < -NEAR:
        return [op]
    if seen.min(initial=0) < (0.0 if behind is None else -pi / 2) - NEAR or seen.max(initial=0) > pi / 2 + NEAR:
        triangle = Triangle(int(BEYOND * np.abs(seen).max() / pi) + 1)
        folded = Apply(f"{op.name}_folded", (angle,), triangle, node=op.node)
        return [folded, RealSines(op.name, (folded.name,), op.weight, node=op.node)]
    before = made_by(graph, angle, Relu) or made_by(graph, angle, Clip)
    if before is not None and changes_nothing(before.function):
        (angle,) = before.inputs
    return [RealSines(op.name, (angle,), op.weight, node=op.node)]


def made_by(graph: RealGraph, name: str, function: type[Function]) -> Apply | None:
    """What makes a tensor, if it is a function of this kind."""
    op = graph.makers.get(name)
    return op if isinstance(op, Apply) and isinstance(op.function, function) else None


def changes_nothing(function: Function) -> bool:
    """Whether a ReLU or a clip leaves the first quarter turn as it is, so that saturating there says it all."""
    return not isinstance(function, Clip) or (function.low <= 0 and function.high >= pi / 2 - NEAR)
