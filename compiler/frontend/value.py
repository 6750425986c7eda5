"""What a tensor of the ONNX graph is during import."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ..real import Shape

__all__ = ["BATCH", "Array", "Dimensions", "Labels", "Ref", "Unsupported", "Val", "dimensions"]

Array = npt.NDArray[Any]


class Ref(NamedTuple):
    """A tensor that depends on the input: our name, and the shape of one sample.

    ``batched`` says whether the file's tensor has one axis more in front, the batch. Without, a sample is the file's
    whole tensor.
    """

    name: str
    shape: Shape
    batched: bool = True

    @property
    def rank(self) -> int:
        """The number of axes that the file's tensor has."""
        return len(self.shape) + self.batched

    @property
    def onnx_shape(self) -> Shape:
        """The file's shape, with ``BATCH`` for the batch."""
        return (BATCH, *self.shape) if self.batched else self.shape


class Unsupported:
    """The result of a node that was refused: what reads it is not reported again."""


Val = Ref | Array | Unsupported
Labels = Val
"""An operand that may hold texts."""

BATCH = -2  # stands for the batch size in a shape; as the first number of a Reshape's target it is as good as any


class Dimensions(np.ndarray):
    """Integers of which some are the batch size: only to be taken apart, put together, and given to a Reshape."""


def dimensions(values: Any) -> Array:
    """The integers, marked where the batch size is among them."""
    array = np.asarray(values, dtype=np.int64)
    return array.view(Dimensions) if (array == BATCH).any() else array
