"""Arithmetic on shapes, done at import: what exporters write in front of a Reshape."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np

from .operands import constant, refuse
from .tensors import MOST_ELEMENTS
from .value import Array, Dimensions, Ref, Val, dimensions

if TYPE_CHECKING:
    from .importer import Importer


def known(b: Importer, x: Val) -> Array:
    """A constant operand."""
    if isinstance(x, Ref):
        raise refuse(b, "it is only supported on shapes and other constants", "use Reshape, Transpose or Flatten")
    return constant(b, x, "operand")


def Shape(b: Importer, x: Val, *, start: int = 0, end: int | None = None) -> Val:
    whole = x.onnx_shape if isinstance(x, Ref) else known(b, x).shape
    return dimensions(whole[start:end])


def Size(b: Importer, x: Val) -> Val:
    whole = x.onnx_shape if isinstance(x, Ref) else known(b, x).shape
    if isinstance(x, Ref) and x.batched:
        if b.batch is None:
            raise refuse(b, "it depends on the batch size", "export with a Reshape that keeps the first dimension")
        whole = (b.batch, *x.shape)
    return np.asarray(prod(whole))


def ConstantOfShape(b: Importer, shape: Val, *, value: Array | None = None) -> Val:
    sizes = constant(b, shape, "shape")
    if isinstance(sizes, Dimensions):
        raise refuse(b, "its shape holds the batch size", "export with a fixed batch")
    fill = np.zeros(1, np.float32) if value is None else value
    if prod(int(d) for d in sizes) > MOST_ELEMENTS:
        raise refuse(b, f"its shape {sizes.tolist()} is too large", "use a smaller network")
    return np.full([int(d) for d in sizes], fill.reshape(-1)[0])


def Range(b: Importer, start: Val, limit: Val, delta: Val) -> Val:
    first, last, step = (constant(b, v, "bound").reshape(-1)[0] for v in (start, limit, delta))
    if step == 0 or (last.item() - first.item()) / step.item() > MOST_ELEMENTS:
        raise refuse(b, f"its range {first}, {last}, {step} has no end or is too long", "use a smaller one")
    return np.arange(first, last, step)


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
