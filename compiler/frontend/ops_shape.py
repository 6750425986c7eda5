"""Arithmetic on shapes, done at import: what exporters write in front of a Reshape."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .operands import constant, refuse
from .value import Array, Dimensions, Ref, Val, dimensions

if TYPE_CHECKING:
    from .importer import Importer


def known(b: Importer, x: Val) -> Array:
    """A constant operand."""
    if isinstance(x, Ref):
        raise refuse(b, "it is only supported on shapes and other constants", "use Reshape, Transpose or Flatten")
    return constant(b, x, "operand")


def like(source: Array, result: Array) -> Array:
    """A part of a constant: marked where it still holds the batch size."""
    return dimensions(result) if isinstance(source, Dimensions) else np.asarray(result)


def axes_of(b: Importer, given: Val | None, attribute: list[int] | None) -> list[int] | None:
    """Axes by input or by attribute."""
    return attribute if given is None else [int(a) for a in constant(b, given, "axes").reshape(-1)]


def Shape(b: Importer, x: Val, *, start: int = 0, end: int | None = None) -> Val:
    whole = x.onnx_shape if isinstance(x, Ref) else known(b, x).shape
    return dimensions(whole[start:end])


def Gather(b: Importer, x: Val, indices: Val, *, axis: int = 0) -> Val:
    values = known(b, x)
    return like(values, np.take(values, constant(b, indices, "indices"), axis=axis))


def Slice(
    b: Importer,
    x: Val,
    first: Val | None = None,
    last: Val | None = None,
    along: Val | None = None,
    by: Val | None = None,
    *,
    starts: list[int] | None = None,
    ends: list[int] | None = None,
    axes: list[int] | None = None,
) -> Val:
    values = known(b, x)
    begin, end = axes_of(b, first, starts) or [], axes_of(b, last, ends) or []
    over = axes_of(b, along, axes) or list(range(len(begin)))
    steps = axes_of(b, by, None) or [1] * len(begin)
    place = [slice(None)] * values.ndim
    for axis, i, j, step in zip(over, begin, end, steps, strict=True):
        place[axis] = slice(i, None if step < 0 and j < -values.shape[axis] else j, step)
    return like(values, values[tuple(place)])


def Constant(
    b: Importer,
    *,
    value: Array | None = None,
    value_float: float | None = None,
    value_floats: list[float] | None = None,
    value_int: int | None = None,
    value_ints: list[int] | None = None,
) -> Val:
    for given in (value, value_float, value_floats, value_int, value_ints):
        if given is not None:
            return np.asarray(given)
    raise refuse(b, "it holds no numbers", "use numeric constants")
