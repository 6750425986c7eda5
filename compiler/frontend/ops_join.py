"""Arithmetic on two or more operands: tensors with constants, and tensors with tensors, which broadcast as in ONNX."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from ..exact import fractions
from ..layers.extreme import Extreme
from ..layers.join import Sum as RealSum
from ..layers.product import RealProduct
from ..real import Op, Shape
from ..scalar import functions as f
from ..scalar import logic, rational
from .layout import arrange, expand, joined
from .operands import refuse
from .ops import affine, unary
from .value import Array, Dimensions, Ref, Val

if TYPE_CHECKING:
    from .importer import Importer

Fold = Callable[[Any, Any], Any]


def together(b: Importer, make: Callable[..., Op], sources: Sequence[Ref], *parameters: Any) -> Ref:
    """An element-wise operation on several tensors, each expanded to the shape that they have together."""
    rank = max(s.rank for s in sources)
    batched = any(s.batched for s in sources)
    try:
        samples = [as_sample(s, rank) if batched else s.shape for s in sources]
        shape = np.broadcast_shapes(*samples)
    except ValueError:
        shapes = " and ".join(str(s.shape) for s in sources)
        raise refuse(b, f"branches of shapes {shapes} are joined", "give them shapes that broadcast") from None
    same = [arrange(b, s, reshaped(part)) for s, part in zip(sources, samples, strict=True)]
    return joined(b, make, [expand(b, s, shape)._replace(batched=batched) for s in same], *parameters)


def as_sample(x: Ref, rank: int) -> Shape:
    """The shape of a tensor within one sample, where tensors with a batch have ``rank`` axes; ValueError without."""
    if x.batched == (x.rank == rank):
        return x.shape
    if x.batched or x.shape[0] != 1:
        raise ValueError
    return x.shape[1:]


def reshaped(shape: Shape) -> Callable[[Array], Array]:
    """The change of an array to a shape."""
    return lambda a: a.reshape(shape)


def binary(
    b: Importer,
    x: Val,
    y: Val,
    fold: Fold,
    constant: Callable[[Ref, Array, bool], Val],
    tensors: Callable[[Ref, Ref], Val],
) -> Val:
    """An operator of two constants, of a tensor and a constant (first where the flag says so), or of two tensors."""
    if any(isinstance(v, Dimensions) for v in (x, y)):
        raise refuse(b, "it computes with the batch size", "export with a Reshape that keeps the first dimension")
    if isinstance(x, Ref):
        return tensors(x, y) if isinstance(y, Ref) else constant(x, np.asarray(y), False)
    return constant(y, np.asarray(x), True) if isinstance(y, Ref) else np.asarray(fold(x, y))


def placed(b: Importer, x: Val, y: Val, axis: int | None, broadcast: int) -> Val:
    """The second operand of ONNX before opset 7, whose first axis meets axis ``axis`` of the first one."""
    if axis is None or not broadcast or isinstance(y, Ref):
        return y
    array = np.asarray(y)
    rank = x.rank if isinstance(x, Ref) else np.ndim(np.asarray(x))
    return array.reshape(array.shape + (1,) * (rank - axis % rank - array.ndim))


def Add(b: Importer, x: Val, y: Val, *, axis: int | None = None, broadcast: int = 0) -> Val:
    return binary(
        b,
        x,
        placed(b, x, y, axis, broadcast),
        np.add,
        lambda t, k, _: affine(b, t, 1.0, k),
        lambda p, q: together(b, RealSum, (p, q), (1, 1)),
    )


def Sub(b: Importer, x: Val, y: Val, *, axis: int | None = None, broadcast: int = 0) -> Val:
    return binary(
        b,
        x,
        placed(b, x, y, axis, broadcast),
        np.subtract,
        lambda t, k, first: affine(b, t, -1.0 if first else 1.0, k if first else -k.astype(np.float64)),
        lambda p, q: together(b, RealSum, (p, q), (1, -1)),
    )


def Mul(b: Importer, x: Val, y: Val, *, axis: int | None = None, broadcast: int = 0) -> Val:
    return binary(
        b,
        x,
        placed(b, x, y, axis, broadcast),
        np.multiply,
        lambda t, k, _: affine(b, t, k, 0.0),
        lambda p, q: together(b, RealProduct, (p, q)),
    )


def Div(b: Importer, x: Val, y: Val, *, axis: int | None = None, broadcast: int = 0) -> Val:
    """A tensor that divides must stay away from zero."""

    def divide(t: Ref, k: Array, first: bool) -> Val:
        if first:
            return affine(b, reciprocal(b, t), k, 0.0)
        if not np.all(k):
            raise refuse(b, "it divides by zero", "divide by other constants")
        quotient = affine(b, t, 1 / fractions(k), 0.0)
        return unary(b, quotient, logic.Trunc()) if k.dtype.kind in "iu" else quotient

    def tensors(p: Ref, q: Ref) -> Val:
        return together(b, RealProduct, (p, reciprocal(b, q)))

    return binary(b, x, placed(b, x, y, axis, broadcast), quotient_of, divide, tensors)


def reciprocal(b: Importer, x: Ref) -> Ref:
    """One over a tensor, which must stay away from zero."""
    y = unary(b, x, rational.power(-1.0))
    assert isinstance(y, Ref)
    return y


def quotient_of(x: Any, y: Any) -> Any:
    """The quotient of constants; of integers without its fraction."""
    if np.result_type(x, y).kind not in "iu":
        return np.divide(x, y)
    return np.sign(x) * np.sign(y) * (np.abs(x) // np.abs(y))


def split(b: Importer, operands: Sequence[Val], fold: Fold) -> tuple[list[Ref], Array | None]:
    """The tensors among operands, and all constants as one."""
    refs = [v for v in operands if isinstance(v, Ref)]
    constants = [np.asarray(v) for v in operands if not isinstance(v, Ref)]
    if any(isinstance(v, Dimensions) for v in operands):
        raise refuse(b, "it computes with the batch size", "export with a Reshape that keeps the first dimension")
    return refs, reduce(fold, constants) if constants else None


def Sum(b: Importer, *operands: Val) -> Val:
    refs, rest = split(b, operands, np.add)
    if not refs:
        return np.asarray(rest)
    total = refs[0] if len(refs) == 1 else together(b, RealSum, refs, (1,) * len(refs))
    return total if rest is None else affine(b, total, 1.0, rest)


def Mean(b: Importer, *operands: Val) -> Val:
    total = Sum(b, *operands)
    if not isinstance(total, Ref):
        return np.asarray(total) / len(operands)
    return total if len(operands) == 1 else affine(b, total, Fraction(1, len(operands)), 0.0)


def Max(b: Importer, *operands: Val) -> Val:
    return extreme(b, operands, least=False)


def Min(b: Importer, *operands: Val) -> Val:
    return extreme(b, operands, least=True)


def extreme(b: Importer, operands: Sequence[Val], least: bool) -> Val:
    """The greatest or the least of operands."""
    refs, rest = split(b, operands, np.minimum if least else np.maximum)
    if not refs:
        return np.asarray(rest)
    x = refs[0] if len(refs) == 1 else together(b, Extreme, refs, least)
    if rest is None:
        return x
    if rest.size == 1 and rest.ndim <= x.rank:
        k = float(rest.reshape(-1)[0])
        return unary(b, x, f.Clip(high=k) if least else f.Clip(low=k))
    sign = -1.0 if least else 1.0  # max(x, k) = k + relu(x - k), min(x, k) = k - relu(k - x)
    above = unary(b, affine(b, x, sign, -sign * rest.astype(np.float64)), f.Relu())
    assert isinstance(above, Ref)
    return affine(b, above, sign, rest)
