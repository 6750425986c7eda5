"""Reductions over axes of a sample."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from ..layers import reduction as layers
from ..layers.product import RealProduct
from ..scalar import curves, rational
from ..scalar import functions as f
from .layout import arrange, as_batch, joined
from .operands import axis_of, constant
from .ops import unary
from .value import Ref, Val

if TYPE_CHECKING:
    from .importer import Importer

Axes = tuple[int, ...]


def operator(fold: Callable[..., Any], make: Callable[[Importer, Ref, Axes], Ref]) -> Callable[..., Val]:
    """A reduction: of a constant by ``fold``, of a tensor by ``make``, which keeps the axes with one entry."""

    def reduction(
        b: Importer,
        x: Val,
        given: Val | None = None,
        *,
        axes: list[int] | None = None,
        keepdims: int = 1,
        noop_with_empty_axes: int = 0,
    ) -> Val:
        """Constant axes; samples of a batch stay apart, and something is there to reduce."""
        chosen = axes or []
        if given is not None:
            chosen = [int(a) for a in constant(b, given, "axes").reshape(-1)]
        if not chosen and not noop_with_empty_axes:
            chosen = list(range(x.rank if isinstance(x, Ref) else np.ndim(np.asarray(x))))
        if not isinstance(x, Ref):
            return np.asarray(fold(np.asarray(x), axis=tuple(chosen), keepdims=bool(keepdims)))
        if x.batched and b.batch == 1 and {0, -x.rank} & {*chosen}:
            x = arrange(b, x, lambda a: a[None])._replace(batched=False)  # there is nothing to keep apart
        over = tuple(sorted({axis_of(b, x, a) for a in chosen}))
        y = make(b, x, over)
        return y if keepdims else as_batch(b, arrange(b, y, lambda a: np.squeeze(a, over)))

    return reduction


def total(b: Importer, x: Ref, axes: Axes) -> Ref:
    """The sum."""
    return b.emit(layers.ReduceSum, x, axes)


def mean(b: Importer, x: Ref, axes: Axes) -> Ref:
    """The average."""
    return b.emit(layers.ReduceSum, x, axes, prod(x.shape[a] for a in axes))


def squares(b: Importer, x: Ref, axes: Axes) -> Ref:
    """The sum of squares."""
    return total(b, joined(b, RealProduct, (x, x)), axes)


def through(b: Importer, x: Ref, function: f.Function) -> Ref:
    """A function of a tensor."""
    y = unary(b, x, function)
    assert isinstance(y, Ref)
    return y


def sum_of_squares(a: Any, **over: Any) -> Any:
    """The same of a constant."""
    return np.sum(np.square(a), **over)


ReduceSum = operator(np.sum, total)
ReduceMean = operator(np.mean, mean)
ReduceMax = operator(np.max, lambda b, x, axes: b.emit(layers.ReduceExtreme, x, axes))
ReduceMin = operator(np.min, lambda b, x, axes: b.emit(layers.ReduceExtreme, x, axes, True))
ReduceSumSquare = operator(sum_of_squares, squares)
ReduceL1 = operator(
    lambda a, **over: np.sum(np.abs(a), **over), lambda b, x, axes: total(b, through(b, x, f.Abs()), axes)
)
ReduceL2 = operator(
    lambda a, **over: np.sqrt(sum_of_squares(a, **over)),
    lambda b, x, axes: through(b, squares(b, x, axes), rational.power(0.5)),
)
ReduceLogSum = operator(
    lambda a, **over: np.log(np.sum(a, **over)), lambda b, x, axes: through(b, total(b, x, axes), curves.Log())
)
