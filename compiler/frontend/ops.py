"""The ONNX operators: one function each, named as in ONNX; attributes are keyword arguments with ONNX's defaults."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx

from ..exact import fractions
from ..layers.arg_max import RealArgMax
from ..layers.dense import Linear
from ..layers.join import Sum
from ..layers.scalar import Apply
from ..layers.softmax import Softmax as RealSoftmax
from ..scalar import functions as f
from .lattice import OnLattice, row_units
from .layout import joined, with_constants
from .operands import axis_of, constant, finite, refuse
from .value import Array, Dimensions, Ref, Val

if TYPE_CHECKING:
    from .importer import Importer


def unary(b: Importer, x: Val, function: f.Function) -> Val:
    """An element-wise function of a tensor."""
    if not isinstance(x, Ref):
        return function.evaluate(np.asarray(x, dtype=np.float64))
    return b.emit(Apply, x, function)


def affine(b: Importer, x: Ref, slope: Any, intercept: Any) -> Ref:
    """``slope * x + intercept``; the constants broadcast as in ONNX."""
    arrays = [np.asarray(v) for v in (slope, intercept)]
    numbers = [finite(b, a if a.dtype == object else a.astype(np.float64), "constant") for a in arrays]
    return with_constants(b, x, lambda t, s, i: b.emit(Apply, t, f.Affine(s, i)), *numbers)


def binary(
    b: Importer,
    x: Val,
    y: Val,
    fold: Callable[[Any, Any], Any],
    tensor: Callable[[Ref, Array, bool], Ref],
    signs: tuple[int, ...] | None = None,
) -> Val:
    """An operator of two operands; both may depend on the input where it is a sum with ``signs``."""
    if any(isinstance(v, Dimensions) for v in (x, y)):
        raise refuse(b, "it computes with the batch size", "export with a Reshape that keeps the first dimension")
    if isinstance(x, np.ndarray) and isinstance(y, np.ndarray):
        return np.asarray(fold(x, y))
    if isinstance(x, Ref) and isinstance(y, np.ndarray):
        return tensor(x, y, False)
    if isinstance(y, Ref) and isinstance(x, np.ndarray):
        return tensor(y, x, True)
    if signs is None or not isinstance(x, Ref) or not isinstance(y, Ref):
        raise refuse(b, "products of two branches are not supported yet", "use a chain of layers")
    if x.shape != y.shape or x.batched != y.batched:
        raise refuse(b, f"branches of shapes {x.shape} and {y.shape} are joined", "give both one shape")
    return joined(b, Sum, (x, y), signs)


def linear(b: Importer, x: Ref, weight: Array) -> Ref:
    """``weight @ x`` for a matrix of (outputs, inputs)."""
    on_lattice = isinstance(weight, OnLattice)
    weight = finite(b, np.asarray(weight, dtype=np.float64), "weight matrix")
    if weight.ndim != 2 or len(x.shape) != 1 or weight.shape[1] != x.shape[0] or 0 in weight.shape:
        raise refuse(b, f"a matrix of shape {weight.T.shape} does not fit an input of shape {x.shape}", "flatten first")
    units = row_units(weight) if on_lattice else None
    if on_lattice and units is None:
        raise refuse(b, "its weights have codes of more than 16 bits", "quantise the weights to 16 bits or fewer")
    return b.emit(Linear, x, weight, scale=units)


def Gemm(
    b: Importer,
    a: Val,
    w: Val,
    c: Val | None = None,
    *,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,
    transB: int = 0,
) -> Val:
    if not isinstance(a, Ref) or transA:
        raise refuse(b, "its first operand must be the activations, not transposed", "swap the operands")
    weight = constant(b, w, "second operand")
    weight = weight if transB else weight.T
    y = linear(b, a, weight if alpha == 1 else alpha * weight.astype(np.float64))
    return y if c is None else affine(b, y, 1.0, beta * constant(b, c, "bias").astype(np.float64))


def MatMul(b: Importer, a: Val, w: Val) -> Val:
    if isinstance(a, np.ndarray) and isinstance(w, np.ndarray):
        return np.asarray(a @ w)
    if not isinstance(a, Ref):
        raise refuse(b, "its first operand must be the activations", "swap the operands")
    return linear(b, a, constant(b, w, "second operand").T)


def Add(b: Importer, x: Val, y: Val) -> Val:
    return binary(b, x, y, lambda p, q: p + q, lambda t, k, _: affine(b, t, 1.0, k), (1, 1))


def Sub(b: Importer, x: Val, y: Val) -> Val:
    def shifted(t: Ref, k: Array, flip: bool) -> Ref:
        return affine(b, t, -1.0 if flip else 1.0, k if flip else -k)

    return binary(b, x, y, lambda p, q: p - q, shifted, (1, -1))


def Mul(b: Importer, x: Val, y: Val) -> Val:
    return binary(b, x, y, lambda p, q: p * q, lambda t, k, _: affine(b, t, k, 0.0))


def Div(b: Importer, x: Val, y: Val) -> Val:
    def divide(t: Ref, k: Array, flip: bool) -> Ref:
        if flip or not np.all(k):
            raise refuse(b, "it divides by the activations or by zero", "divide by constants only")
        return affine(b, t, 1 / fractions(k), 0.0)

    return binary(b, x, y, lambda p, q: p / q, divide)


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
    spatial: int = 1,
    training_mode: int = 0,
) -> Val:
    if training_mode or not isinstance(x, Ref) or x.rank < 2 or not spatial:
        raise refuse(b, "only inference with parameters per channel is supported", "export in evaluation mode")
    s, o, m, v = (constant(b, p, "parameter").astype(np.float64) for p in (scale, bias, mean, var))
    if (v + epsilon <= 0).any():
        raise refuse(b, "a variance is negative", "train again or repair the file")
    slope = s / np.sqrt(v + epsilon)
    place = (-1, *[1] * (x.rank - 2))
    return affine(b, x, slope.reshape(place), (o - m * slope).reshape(place))


def Relu(b: Importer, x: Val) -> Val:
    return unary(b, x, f.Relu())


def LeakyRelu(b: Importer, x: Val, *, alpha: float = 0.01) -> Val:
    return unary(b, x, f.LeakyRelu(float(np.float32(alpha))))


def Sigmoid(b: Importer, x: Val) -> Val:
    return unary(b, x, f.Sigmoid())


def Tanh(b: Importer, x: Val) -> Val:
    return unary(b, x, f.Tanh())


def Clip(
    b: Importer,
    x: Val,
    low: Val | None = None,
    high: Val | None = None,
    *,
    min: float | None = None,
    max: float | None = None,
) -> Val:
    def bound(value: Val | None, attribute: float | None, default: float) -> float:
        if value is not None:
            return float(constant(b, value, "bound").reshape(-1)[0])
        return default if attribute is None or abs(attribute) > 3e38 else float(attribute)

    lower, upper = bound(low, min, -np.inf), bound(high, max, np.inf)
    if not lower <= upper:
        raise refuse(b, f"its bounds {lower} and {upper} leave nothing", "give min <= max")
    return unary(b, x, f.Clip(lower, upper))


def Softmax(b: Importer, x: Val, *, axis: int | None = None) -> Val:
    default = 1 if b.opset < 13 else -1
    if not isinstance(x, Ref) or len(x.shape) != 1 or axis_of(b, x, default if axis is None else axis) != 0:
        raise refuse(b, "only a softmax over the last axis of a vector is supported", "flatten first")
    return b.emit(RealSoftmax, x)


def ArgMax(b: Importer, x: Val, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Val:
    if not isinstance(x, Ref) or len(x.shape) != 1 or axis_of(b, x, axis) != 0 or select_last_index:
        raise refuse(b, "only the first maximum over the last axis of a vector is supported", "use axis=1")
    return b.emit(RealArgMax, x)


def Cast(b: Importer, x: Val, *, to: int, saturate: int = 1) -> Val:
    if isinstance(x, np.ndarray):
        return x.astype(onnx.helper.tensor_dtype_to_np_dtype(to))
    labels = isinstance(x, Ref) and isinstance(b.made.get(x.name), RealArgMax)
    if to not in (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE) and not labels:
        raise refuse(b, "a cast to integers rounds the activations", "leave it out")
    return x
