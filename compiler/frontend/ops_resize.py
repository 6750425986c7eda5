"""Resize and Upsample to the nearest element, which depends on shapes alone: they choose elements."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .layout import apart, rearrange
from .operands import constant, refuse
from .tensors import MOST_ELEMENTS
from .value import BATCH, Array, Ref, Val

if TYPE_CHECKING:
    from .importer import Importer

Reals = npt.NDArray[np.float32]  # ONNX Runtime finds the coordinates in float32, which decides between neighbours
ONE, HALF = np.float32(1), np.float32(0.5)
TIE = 1e-6  # so near to the middle of two elements a coordinate counts as in the middle, as in ONNX Runtime


def Resize(
    b: Importer,
    x: Val,
    roi: Val | None = None,
    scales: Val | None = None,
    sizes: Val | None = None,
    *,
    antialias: int = 0,
    axes: list[int] | None = None,
    coordinate_transformation_mode: str = "half_pixel",
    cubic_coeff_a: float = -0.75,
    exclude_outside: int = 0,
    extrapolation_value: float = 0.0,
    keep_aspect_ratio_policy: str = "stretch",
    mode: str = "nearest",
    nearest_mode: str = "round_prefer_floor",
) -> Val:
    """Mode nearest without a region of interest."""
    if b.opset < 11:
        return Upsample(b, x, roi, mode=mode)
    if mode != "nearest":
        raise refuse(b, f"mode {mode} is not supported", "resize with mode 'nearest'")
    if coordinate_transformation_mode not in COORDINATES:
        what = f"coordinate_transformation_mode {coordinate_transformation_mode} is not supported"
        raise refuse(b, what, f"use one of {', '.join(sorted(COORDINATES))}")
    if nearest_mode not in NEAREST or keep_aspect_ratio_policy not in POLICIES:
        what = f"{nearest_mode} or {keep_aspect_ratio_policy} is not known"
        raise refuse(b, what, "check the model with onnx.checker")
    before = whole_shape(b, x)
    over = [a % len(before) for a in axes or range(len(before))]
    if len({*over}) < len(over) or any(not -len(before) <= a < len(before) for a in axes or ()):
        raise refuse(b, f"axes {axes} do not fit an input of {len(before)} axes", "check the model with onnx.checker")
    length = [before[a] for a in over]
    by = np.ones(0, np.float32) if scales is None else constant(b, scales, "scales").astype(np.float32).reshape(-1)
    if by.size:
        after = [int(np.floor(np.float32(n) * s)) for n, s in zip(length, by, strict=True)]
    else:
        after = [int(n) for n in constant(b, sizes, "sizes").reshape(-1)]
        after = [n if m == BATCH or (i, m) == (0, b.batch) else m for i, n, m in zip(over, length, after, strict=True)]
        by = np.array(after, np.float32) / np.array(length, np.float32)
        if (policy := POLICIES[keep_aspect_ratio_policy]) is not None:
            by = np.full(len(over), policy(by), np.float32)
            after = [int(np.floor(np.float32(n) * s + HALF)) for n, s in zip(length, by, strict=True)]
    guard(b, before, dict(zip(over, after, strict=True)))
    places: dict[int, Array] = {}
    for axis, n, m, s in zip(over, length, after, by, strict=True):
        at = COORDINATES[coordinate_transformation_mode](np.arange(m, dtype=np.float32), n, m, s)
        places[axis] = NEAREST[nearest_mode](at) if s != 1 else np.arange(m)
    return chosen(b, x, before, places)


def Upsample(
    b: Importer, x: Val, given: Val | None = None, *, mode: str = "nearest", scales: list[float] | None = None
) -> Val:
    """Mode nearest; also what Resize was in opset 10."""
    if mode != "nearest":
        raise refuse(b, f"mode {mode} is not supported", "resize with mode 'nearest'")
    factors = constant(b, given, "scales") if given is not None else np.asarray(scales)
    by = factors.astype(np.float32).reshape(-1)
    before = whole_shape(b, x)
    after = {axis: int(np.floor(np.float32(n) * s)) for axis, (n, s) in enumerate(zip(before, by, strict=True))}
    guard(b, before, after)
    places = {}
    for axis, m in after.items():
        at = np.arange(m, dtype=np.float32) / by[axis]
        places[axis] = np.ceil(at) if by[axis] < 1 else np.floor(at)
    return chosen(b, x, before, places)


def whole_shape(b: Importer, x: Val) -> list[int]:
    """The file's shape of an operand; where the batch is not known it counts as 1."""
    shape = x.onnx_shape if isinstance(x, Ref) else np.shape(constant(b, x, "input"))
    return [(b.batch or 1) if n == BATCH else n for n in shape]


def guard(b: Importer, before: list[int], after: dict[int, int]) -> None:
    """Refuse sizes that are too large before anything is made of them."""
    sizes = [after.get(axis, n) for axis, n in enumerate(before)]
    if min(sizes) < 1 or prod(sizes) > MOST_ELEMENTS:
        raise refuse(b, f"its result of shape {tuple(sizes)} is empty or too large", "resize by less")


def chosen(b: Importer, x: Val, before: list[int], places: dict[int, Array]) -> Val:
    """The elements at places along axes; places outside mean the first or last element."""
    inside = {axis: np.clip(at, 0, before[axis] - 1).astype(np.int64) for axis, at in places.items()}
    moved = {axis: at for axis, at in inside.items() if not np.array_equal(at, np.arange(before[axis]))}
    apart(b, x, moved)

    def change(a: Array) -> Array:
        for axis, at in moved.items():
            a = np.take(a, at, axis=axis)
        return a

    return rearrange(b, x, change)


def half_pixel(at: Reals, n: int, m: int, scale: np.float32) -> Reals:
    return (at + HALF) / scale - HALF


def pytorch_half_pixel(at: Reals, n: int, m: int, scale: np.float32) -> Reals:
    return half_pixel(at, n, m, scale) if m > 1 else np.zeros(m, np.float32)


def half_pixel_symmetric(at: Reals, n: int, m: int, scale: np.float32) -> Reals:
    adjustment = np.float32(m) / (scale * np.float32(n))
    return np.float32(n) / np.float32(2) * (ONE - adjustment) + half_pixel(at, n, m, scale)


def align_corners(at: Reals, n: int, m: int, scale: np.float32) -> Reals:
    return at * np.float32(n - 1) / np.float32(m - 1) if m > 1 else np.zeros(m, np.float32)


def asymmetric(at: Reals, n: int, m: int, scale: np.float32) -> Reals:
    return at / scale


def tf_half_pixel_for_nn(at: Reals, n: int, m: int, scale: np.float32) -> Reals:
    return (at + HALF) / scale


COORDINATES = {
    f.__name__: f
    for f in (half_pixel, pytorch_half_pixel, half_pixel_symmetric, align_corners, asymmetric, tf_half_pixel_for_nn)
}
"""Where an element of the result lies in the operand: from its place, both lengths and the scale."""

NEAREST = {
    "round_prefer_floor": lambda at: np.ceil(at.astype(np.float64) - 0.5 - TIE),
    "round_prefer_ceil": lambda at: np.floor(at.astype(np.float64) + 0.5 + TIE),
    "floor": np.floor,
    "ceil": np.ceil,
}
POLICIES = {"stretch": None, "not_larger": np.min, "not_smaller": np.max}
