"""The operators that only move elements: a change of an array, done on constants and on element numbers alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ..layers.join import Concatenate
from ..layers.scalar import Apply
from ..layers.softmax import BothClasses
from ..scalar import functions as f
from .layout import arrange, joined, moved
from .operands import axis_of, constant, refuse
from .value import BATCH, Array, Dimensions, Ref, Val, dimensions

if TYPE_CHECKING:
    from .importer import Importer


def rearrange(b: Importer, x: Val, change: Callable[[Array], Array]) -> Val:
    """What a change of the file's tensor does: to a constant at once, to a tensor by its element numbers.

    A change keeps the samples of a batch apart where it treats two samples alike. In a file whose batch is 1 there is
    nothing to keep apart.
    """
    if not isinstance(x, Ref):
        source = np.asanyarray(x)  # a quantised constant stays marked
        result = change(source)
        return dimensions(result) if isinstance(source, Dimensions) else result
    if not x.batched:
        return as_batch(b, arrange(b, x, change))
    size = int(np.prod(x.shape))
    samples = 1 if b.batch == 1 else 2
    try:
        result = change(np.arange(samples * size).reshape(samples, *x.shape))
    except (ValueError, IndexError) as error:
        raise refuse(b, f"it does not fit an input of shape {x.shape} for each sample", "check the shapes") from error
    if samples == 1:
        return as_batch(b, arrange(b, x._replace(batched=False), lambda _: result))
    if result.ndim == 0 or len(result) != 2 or (result[1] != result[0] + size).any():
        raise refuse(b, "it mixes the samples of a batch", "keep the first dimension")
    return arrange(b, x, lambda _: result[0])


def as_batch(b: Importer, x: Ref) -> Ref:
    """In a file whose batch is 1, a tensor whose first axis is 1 has that as its batch."""
    if x.batched or b.batch != 1 or x.shape[:1] != (1,):
        return x
    return arrange(b, x, lambda a: a[0])._replace(batched=True)


def Flatten(b: Importer, x: Val, *, axis: int = 1) -> Val:
    def change(a: Array) -> Array:
        place = axis + a.ndim if axis < 0 else axis
        return a.reshape(int(np.prod(a.shape[:place])), int(np.prod(a.shape[place:])))

    return rearrange(b, x, change)


def Reshape(
    b: Importer, x: Val, given: Val | None = None, *, shape: list[int] | None = None, allowzero: int = 0
) -> Val:
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


def integers(b: Importer, given: Val | None, attribute: list[int] | None) -> list[int] | None:
    """Integers that are an input or an attribute."""
    return attribute if given is None else [int(a) for a in constant(b, given, "parameter").reshape(-1)]


def Concat(b: Importer, *parts: Val, axis: int = 1) -> Val:
    if all(isinstance(p, np.ndarray) for p in parts):
        joint = np.concatenate([np.asarray(p) for p in parts], axis=axis)
        return dimensions(joint) if any(isinstance(p, Dimensions) for p in parts) else joint
    if len(parts) == 2 and axis in (1, -1) and complement(b, *parts):
        assert isinstance(parts[1], Ref)
        return b.emit(BothClasses, parts[1])
    refs = [p for p in parts if isinstance(p, Ref)]
    if len(refs) != len(parts):
        raise refuse(b, "it joins a constant and a branch", "leave the constant out")
    place = axis_of(b, refs[0], axis)
    if len({r.shape[:place] + r.shape[place + 1 :] for r in refs}) > 1 or len({r.batched for r in refs}) > 1:
        raise refuse(b, f"branches of shapes {', '.join(str(r.shape) for r in refs)} are joined", "check the shapes")
    return moved(b, joined(b, Concatenate, [moved(b, r, place, -1) for r in refs]), -1, place)


def complement(b: Importer, x: Val, p: Val) -> bool:
    """Whether the first is one minus the second, a single sigmoid: the two classes of scikit-learn's exporter."""
    if not isinstance(x, Ref) or not isinstance(p, Ref) or p.shape != (1,):
        return False
    left, right = b.made.get(x.name), b.made.get(p.name)
    if not (isinstance(left, Apply) and isinstance(right, Apply) and isinstance(right.function, f.Sigmoid)):
        return False
    one = isinstance(left.function, f.Affine) and bool((left.function.slope == -1).all())
    return one and left.inputs == (p.name,) and bool((left.function.evaluate(np.zeros(1)) == 1).all())


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
    trains = (
        not is_test if b.opset < 7 else training_mode is not None and bool(constant(b, training_mode, "mode").any())
    )
    if trains:
        raise refuse(b, "it is in training mode", "export in evaluation mode")
    shape = x.onnx_shape if isinstance(x, Ref) else np.asarray(x).shape
    if BATCH in shape and b.batch is None:
        return x  # the mask's shape is not known
    return x, np.ones([b.batch if d == BATCH else d for d in shape], dtype=bool)
