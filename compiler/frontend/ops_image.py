"""Convolution and pooling of images and sequences, (channels, *spatial) in ONNX."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from ..layers.convolution import Convolve
from ..layers.pooling import AveragePool as RealAveragePool
from ..layers.pooling import MaxPool as RealMaxPool
from ..layers.pooling import total
from ..layers.window import Window
from ..real import Shape
from .lattice import OnLattice, row_units
from .layout import channelwise
from .ops import affine, constant, finite, refuse
from .tensors import MOST_ELEMENTS
from .value import Array, Ref, Val

if TYPE_CHECKING:
    from .importer import Importer


MOST_TAPS = 1 << 26
"""Elements that the windows of one channel read together: kernels and pads can be stated much larger than an image."""


def image(b: Importer, x: Val) -> Ref:
    """The tensor, which must have channels and one to three spatial axes."""
    if not isinstance(x, Ref):
        raise refuse(b, "its input is a constant", "export with constant folding")
    if len(x.shape) not in (2, 3, 4):
        raise refuse(b, f"its input of shape {x.shape} has not one to three spatial axes", "use 1-D to 3-D layers")
    return x


def window(
    b: Importer,
    x: Ref,
    kernel: tuple[int, ...],
    strides: list[int] | None,
    pads: list[int] | None,
    dilations: list[int] | None,
    auto_pad: str,
    ceil_mode: int = 0,
) -> Window:
    """The geometry that ONNX's attributes mean for an input.

    ``ceil_mode`` adds padding behind, so that a last window that begins inside the input is not lost.
    """
    rank, spatial = len(x.shape) - 1, x.shape[1:]
    steps, gaps, around = tuple(strides or [1] * rank), tuple(dilations or [1] * rank), list(pads or [0] * (2 * rank))
    if not len(kernel) == len(steps) == len(gaps) == rank or len(around) != 2 * rank:
        raise refuse(b, f"its attributes do not fit an input of shape {x.shape}", "give one number per spatial axis")
    if min(kernel) < 1 or min(steps) < 1 or min(gaps) < 1 or min(around) < 0:
        raise refuse(b, "its kernel, strides, dilations or pads are out of range", "use positive numbers")
    before, after = tuple(around[:rank]), tuple(around[rank:])
    if auto_pad == "VALID":
        before = after = (0,) * rank
    elif auto_pad in ("SAME_UPPER", "SAME_LOWER"):
        extent = Window(kernel, steps, before, after, gaps).extent
        total = [max((-(-n // s) - 1) * s + e - n, 0) for n, s, e in zip(spatial, steps, extent, strict=True)]
        less, more = tuple(t // 2 for t in total), tuple(t - t // 2 for t in total)
        before, after = (less, more) if auto_pad == "SAME_UPPER" else (more, less)
    elif auto_pad != "NOTSET":
        raise refuse(b, f"auto_pad {auto_pad} is not known", "use explicit pads")
    found = Window(kernel, steps, before, after, gaps)
    if ceil_mode:
        over = zip(spatial, before, after, found.extent, steps, strict=True)
        found = Window(kernel, steps, before, tuple(ceiled(*sizes) for sizes in over), gaps)
    if min(found.positions(spatial)) < 1:
        raise refuse(b, f"its window {found} is larger than the input of shape {x.shape}", "use a larger input")
    if prod(found.positions(spatial)) * prod(kernel) > MOST_TAPS:
        raise refuse(b, f"its window {found} reads more than {MOST_TAPS} elements", "use a smaller window or pads")
    padded = prod(n + b + a for n, b, a in zip(spatial, found.before, found.after, strict=True)) * x.shape[0]
    if padded > MOST_ELEMENTS:
        raise refuse(b, f"its padded input of {padded} elements is too large", "use smaller pads")
    return found


def ceiled(size: int, before: int, after: int, extent: int, stride: int) -> int:
    """The padding behind an axis with which the number of positions is rounded up."""
    positions = -(-(size + before + after - extent) // stride) + 1
    if (positions - 1) * stride >= size + before:
        positions -= 1  # the last window would begin in the padding
    return max(after, (positions - 1) * stride + extent - size - before)


def Conv(
    b: Importer,
    x: Val,
    w: Val,
    bias: Val | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: list[int] | None = None,
    group: int = 1,
    kernel_shape: list[int] | None = None,
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> Val:
    """A constant kernel; one to three spatial axes."""
    source = image(b, x)
    given = constant(b, w, "kernel")
    weight = finite(b, np.asarray(given, dtype=np.float64), "kernel")
    kernel = weight.shape[2:]
    fits = weight.ndim == len(source.shape) + 1 and list(kernel) == (kernel_shape or list(kernel)) and group > 0
    if not fits or 0 in weight.shape or weight.shape[1] * group != source.shape[0] or len(weight) % group:
        what = f"a kernel of shape {weight.shape} in {group} groups does not fit an input of shape {source.shape}"
        raise refuse(b, what, "check the model with onnx.checker")
    place = window(b, source, kernel, strides, pads, dilations, auto_pad)
    units = row_units(weight.reshape(len(weight), -1)) if isinstance(given, OnLattice) else None
    if isinstance(given, OnLattice) and units is None:
        raise refuse(b, "its weights have codes of more than 16 bits", "quantise the weights to 16 bits or fewer")
    offset = None if bias is None else constant(b, bias, "bias")

    def apply(t: Ref) -> Ref:
        y = b.emit(Convolve, t, np.ascontiguousarray(np.moveaxis(weight, 1, -1)), place, group, scale=units)
        return y if offset is None else affine(b, y, 1.0, offset)

    return channelwise(b, source, apply)


def pool(
    b: Importer,
    x: Val,
    kernel: list[int],
    strides: list[int] | None,
    pads: list[int] | None,
    dilations: list[int] | None,
    auto_pad: str,
    ceil_mode: int,
) -> tuple[Ref, Window, Window]:
    """The tensor, the window, and the window without the padding that ``ceil_mode`` adds."""
    source = image(b, x)
    place = window(b, source, tuple(kernel), strides, pads, dilations, auto_pad, ceil_mode)
    plain = window(b, source, tuple(kernel), strides, pads, dilations, auto_pad) if ceil_mode else place
    if not counts(source.shape[1:], place, (0,) * place.rank, (0,) * place.rank).all():
        raise refuse(b, "a window lies in the padding alone", "use pads smaller than the kernel")
    return source, place, plain


def counts(spatial: Shape, place: Window, before: tuple[int, ...], after: tuple[int, ...]) -> Array:
    """How many taps of the window read an image that padding of ``before`` and ``after`` has made larger."""
    ones = np.pad(np.ones(spatial, dtype=np.int64), list(zip(before, after, strict=True)))
    ones[...] = 1
    rest = replace(
        place,
        before=tuple(p - q for p, q in zip(place.before, before, strict=True)),
        after=tuple(p - q for p, q in zip(place.after, after, strict=True)),
    )
    return total(ones[None, ..., None], rest, ones.dtype)[0, ..., 0]


def MaxPool(
    b: Importer,
    x: Val,
    *,
    kernel_shape: list[int],
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    dilations: list[int] | None = None,
    pads: list[int] | None = None,
    storage_order: int = 0,
    strides: list[int] | None = None,
) -> Val:
    """One to three spatial axes; values without their indices."""
    source, place, _ = pool(b, x, kernel_shape, strides, pads, dilations, auto_pad, ceil_mode)
    return channelwise(b, source, lambda t: b.emit(RealMaxPool, t, place))


def AveragePool(
    b: Importer,
    x: Val,
    *,
    kernel_shape: list[int],
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    count_include_pad: int = 0,
    dilations: list[int] | None = None,
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> Val:
    """One to three spatial axes."""
    source, place, plain = pool(b, x, kernel_shape, strides, pads, dilations, auto_pad, ceil_mode)
    nothing = (0,) * place.rank
    around = (plain.before, plain.after) if count_include_pad else (nothing, nothing)
    divisors = counts(source.shape[1:], place, *around)
    return channelwise(b, source, lambda t: b.emit(RealAveragePool, t, place, divisors))


def GlobalMaxPool(b: Importer, x: Val) -> Val:
    return MaxPool(b, x, kernel_shape=list(image(b, x).shape[1:]))


def GlobalAveragePool(b: Importer, x: Val) -> Val:
    return AveragePool(b, x, kernel_shape=list(image(b, x).shape[1:]))
