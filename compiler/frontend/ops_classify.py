"""What stands at a network's end: which element is the greatest, and probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..layers.arg_max import RealArgMax
from ..layers.softmax import Softmax as RealSoftmax
from ..layers.top_k import RealTopIndices, RealTopValues
from .layout import arrange, moved
from .operands import axis_of, constant, refuse
from .value import Ref, Val

if TYPE_CHECKING:
    from .importer import Importer


def ArgMax(b: Importer, x: Val, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Val:
    return index_of(b, x, axis, keepdims, least=False, last=bool(select_last_index))


def ArgMin(b: Importer, x: Val, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Val:
    return index_of(b, x, axis, keepdims, least=True, last=bool(select_last_index))


def index_of(b: Importer, x: Val, axis: int, keepdims: int, *, least: bool, last: bool) -> Val:
    """The index of an extreme element along an axis."""
    if not isinstance(x, Ref):
        raise refuse(b, "its input is a constant", "export with constant folding")
    place = axis_of(b, x, axis)
    if len(x.shape) == 1 and x.batched and not least and not last:
        return b.emit(RealArgMax, x)
    y = moved(b, b.emit(RealTopIndices, moved(b, x, place, -1), 1, least, last), -1, place)
    return y if keepdims else arrange(b, y, lambda a: np.squeeze(a, place))


def TopK(
    b: Importer,
    x: Val,
    count: Val | None = None,
    *,
    k: int | None = None,
    axis: int = -1,
    largest: int = 1,
    sorted: int = 1,
) -> tuple[Val, Val]:
    """A constant k."""
    wanted = int(constant(b, count, "k").reshape(-1)[0]) if k is None else k
    if not isinstance(x, Ref):
        raise refuse(b, "its input is a constant", "export with constant folding")
    place = axis_of(b, x, axis)
    if not 0 < wanted <= x.shape[place]:
        raise refuse(b, f"it takes {wanted} of {x.shape[place]} elements", "take at least one and not more than all")
    source = moved(b, x, place, -1)
    values, indices = (b.emit(kind, source, wanted, not largest) for kind in (RealTopValues, RealTopIndices))
    return moved(b, values, -1, place), moved(b, indices, -1, place)


def Softmax(b: Importer, x: Val, *, axis: int | None = None) -> Val:
    """At the end of a network."""
    return softmax(b, x, axis, log=False)


def LogSoftmax(b: Importer, x: Val, *, axis: int | None = None) -> Val:
    """At the end of a network."""
    return softmax(b, x, axis, log=True)


def softmax(b: Importer, x: Val, axis: int | None, *, log: bool) -> Val:
    """The softmax over one axis; before opset 13 over all axes from one on."""
    if not isinstance(x, Ref):
        raise refuse(b, "its input is a constant", "export with constant folding")
    if b.opset >= 13:
        return b.emit(RealSoftmax, x, (axis_of(b, x, -1 if axis is None else axis),), log)
    first = axis_of(b, x, 1 if axis is None else axis)
    return b.emit(RealSoftmax, x, tuple(range(first, len(x.shape))), log)
