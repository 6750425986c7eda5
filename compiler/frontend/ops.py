"""The ONNX operators: one function each, named as in ONNX; attributes are keyword arguments with ONNX's defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..layers.scalar import Apply
from ..scalar import functions as f
from .layout import with_constants
from .operands import constant, finite, refuse
from .value import Ref, Val

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
    is_test: int = 0,
) -> Val:
    """Inference, with constant parameters per channel."""
    if training_mode or (b.opset < 7 and not is_test) or not isinstance(x, Ref) or x.rank < 2 or not spatial:
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
    """The upper bound wins where it is below the lower one."""

    def bound(value: Val | None, attribute: float | None, default: float) -> float:
        if value is not None:
            return float(constant(b, value, "bound").reshape(-1)[0])
        return default if attribute is None or abs(attribute) > 3e38 else float(attribute)

    lower, upper = bound(low, min, -np.inf), bound(high, max, np.inf)
    return unary(b, x, f.Clip(lower if lower < upper else upper, upper))
