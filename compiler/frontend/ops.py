"""The ONNX operators: one function each, named as in ONNX; attributes are keyword arguments with ONNX's defaults."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx

from ..errors import CompileError, Problem
from ..exact import fractions
from ..layers.arg_max import RealArgMax
from ..layers.dense import Linear
from ..layers.join import Concatenate, Sum
from ..layers.rearrange import RealRearrange
from ..layers.scalar import Apply
from ..layers.softmax import BothClasses
from ..layers.softmax import Softmax as RealSoftmax
from ..scalar import functions as f
from .lattice import OnLattice, row_units
from .layout import channel_first, channel_last, channelwise, joined
from .value import Array, Dimensions, Ref, Val, dimensions

if TYPE_CHECKING:
    from .importer import Importer


def refuse(b: Importer, what: str, remedy: str) -> CompileError:
    """The error of the current node."""
    return CompileError([Problem(b.current, what, remedy)])


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


def unary(b: Importer, x: Val, function: f.Function) -> Val:
    """An element-wise function of a tensor."""
    if not isinstance(x, Ref):
        return function.evaluate(np.asarray(x, dtype=np.float64))
    return b.emit(Apply, x, function)


def affine(b: Importer, x: Ref, slope: Any, intercept: Any) -> Ref:
    """``slope * x + intercept``; parameters are one number, one per element of the last axis, or one per channel."""
    if any(is_per_channel(x, value) for value in (slope, intercept)):
        flat = [np.asarray(v).reshape(-1) if np.size(v) == 1 or is_per_channel(x, v) else v for v in (slope, intercept)]
        return channelwise(b, x, lambda t: affine(b, t, *flat))
    parameters: list[Array] = []
    for value in (slope, intercept):
        array = np.asarray(value)
        array = array if array.dtype == object else array.astype(np.float64)
        while array.ndim > 1 and array.shape[0] == 1:
            array = array[0]
        if array.size != 1 and array.shape != x.shape[-1:]:
            raise refuse(
                b, f"a constant of shape {np.shape(value)} does not fit {x.shape}", "give one number per channel"
            )
        parameters.append(finite(b, array.reshape(-1), "constant"))
    return b.emit(Apply, x, f.Affine(*parameters))


def is_per_channel(x: Ref, value: Any) -> bool:
    """Whether a constant has one number per channel of a tensor (channels, *spatial)."""
    shape, image = np.shape(value), (x.shape[0], *[1] * (len(x.shape) - 1)) if x.shape else ()
    return len(x.shape) > 1 and np.size(value) > 1 and shape in (image, (1, *image))


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
    if x.shape != y.shape:
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
    if training_mode or not isinstance(x, Ref) or not x.shape or not spatial:
        raise refuse(b, "only inference with parameters per channel is supported", "export in evaluation mode")
    s, o, m, v = (constant(b, p, "parameter").astype(np.float64) for p in (scale, bias, mean, var))
    if (v + epsilon <= 0).any():
        raise refuse(b, "a variance is negative", "train again or repair the file")
    slope = s / np.sqrt(v + epsilon)
    return channelwise(b, x, lambda t: affine(b, t, slope, o - m * slope))


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
    if not isinstance(x, Ref) or len(x.shape) != 1 or axis not in (None, 1, -1):
        raise refuse(b, "only a softmax over the last axis of a vector is supported", "flatten first")
    return b.emit(RealSoftmax, x)


def ArgMax(b: Importer, x: Val, *, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Val:
    if not isinstance(x, Ref) or len(x.shape) != 1 or axis not in (1, -1) or select_last_index:
        raise refuse(b, "only the first maximum over the last axis of a vector is supported", "use axis=1")
    return b.emit(RealArgMax, x)


def rearrange(b: Importer, x: Val, array: Callable[[Array], Array], sample: Callable[[Array], Array]) -> Val:
    """A layout change: of a constant at once, of a tensor by its element numbers (without batch)."""
    if not isinstance(x, Ref):
        return array(np.asanyarray(x))  # a quantised constant stays marked
    index = np.arange(int(np.prod(x.shape))).reshape(x.shape)
    result = sample(index)
    return x if result.shape == x.shape and (result == index).all() else b.emit(RealRearrange, x, result)


def Flatten(b: Importer, x: Val, *, axis: int = 1) -> Val:
    def one(a: Array) -> Array:
        if axis not in (1, -len(a.shape)):
            raise refuse(b, f"axis {axis} mixes the samples of a batch", "use axis=1")
        return a.reshape(-1)

    return rearrange(b, x, lambda a: a.reshape(int(np.prod(a.shape[:axis])), -1), one)


def Reshape(b: Importer, x: Val, shape: Val | None = None, *, allowzero: int = 0) -> Val:
    target = [int(d) for d in constant(b, shape, "target shape").reshape(-1)]

    def one(a: Array) -> Array:
        if target == [-1] and a.size == 1:
            return a
        rest = [a.shape[i] if d == 0 and i < a.ndim else d for i, d in enumerate(target[1:])]
        known = int(np.prod([d for d in rest if d != -1]))
        if target[0] != -1 and -1 in rest and known and a.size % known == 0:
            rest = [a.size // known if d == -1 else d for d in rest]
        if -1 in rest or int(np.prod(rest)) != a.size or not rest:
            raise refuse(b, f"{a.shape} to {target} mixes the samples of a batch", "keep the first dimension")
        return a.reshape(rest)

    return rearrange(b, x, lambda a: a.reshape(target), one)


def Transpose(b: Importer, x: Val, *, perm: list[int] | None = None) -> Val:
    def one(a: Array) -> Array:
        order = perm or list(range(a.ndim, -1, -1))
        if order[0] != 0:
            raise refuse(b, "it moves the batch dimension", "keep the first dimension")
        return a.transpose([p - 1 for p in order[1:]])

    return rearrange(b, x, lambda a: a.transpose(perm), one)


def Concat(b: Importer, *parts: Val, axis: int) -> Val:
    if all(isinstance(p, np.ndarray) for p in parts):
        joint = np.concatenate([np.asarray(p) for p in parts], axis=axis)
        return dimensions(joint) if any(isinstance(p, Dimensions) for p in parts) else joint
    if len(parts) == 2 and axis in (1, -1) and complement(b, *parts):
        assert isinstance(parts[1], Ref)
        return b.emit(BothClasses, parts[1])
    refs = [p for p in parts if isinstance(p, Ref)]
    if len(refs) != len(parts):
        raise refuse(b, "it joins a constant and a branch", "leave the constant out")
    if axis not in (1, -len(refs[0].shape) - 1) or len({r.shape[1:] for r in refs}) > 1:
        raise refuse(b, "only branches of one spatial size are joined, on the channel axis", "use axis=1")
    return channel_first(b, joined(b, Concatenate, [channel_last(b, r) for r in refs]))


def complement(b: Importer, x: Val, p: Val) -> bool:
    """Whether the first is one minus the second, a single sigmoid: the two classes of scikit-learn's exporter."""
    if not isinstance(x, Ref) or not isinstance(p, Ref) or p.shape != (1,):
        return False
    made = {op.name: op for op in b.ops}
    left, right = made.get(x.name), made.get(p.name)
    if not (isinstance(left, Apply) and isinstance(right, Apply) and isinstance(right.function, f.Sigmoid)):
        return False
    one = isinstance(left.function, f.Affine) and bool((left.function.slope == -1).all())
    return one and left.inputs == (p.name,) and bool((left.function.evaluate(np.zeros(1)) == 1).all())


def Identity(b: Importer, x: Val) -> Val:
    return x


def Dropout(b: Importer, x: Val, ratio: Val | None = None, training_mode: Val | None = None, *, seed: int = 0) -> Val:
    return x


def Cast(b: Importer, x: Val, *, to: int, saturate: int = 1) -> Val:
    if isinstance(x, np.ndarray):
        return x.astype(onnx.helper.tensor_dtype_to_np_dtype(to))
    labels = isinstance(x, Ref) and any(op.name == x.name and isinstance(op, RealArgMax) for op in b.ops)
    if to not in (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE) and not labels:
        raise refuse(b, "a cast to integers rounds the activations", "leave it out")
    return x


def Constant(
    b: Importer,
    *,
    value: Array | None = None,
    value_float: float | None = None,
    value_floats: list[float] | None = None,
    value_int: int | None = None,
    value_ints: list[int] | None = None,
) -> Val:
    for given in (value, value_float, value_floats, value_int, value_ints):
        if given is not None:
            return np.asarray(given)
    raise refuse(b, "it holds no numbers", "use numeric constants")
