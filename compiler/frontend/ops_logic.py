"""Comparisons, their combinations and selections: truth is the number 1, the rest 0."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx

from ..layers.arg_max import RealArgMax
from ..layers.extreme import Extreme
from ..layers.join import Sum as RealSum
from ..layers.product import RealProduct
from ..layers.scalar import Apply
from ..layers.top_k import RealTopIndices
from ..scalar import functions as f
from ..scalar import logic
from .operands import refuse
from .ops import affine, unary
from .ops_join import Add, Mul, Sub, binary, together
from .value import Array, Ref, Val

if TYPE_CHECKING:
    from .importer import Importer

Truth = logic.Step(1.0, 0.0, 1.0)


def compare(b: Importer, x: Val, y: Val, fold: Callable[[Any, Any], Any], step: logic.Step) -> Val:
    """A comparison: the step of the difference."""

    def constant(t: Ref, k: Array, first: bool) -> Val:
        sign = -1.0 if first else 1.0
        return unary(b, affine(b, t, sign, -sign * k.astype(np.float64)), step)

    return binary(b, x, y, fold, constant, lambda p, q: unary(b, together(b, RealSum, (p, q), (1, -1)), step))


def Greater(b: Importer, x: Val, y: Val) -> Val:
    return compare(b, x, y, np.greater, logic.Step(0.0, 0.0, 1.0))


def GreaterOrEqual(b: Importer, x: Val, y: Val) -> Val:
    return compare(b, x, y, np.greater_equal, logic.Step(0.0, 1.0, 1.0))


def Less(b: Importer, x: Val, y: Val) -> Val:
    return compare(b, x, y, np.less, logic.Step(1.0, 0.0, 0.0))


def LessOrEqual(b: Importer, x: Val, y: Val) -> Val:
    return compare(b, x, y, np.less_equal, logic.Step(1.0, 1.0, 0.0))


def Equal(b: Importer, x: Val, y: Val) -> Val:
    return compare(b, x, y, np.equal, logic.Step(0.0, 1.0, 0.0))


def Not(b: Importer, x: Val) -> Val:
    return affine(b, x, -1.0, 1.0) if isinstance(x, Ref) else np.logical_not(np.asarray(x))


def And(b: Importer, x: Val, y: Val) -> Val:
    def constant(t: Ref, k: Array, first: bool) -> Val:
        return affine(b, t, k, 0.0)

    return binary(b, x, y, np.logical_and, constant, lambda p, q: together(b, RealProduct, (p, q)))


def Or(b: Importer, x: Val, y: Val) -> Val:
    def constant(t: Ref, k: Array, first: bool) -> Val:
        return affine(b, t, 1.0 - k, k)

    return binary(b, x, y, np.logical_or, constant, lambda p, q: together(b, Extreme, (p, q)))


def Xor(b: Importer, x: Val, y: Val) -> Val:
    def constant(t: Ref, k: Array, first: bool) -> Val:
        return affine(b, t, 1.0 - 2.0 * k, k)

    def tensors(p: Ref, q: Ref) -> Val:
        return unary(b, together(b, RealSum, (p, q), (1, -1)), Truth)

    return binary(b, x, y, np.logical_xor, constant, tensors)


def Where(b: Importer, condition: Val, x: Val, y: Val) -> Val:
    """One function where all three come from one tensor element by element, else ``y + condition * (x - y)``."""
    if isinstance(condition, Ref):
        chosen = one_function(b, condition, x, y)
        return Add(b, Mul(b, condition, Sub(b, x, y)), y) if chosen is None else chosen
    mask = np.asarray(condition, dtype=bool)
    if not isinstance(x, Ref) and not isinstance(y, Ref):
        return np.where(mask, np.asarray(x), np.asarray(y))
    return Add(b, Mul(b, x, mask.astype(np.float64)), Mul(b, y, (~mask).astype(np.float64)))


def one_function(b: Importer, *operands: Val) -> Ref | None:
    """The choice as a function of the nearest tensor that all operands are functions of, or None."""
    refs = [v for v in operands if isinstance(v, Ref)]
    numbers = [np.asarray(v) for v in operands if not isinstance(v, Ref)]
    if any(k.size != 1 or k.ndim > refs[0].rank for k in numbers):
        return None

    def ancestors(x: Ref) -> list[str]:
        names = [x.name]
        while isinstance(op := b.made.get(names[-1]), Apply):
            names.append(op.inputs[0])
        return names

    lines = [ancestors(r) for r in refs]
    shared = [name for name in lines[0] if all(name in line for line in lines)]
    if not shared:
        return None

    def chain(x: Val) -> tuple[f.Function, ...]:
        if not isinstance(x, Ref):
            return (f.Affine(np.zeros(1), np.asarray(x, dtype=np.float64).reshape(1)),)
        names = ancestors(x)
        steps = [b.made[name] for name in reversed(names[: names.index(shared[0])])]
        return tuple(op.function for op in steps if isinstance(op, Apply))

    condition, yes, no = map(chain, operands)
    function = logic.choice(condition, yes, no)
    return None if function is None else b.emit(Apply, refs[0]._replace(name=shared[0]), function)


REAL = ("FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16")
WRAPPED = {"INT2": 2, "UINT2": 2, "INT4": 4, "UINT4": 4, "INT8": 8, "UINT8": 8, "INT16": 16, "UINT16": 16}
WHOLE = ("INT32", "INT64", "UINT32", "UINT64")


def Cast(b: Importer, x: Val, *, to: int, saturate: int = 1, round_mode: str = "up") -> Val:
    """Real types are one; integers lose their fraction, and those of up to 16 bits wrap around; no float8 or float4."""
    if not isinstance(x, Ref):
        return np.asarray(x).astype(onnx.helper.tensor_dtype_to_np_dtype(to))
    kind = onnx.TensorProto.DataType.Name(to)
    if kind in REAL or isinstance(b.made.get(x.name), (RealArgMax, RealTopIndices)):
        return x
    if kind == "BOOL":
        return unary(b, x, Truth)
    if kind in WRAPPED:
        bits = WRAPPED[kind]
        return unary(b, x, logic.Wrap(0 if kind.startswith("U") else -(1 << (bits - 1)), bits))
    if kind not in WHOLE:
        raise refuse(b, f"a cast to {kind} is not supported", "cast to a common type")
    return unary(b, x, logic.Trunc())
