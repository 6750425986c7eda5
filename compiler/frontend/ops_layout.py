"""The operators that only move elements: a change of an array, done on constants and on element numbers alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .layout import rearrange
from .operands import constant, integers, refuse, room
from .value import BATCH, Array, Ref, Val

if TYPE_CHECKING:
    from .importer import Importer


def Flatten(b: Importer, x: Val, *, axis: int = 1) -> Val:
    def change(a: Array) -> Array:
        place = axis + a.ndim if axis < 0 else axis
        return a.reshape(int(np.prod(a.shape[:place])), int(np.prod(a.shape[place:])))

    return rearrange(b, x, change)


def Reshape(
    b: Importer, x: Val, given: Val | None = None, *, shape: list[int] | None = None, allowzero: int = 0
) -> Val:
    """A constant shape, or one made of the input's; samples of a batch stay apart."""
    target = [int(d) for d in (shape or constant(b, given, "target shape").reshape(-1))]

    def change(a: Array) -> Array:
        kept = x if isinstance(x, Ref) and x.batched and b.batch != 1 else None
        whole = a.shape if kept is None else kept.onnx_shape
        sizes = [whole[i] if d == 0 and not allowzero else d for i, d in enumerate(target)]
        one = [1 if d == BATCH else d for d in sizes]
        return a.reshape(one if kept is None else keep_batch(b, kept, sizes))

    return rearrange(b, x, change)


def keep_batch(b: Importer, x: Ref, sizes: list[int]) -> list[int]:
    """The target for two samples: the first axis stays the batch, of which a file may hold another number."""
    size = int(np.prod(x.shape))
    if sizes == [-1] and size == 1:
        return sizes
    rest = sizes[1:]
    known = int(np.prod([d for d in rest if d != -1]))
    if sizes[:1] != [-1] and -1 in rest and known and size % known == 0:
        rest = [size // known if d == -1 else d for d in rest]
    other = b.batch is not None and sizes[:1] not in ([-1], [BATCH], [b.batch])
    if other or -1 in rest or int(np.prod(rest)) != size or not rest:
        raise refuse(b, f"{x.shape} to {sizes} mixes the samples of a batch", "keep the first dimension")
    return [2, *rest]


def Transpose(b: Importer, x: Val, *, perm: list[int] | None = None) -> Val:
    return rearrange(b, x, lambda a: a.transpose(perm))


def Squeeze(b: Importer, x: Val, given: Val | None = None, *, axes: list[int] | None = None) -> Val:
    over = integers(b, given, axes)
    if isinstance(x, Ref) and x.batched and b.batch != 1 and over is None:
        over = [i + 1 for i, size in enumerate(x.shape) if size == 1]
    return rearrange(b, x, lambda a: np.squeeze(a, None if over is None else tuple(over)))


def Unsqueeze(b: Importer, x: Val, given: Val | None = None, *, axes: list[int] | None = None) -> Val:
    over = tuple(integers(b, given, axes) or ())
    return rearrange(b, x, lambda a: np.expand_dims(a, over))


def Identity(b: Importer, x: Val) -> Val:
    return x


def Dropout(
    b: Importer,
    x: Val,
    given: Val | None = None,
    training_mode: Val | None = None,
    *,
    seed: int = 0,
    ratio: float = 0.5,
    is_test: int = 1,
) -> Val | tuple[Val, ...]:
    """Inference, or a ratio of 0."""
    trains = (
        not is_test if b.opset < 7 else training_mode is not None and bool(constant(b, training_mode, "mode").any())
    )
    part = ratio if given is None else float(constant(b, given, "ratio").reshape(-1)[0])
    if trains and part != 0:
        raise refuse(b, "it is in training mode", "export in evaluation mode")
    shape = x.onnx_shape if isinstance(x, Ref) else np.asarray(x).shape
    batch = b.batch
    room(b, [batch or 1 if d == BATCH else d for d in shape])
    if BATCH in shape and batch is None:
        return x  # the mask's shape is not known
    return x, np.ones([batch or 1 if d == BATCH else d for d in shape], dtype=bool)


def Expand(b: Importer, x: Val, target: Val) -> Val:
    """A constant shape."""
    sizes = integers(b, target, None) or []
    room(b, sizes)

    def change(a: Array) -> Array:
        shape = np.broadcast_shapes(a.shape, alike(b, x, a, sizes))
        room(b, shape)
        return np.broadcast_to(a, shape)

    return rearrange(b, x, change)


def alike(b: Importer, x: Val, a: Array, sizes: list[int]) -> list[int]:
    """Target sizes for as many samples as the array of element numbers holds."""
    kept = isinstance(x, Ref) and x.batched and len(sizes) == a.ndim and sizes[0] in (1, BATCH, b.batch)
    return [1, *sizes[1:]] if kept else sizes


def Tile(b: Importer, x: Val, given: Val) -> Val:
    """Constant repeats."""
    repeats = integers(b, given, None) or []

    def change(a: Array) -> Array:
        room(b, [*a.shape, *repeats])
        return np.tile(a, repeats)

    return rearrange(b, x, change)


def DepthToSpace(b: Importer, x: Val, *, blocksize: int, mode: str = "DCR") -> Val:
    def change(a: Array) -> Array:
        n, _, h, w = a.shape
        if mode == "DCR":
            parts = a.reshape(n, blocksize, blocksize, -1, h, w).transpose(0, 3, 4, 1, 5, 2)
        else:
            parts = a.reshape(n, -1, blocksize, blocksize, h, w).transpose(0, 1, 4, 2, 5, 3)
        return parts.reshape(n, -1, h * blocksize, w * blocksize)

    return rearrange(b, x, change)


def SpaceToDepth(b: Importer, x: Val, *, blocksize: int, mode: str = "DCR") -> Val:
    def change(a: Array) -> Array:
        n, c, h, w = a.shape
        parts = a.reshape(n, c, h // blocksize, blocksize, w // blocksize, blocksize)
        order = (0, 3, 5, 1, 2, 4) if mode == "DCR" else (0, 1, 3, 5, 2, 4)
        return parts.transpose(order).reshape(n, -1, h // blocksize, w // blocksize)

    return rearrange(b, x, change)
