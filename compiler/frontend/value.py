"""What a tensor of the ONNX graph is during import."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy.typing as npt

from ..real import Shape

__all__ = ["Array", "Ref", "Unsupported", "Val"]

Array = npt.NDArray[Any]


class Ref(NamedTuple):
    """A tensor that depends on the input: our name and its shape without the batch."""

    name: str
    shape: Shape


class Unsupported:
    """The result of a node that was refused: what reads it is not reported again."""


Val = Ref | Array | Unsupported
