"""ONNX has the channels first, our tensors have them last: the layout changes between both."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..layers.fill import RealFill
from ..layers.rearrange import RealRearrange
from ..real import Op, Shape
from .operands import axis_of, in_sample, refuse, room
from .value import Array, Dimensions, Ref, Val, dimensions

if TYPE_CHECKING:
    from .importer import Importer

__all__ = [
    "apart", "arrange", "as_batch", "channel_first", "channel_last", "channelwise", "expand", "joined", "moved",
    "rearrange", "with_constants",
]  # fmt: skip


def arrange(b: Importer, x: Ref, change: Callable[[Array], Array], beside: float | Array = 0.0) -> Ref:
    """A layout change that is stated by what it does to the element numbers of one sample; -1 stands for ``beside``."""
    index = np.arange(int(np.prod(x.shape))).reshape(x.shape)
    result = np.ascontiguousarray(change(index)) if x.shape else np.asarray(change(index))
    if result.size == 0:
        raise refuse(b, "its result has no elements", "leave it out")
    if (result < 0).any():
        return b.emit(RealFill, x, result, np.broadcast_to(np.asarray(beside, np.float64), result.shape))
    same = result.shape == x.shape and bool((result == index).all())
    return x if same else b.emit(RealRearrange, x, result)


def rearrange(b: Importer, x: Val, change: Callable[[Array], Array], beside: float = 0.0) -> Val:
    """What a change of the file's tensor does: to a constant at once, to a tensor by its element numbers.

    A change may leave places empty (element number -1): there the result is ``beside``. It keeps the samples of a batch
    apart where it treats two samples alike. In a file whose batch is 1 there is nothing to keep apart.
    """
    if not isinstance(x, Ref):
        source = np.asanyarray(x)  # a quantised constant stays marked
        result = change(source)
        return dimensions(result) if isinstance(source, Dimensions) else result
    if not x.batched:
        return as_batch(b, arrange(b, x, change, beside))
    size = int(np.prod(x.shape))
    samples = 1 if b.batch == 1 else 2
    try:
        result = change(np.arange(samples * size).reshape(samples, *x.shape))
    except (ValueError, IndexError) as error:
        raise refuse(b, f"it does not fit an input of shape {x.shape} for each sample", "check the shapes") from error
    if samples == 1:
        return as_batch(b, arrange(b, x._replace(batched=False), lambda _: result, beside))
    if result.ndim == 0 or len(result) != 2 or (result[1] != np.where(result[0] < 0, -1, result[0] + size)).any():
        raise refuse(b, "it mixes the samples of a batch", "keep the first dimension")
    return arrange(b, x, lambda _: result[0], beside)


def apart(b: Importer, x: Val, axes: Iterable[int]) -> None:
    """Refuse a choice along the batch; of a batch of 1 it is a choice like others."""
    if isinstance(x, Ref) and b.batch != 1:
        for axis in axes:
            axis_of(b, x, axis)


def as_batch(b: Importer, x: Ref) -> Ref:
    """In a file whose batch is 1, a tensor whose first axis is 1 has that as its batch."""
    if x.batched or b.batch != 1 or x.shape[:1] != (1,):
        return x
    return arrange(b, x, lambda a: a[0])._replace(batched=True)


def moved(b: Importer, x: Ref, source: int, target: int) -> Ref:
    """The tensor with an axis moved; itself where there is nothing to move."""
    return x if len(x.shape) < 2 else arrange(b, x, lambda a: np.moveaxis(a, source, target))


def channel_last(b: Importer, x: Ref) -> Ref:
    """(channels, *spatial) to (*spatial, channels)."""
    return moved(b, x, 0, -1)


def channel_first(b: Importer, x: Ref) -> Ref:
    """(*spatial, channels) to (channels, *spatial)."""
    return moved(b, x, -1, 0)


def channelwise(b: Importer, x: Ref, apply: Callable[[Ref], Ref]) -> Ref:
    """An operation on channel-last tensors, on one of ONNX's; the passes merge the layout changes around it."""
    return channel_first(b, apply(channel_last(b, x)))


def expand(b: Importer, x: Ref, shape: Shape) -> Ref:
    """A tensor whose samples have another shape by broadcasting."""
    if shape == x.shape:
        return x
    room(b, shape)
    return arrange(b, x, lambda a: np.broadcast_to(a, shape))


def with_constants(b: Importer, x: Ref, apply: Callable[..., Ref], *constants: Array) -> Ref:
    """``apply(tensor, *vectors)`` for constants that broadcast as in ONNX.

    ``apply`` gets one number, or one number per element of the tensor's last axis; the layout changes that bring the
    tensor into that form stand around it.
    """
    parts = [in_sample(b, x, c, "constant") for c in constants]
    try:
        shape = np.broadcast_shapes(x.shape, *(p.shape for p in parts))
    except ValueError:
        sizes = " and ".join(str(p.shape) for p in parts if p.size > 1)
        raise refuse(b, f"a constant of shape {sizes} does not fit {x.shape}", "check the shapes") from None
    x = expand(b, x, shape)
    parts = [p.reshape((1,) * (len(shape) - p.ndim) + p.shape) for p in parts]
    axes = [i for i in range(len(shape)) if any(p.shape[i] > 1 for p in parts)]
    if len(axes) == 1:
        (axis,) = axes
        y = apply(moved(b, x, axis, -1), *(p.reshape(-1) for p in parts))
        return moved(b, y, -1, axis)
    if axes:
        each = [p.reshape(-1) if p.size == 1 else np.broadcast_to(p, shape).reshape(-1) for p in parts]
        return arrange(b, apply(arrange(b, x, np.ravel), *each), lambda a: a.reshape(shape))
    return apply(x, *(p.reshape(-1) for p in parts))


def joined(b: Importer, make: Callable[..., Op], sources: Sequence[Ref], *parameters: Any) -> Ref:
    """Append an operation that reads several tensors; give its result."""
    name = b.fresh(b.result)
    op = make(name, tuple(s.name for s in sources), *parameters, node=b.current)
    b.append(op, op.shape(*(s.shape for s in sources)))
    return sources[0]._replace(name=name, shape=b.shapes[name])
