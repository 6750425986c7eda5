"""What operators ask of their operands: constants that are known and finite, axes that are no batch."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from ..errors import CompileError, Problem
from .tensors import MOST_ELEMENTS
from .value import Array, Ref, Val

if TYPE_CHECKING:
    from .importer import Importer

__all__ = ["axis_of", "constant", "finite", "in_sample", "integers", "refuse", "room"]


def refuse(b: Importer, what: str, remedy: str) -> CompileError:
    """The error of the current node."""
    return CompileError([Problem(b.current, what, remedy)])


def room(b: Importer, sizes: Iterable[int]) -> None:
    """Refuse a result of these sizes before it is made where it would be too large."""
    known = [int(size) for size in sizes]
    if prod(max(abs(size), 1) for size in known) > 2 * MOST_ELEMENTS:  # of the two samples that stand for a batch
        raise refuse(b, f"its result of {'x'.join(map(str, known[:8]))} elements is too large", "use a smaller network")


def constant(b: Importer, value: Val | None, role: str) -> Array:
    """An input that must be known at compile time."""
    if not isinstance(value, np.ndarray):
        raise refuse(b, f"its {role} is not a constant", "export with constant folding")
    return value


def finite(b: Importer, value: Array, role: str) -> Array:
    """A constant that must be finite."""
    if value.dtype.kind == "f" and not np.isfinite(value).all():
        raise refuse(b, f"its {role} holds NaN or infinite values", "train again or repair the file")
    return value


def axis_of(b: Importer, x: Ref, axis: int) -> int:
    """The axis of a sample that one of the file's is; negative ones count from the end.

    Raises
    ------
    CompileError
        where it is the batch, or the tensor lacks it.
    """
    if not -x.rank <= axis < x.rank:
        raise refuse(b, f"its input of {x.rank} axes has no axis {axis}", "check the model with onnx.checker")
    found = axis % x.rank - x.batched
    if found < 0:
        raise refuse(b, f"axis {axis} is the batch", "keep the samples of a batch apart")
    return found


def in_sample(b: Importer, x: Ref, value: Array, role: str) -> Array:
    """A constant that broadcasts to a tensor, as it broadcasts to one sample."""
    if not x.batched or value.ndim < x.rank:
        return value
    if value.ndim > x.rank or value.shape[0] != 1:
        what = f"a {role} of shape {value.shape} does not fit {x.shape} for each sample of a batch"
        raise refuse(b, what, "keep the samples of a batch apart")
    return value[0]


def integers(b: Importer, given: Val | None, attribute: list[int] | None) -> list[int] | None:
    """Integers that are an input or an attribute."""
    return attribute if given is None else [int(a) for a in constant(b, given, "parameter").reshape(-1)]
