"""The operators that take parts of tensors, and put tensors beside each other or beside constants."""

from __future__ import annotations

from itertools import accumulate
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from ..layers.join import Concatenate
from ..layers.scalar import Apply
from ..layers.softmax import BothClasses
from ..scalar import functions as f
from .layout import apart, arrange, joined, moved, rearrange
from .operands import axis_of, constant, finite, integers, refuse, room
from .value import Array, Dimensions, Ref, Val, dimensions

if TYPE_CHECKING:
    from .importer import Importer

ENDLESS = 1 << 30  # an end that means the last element


def Gather(b: Importer, x: Val, indices: Val, *, axis: int = 0) -> Val:
    """Constant indices."""
    places = constant(b, indices, "indices").astype(np.int64)
    apart(b, x, [axis])

    def change(a: Array) -> Array:
        room(b, [*a.shape[:axis], *places.shape, *a.shape[axis:][1:]])
        return np.take(a, places, axis=axis)

    return rearrange(b, x, change)


def GatherElements(b: Importer, x: Val, indices: Val, *, axis: int = 0) -> Val:
    """Constant indices."""
    places = constant(b, indices, "indices").astype(np.int64)
    apart(b, x, range(places.ndim))
    room(b, [*places.shape, places.ndim])

    def change(a: Array) -> Array:
        where = np.indices(places.shape)
        where[axis] = places
        return a[tuple(where)]

    return rearrange(b, x, change)


def GatherND(b: Importer, x: Val, indices: Val, *, batch_dims: int = 0) -> Val:
    """Constant indices, the same for all samples."""
    places = constant(b, indices, "indices").astype(np.int64)
    if batch_dims:
        raise refuse(b, "its indices differ by batch", "use batch_dims=0")
    apart(b, x, range(places.shape[-1]))

    def change(a: Array) -> Array:
        room(b, [*places.shape[:-1], *a.shape[places.shape[-1] :]])
        return a[tuple(np.moveaxis(places, -1, 0))]

    return rearrange(b, x, change)


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
    """Constant ranges; samples of a batch stay apart, and something is left."""
    begin, end = integers(b, first, starts) or [], integers(b, last, ends) or []
    over = integers(b, along, axes) or list(range(len(begin)))
    steps = integers(b, by, None) or [1] * len(begin)
    rows = list(zip(over, begin, end, steps, strict=True))
    apart(b, x, [axis for axis, i, j, step in rows if (i, step) != (0, 1) or j < (b.batch or ENDLESS)])

    def change(a: Array) -> Array:
        place = [slice(None)] * a.ndim
        for axis, i, j, step in rows:
            place[axis] = slice(i, None if step < 0 and j < -a.shape[axis] else j, step)
        return a[tuple(place)]

    return rearrange(b, x, change)


