"""ONNX has the channels first, our tensors have them last: the layout changes between both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ..layers.rearrange import RealRearrange
from ..real import Op
from .value import Ref

if TYPE_CHECKING:
    from .importer import Importer

__all__ = ["channel_first", "channel_last", "channelwise", "joined"]


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


def joined(b: Importer, make: Callable[..., Op], sources: Sequence[Ref], *parameters: Any) -> Ref:
    """Append an operation that reads several tensors; give its result."""
    name = b.fresh(b.result)
    op = make(name, tuple(s.name for s in sources), *parameters, node=b.current)
    b.ops.append(op)
    b.shapes[name] = op.shape(*(s.shape for s in sources))
    return Ref(name, b.shapes[name])
