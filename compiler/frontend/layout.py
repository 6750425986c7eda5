"""ONNX has the channels first, our tensors have them last: the layout changes between both."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ..layers.rearrange import RealRearrange
from .value import Ref

if TYPE_CHECKING:
    from .importer import Importer

__all__ = ["channel_first", "channel_last", "channelwise"]


def moved(b: Importer, x: Ref, source: int, target: int) -> Ref:
    """The tensor with an axis moved; itself where there is nothing to move."""
    if len(x.shape) < 2:
        return x
    index = np.arange(int(np.prod(x.shape))).reshape(x.shape)
    return b.emit(RealRearrange, x, np.ascontiguousarray(np.moveaxis(index, source, target)))


def channel_last(b: Importer, x: Ref) -> Ref:
    """(channels, *spatial) to (*spatial, channels)."""
    return moved(b, x, 0, -1)


def channel_first(b: Importer, x: Ref) -> Ref:
    """(*spatial, channels) to (channels, *spatial)."""
    return moved(b, x, -1, 0)


def channelwise(b: Importer, x: Ref, apply: Callable[[Ref], Ref]) -> Ref:
    """An operation on channel-last tensors, on one of ONNX's; the passes merge the layout changes around it."""
    return channel_first(b, apply(channel_last(b, x)))