def Split(
    b: Importer,
    x: Val,
    given: Val | None = None,
    *,
    axis: int = 0,
    split: list[int] | None = None,
    num_outputs: int | None = None,
) -> tuple[Val, ...]:
    """Constant sizes; samples of a batch stay apart, and no part is empty."""
    apart(b, x, [axis])
    sizes = integers(b, given, split)
    count = len(b.results)
    if num_outputs not in (None, count) or (sizes is not None and min(sizes, default=0) < 0):
        raise refuse(b, f"its sizes do not fit its {count} results", "check the model with onnx.checker")
    if sizes is None:
        whole = x.shape[axis_of(b, x, axis)] if isinstance(x, Ref) else np.shape(constant(b, x, "input"))[axis]
        each = -(-whole // count)
        sizes = [min(each, max(whole - each * i, 0)) for i in range(count)]
    room(b, [sum(sizes)])
    ends = [*accumulate(sizes)]
    pairs = zip(ends, sizes, strict=True)
    return tuple(
        rearrange(b, x, lambda a, i=end - size, j=end: np.take(a, np.arange(i, j), axis=axis)) for end, size in pairs
    )


def Pad(
    b: Importer,
    x: Val,
    around: Val | None = None,
    fill: Val | None = None,
    along: Val | None = None,
    *,
    mode: str = "constant",
    pads: list[int] | None = None,
    paddings: list[int] | None = None,
    value: float = 0.0,
) -> Val:
    """Constant widths and value."""
    widths = integers(b, around, paddings if pads is None else pads) or []
    rank = x.rank if isinstance(x, Ref) else np.ndim(constant(b, x, "input"))
    axes = [a % rank for a in integers(b, along, None) or range(rank)]
    beside = float(finite(b, constant(b, fill, "value"), "value").reshape(-1)[0]) if fill is not None else value
    if len(widths) != 2 * len(axes) or mode not in ("constant", "edge", "reflect", "wrap"):
        raise refuse(b, f"its mode {mode} or its {len(widths)} widths are not known", "check the model")
    pairs = [(0, 0)] * rank
    for axis, before, after in zip(axes, widths[: len(axes)], widths[len(axes) :], strict=True):
        pairs[axis] = (before, after)
    apart(b, x, [axis for axis, pair in enumerate(pairs) if pair != (0, 0)])
    empty = -1 if isinstance(x, Ref) else beside

    def change(a: Array) -> Array:
        rest = a[tuple(slice(max(-i, 0), n - max(-j, 0)) for n, (i, j) in zip(a.shape, pairs, strict=True))]
        more = [(max(i, 0), max(j, 0)) for i, j in pairs]
        room(b, [n + i + j for n, (i, j) in zip(rest.shape, more, strict=True)])
        if mode == "constant":
            return np.pad(rest, more, constant_values=empty)
        return np.pad(rest, more, mode="edge" if mode == "edge" else "reflect" if mode == "reflect" else "wrap")

    return rearrange(b, x, change, beside)


def Concat(b: Importer, *parts: Val, axis: int = 1) -> Val:
    room(b, [sum(prod(p.shape) for p in parts if isinstance(p, Ref | np.ndarray))])
    if all(isinstance(p, np.ndarray) for p in parts):
        joint = np.concatenate([np.asarray(p) for p in parts], axis=axis)
        return dimensions(joint) if any(isinstance(p, Dimensions) for p in parts) else joint
    if len(parts) == 2 and axis in (1, -1) and complement(b, *parts):
        assert isinstance(parts[1], Ref)
        return b.emit(BothClasses, parts[1])
    refs = [p for p in parts if isinstance(p, Ref)]
    place = axis_of(b, refs[0], axis)
    if len({r.shape[:place] + r.shape[place + 1 :] for r in refs}) > 1 or len({r.batched for r in refs}) > 1:
        raise refuse(b, f"branches of shapes {', '.join(str(r.shape) for r in refs)} are joined", "check the shapes")
    one = refs[0]
    if len(refs) > 1:
        one = moved(b, joined(b, Concatenate, [moved(b, r, place, -1) for r in refs]), -1, place)
    return one if len(refs) == len(parts) else beside_constants(b, one, parts, place)


def beside_constants(b: Importer, joint: Ref, parts: tuple[Val, ...], place: int) -> Ref:
    """The parts along an axis of the sample, of which ``joint`` holds those that are no constants."""
    size = int(np.prod(joint.shape))
    rest = np.arange(size).reshape(joint.shape)
    index: list[Array] = []
    values: list[Array] = []
    for part in parts:
        if isinstance(part, Ref):
            mine, rest = np.split(rest, [part.shape[place]], axis=place)
            index.append(mine)
            values.append(np.zeros(mine.shape))
            continue
        whole = finite(b, constant(b, part, "part").astype(np.float64), "part")
        if whole.ndim != joint.rank:
            raise refuse(b, f"a constant of shape {whole.shape} and a branch are joined", "check the shapes")
        if joint.batched and (len(whole) not in (1, b.batch) or (whole != whole[:1]).any()):
            raise refuse(b, "its constant differs from sample to sample", "keep the samples of a batch apart")
        values.append(whole[0] if joint.batched else whole)
        index.append(np.full(values[-1].shape, -1))
    beside = np.concatenate(values, axis=place)
    return arrange(b, joint, lambda _: np.concatenate(index, axis=place), beside)


def complement(b: Importer, x: Val, p: Val) -> bool:
    """Whether the first is one minus the second, a single sigmoid: the two classes of scikit-learn's exporter."""
    if not isinstance(x, Ref) or not isinstance(p, Ref) or p.shape != (1,):
        return False
    left, right = b.made.get(x.name), b.made.get(p.name)
    if not (isinstance(left, Apply) and isinstance(right, Apply) and isinstance(right.function, f.Sigmoid)):
        return False
    one = isinstance(left.function, f.Affine) and bool((left.function.slope == -1).all())
    return one and left.inputs == (p.name,) and bool((left.function.evaluate(np.zeros(1)) == 1).all())
