"""What a tensor of the ONNX graph is during import."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..real import Shape

__all__ = ["BATCH", "Array", "Dimensions", "Ref", "Unsupported", "Val", "dimensions"]

Array = npt.NDArray[Any]


class Ref(NamedTuple):
    """A tensor that depends on the input: our name and its shape without the batch."""

    name: str
    shape: Shape


class Unsupported:
    """The result of a node that was refused: what reads it is not reported again."""


Val = Ref | Array | Unsupported

BATCH = -2  # stands for the batch size in a shape; as the first number of a Reshape's target it is as good as any


class Dimensions(np.ndarray):
    """Integers of which some are the batch size: only to be taken apart, put together, and given to a Reshape."""


def dimensions(values: Any) -> Array:
    """The integers, marked where the batch size is among them."""
    array = np.asarray(values, dtype=np.int64)
    return array.view(Dimensions) if (array == BATCH).any() else array
