"""QONNX's channels-last operators: ONNX's own, with the channels as the last axis of activations and kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from . import ops, ops_image
from .layout import channel_first, channel_last
from .ops import refuse
from .value import Ref, Val

if TYPE_CHECKING:
    from .importer import Importer

DOMAINS = ("qonnx.custom_op.channels_last",)


def around(b: Importer, x: Val, apply: Callable[[Ref], Val]) -> Val:
    """An operator of ONNX's layout on a tensor of this one; the passes merge the layout changes."""
    if not isinstance(x, Ref):
        raise refuse(b, "its input is a constant", "export with constant folding")
    result = apply(channel_first(b, x))
    assert isinstance(result, Ref)
    return channel_last(b, result)


def Conv(
    b: Importer,
    x: Val,
    w: Val,
    bias: Val | None = None,
    *,
    dilations: list[int] | None = None,
    group: int = 1,
    kernel_shape: list[int] | None = None,
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> Val:
    """None"""
    kernel = np.moveaxis(ops.constant(b, w, "kernel"), -1, 1)
    return around(
        b, x,
        lambda t: ops_image.Conv(
            b, t, kernel, bias, dilations=dilations, group=group, kernel_shape=kernel_shape, pads=pads, strides=strides
        ),
    )  # fmt: skip


def MaxPool(
    b: Importer,
    x: Val,
    *,
    kernel_shape: list[int],
    ceil_mode: int = 0,
    dilations: list[int] | None = None,
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> Val:
    """None"""
    return around(
        b, x,
        lambda t: ops_image.MaxPool(
            b, t, kernel_shape=kernel_shape, ceil_mode=ceil_mode, dilations=dilations, pads=pads, strides=strides
        ),
    )  # fmt: skip


def BatchNormalization(
    b: Importer,
    x: Val,
    scale: Val,
    bias: Val,
    mean: Val,
    var: Val,
    *,
    epsilon: float = 1e-5,
    momentum: float = 0.9,
) -> Val:
    """None"""
    return around(b, x, lambda t: ops.BatchNormalization(b, t, scale, bias, mean, var, epsilon=epsilon))
