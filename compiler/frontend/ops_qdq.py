"""ONNX's own quantisers: QuantizeLinear and DequantizeLinear.

A tensor of codes is carried as the real numbers that the codes are, so what stands between both (Reshape, MaxPool,
Clip) needs nothing special: quantising is a ``Quantize`` in the file's scale with the zero point taken off, then an
affine function to the codes; dequantising is the affine function back. The passes merge what cancels.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import onnx

from ..exact import fractions, objects
from ..layers.scalar import Apply, Quantize
from ..scalar.functions import Affine, Clip
from ..scalar.quantizer import Quantizer, Rounding
from .lattice import OnLattice, constant_codes
from .layout import moved
from .operands import axis_of, constant, refuse
from .value import Array, Ref, Val

if TYPE_CHECKING:
    from .importer import Importer

__all__ = ["Integers", "dequantised", "integers_of", "quantised"]

DOMAINS = ("", "ai.onnx", "com.microsoft")
CHECK = "check the model with onnx.checker"
WIDEST = 16  # bits of codes that have a lattice of their own; 32 are sums and biases
FLOAT_EXACT = 1 << 29  # codes below, times a float32 scale, are exact in float64


@dataclass(frozen=True)
class Integers:
    """What a file's tensor of codes means: ``real = scale * (code - zero)``.

    ``scale`` (exact fractions) and ``zero`` are one number, or one per element of ``axis``; ``dtype`` is the codes'
    type, None where no operand says it.
    """

    scale: npt.NDArray[Any]
    zero: npt.NDArray[np.int64]
    dtype: np.dtype[Any] | None
    axis: int = 1

    @property
    def bits(self) -> int:
        """The width of its type; 32 where that is not known."""
        return 32 if self.dtype is None else int(self.dtype.name.lstrip("uint"))

    @property
    def limits(self) -> tuple[int, int]:
        """The least and greatest code."""
        if self.dtype is not None and self.dtype.name.startswith("u"):
            return 0, (1 << self.bits) - 1
        return -(1 << (self.bits - 1)), (1 << (self.bits - 1)) - 1

    @property
    def quantizer(self) -> Quantizer:
        """The codes without their zero point; unbounded where that differs by channel."""
        if len({*self.zero.tolist()}) > 1:
            return Quantizer(self.scale, None, None, Rounding.HALF_EVEN)
        low, high = (v - int(self.zero[0]) for v in self.limits)
        return Quantizer(self.scale, low, high, Rounding.HALF_EVEN)


def QuantizeLinear(
    b: Importer,
    x: Val,
    scale: Val,
    zero: Val | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    output_dtype: int = 0,
    precision: int = 0,
    saturate: int = 1,
) -> Val:
    """Integer codes of 2 to 16 bits, constant scales per tensor or per axis, none per block."""
    stated = onnx.helper.tensor_dtype_to_np_dtype(output_dtype) if output_dtype else np.dtype(np.uint8)
    return quantised(b, x, integers_of(b, scale, zero, axis, block_size, stated))


def DequantizeLinear(
    b: Importer,
    x: Val,
    scale: Val,
    zero: Val | None = None,
    *,
    axis: int = 1,
    block_size: int = 0,
    output_dtype: int = 0,
) -> Val:
    """Integer codes, constant scales per tensor or per axis, none per block."""
    return dequantised(b, x, integers_of(b, scale, zero, axis, block_size))


def DynamicQuantizeLinear(b: Importer, x: Val) -> Val:
    """Always refused: its scale depends on each sample."""
    what = "its scale depends on each sample, which hardware cannot follow"
    raise refuse(b, what, "quantise statically (onnxruntime.quantization.quantize_static), or give the float model")


def integers_of(
    b: Importer,
    scale: Val | None,
    zero: Val | None,
    axis: int = 1,
    block_size: int = 0,
    default: np.dtype[Any] | None = None,
) -> Integers:
    """The meaning of codes by a file's scale and zero point; ``default`` is their type where there is no zero point."""
    scales = constant(b, scale, "scale").astype(np.float64)
    if block_size or scales.ndim > 1:
        raise refuse(b, "a scale per block is not supported", "quantise per tensor or per channel")
    if not (np.isfinite(scales).all() and (scales > 0).all()):
        raise refuse(b, "its scale is not positive", "train again or repair the file")
    zeros: Array = np.zeros(1, np.int64)
    if zero is not None:
        given = constant(b, zero, "zero point")
        default, zeros = given.dtype, given
    if default is not None and not is_integer(default):
        raise refuse(b, f"codes of type {default.name} are not supported", "quantise to integers")
    if zeros.size not in (1, scales.size):
        raise refuse(b, f"{zeros.size} zero points do not fit {scales.size} scales", CHECK)
    return Integers(fractions(scales.reshape(-1)), zeros.astype(np.int64).reshape(-1), default, axis)


def is_integer(dtype: np.dtype[Any]) -> bool:
    """Whether a type is one of integers, those of ONNX with few bits included."""
    return re.fullmatch(r"u?int\d+", dtype.name) is not None


def quantised(b: Importer, x: Val, kind: Integers) -> Val:
    """The codes of a tensor: round half to even, then add the zero point, then saturate."""
    if not isinstance(x, Ref):
        return constant_quantised(b, np.asarray(x), kind)
    q = b.emit(Quantize, channels_last(b, x, kind), kind.quantizer)
    codes = b.emit(Apply, q, Affine(1 / kind.scale, fractions(kind.zero)))
    if not kind.quantizer.bounded:
        codes = b.emit(Apply, codes, Clip(*map(float, kind.limits)))
    return channels_back(b, codes, x, kind)


def dequantised(b: Importer, x: Val, kind: Integers) -> Val:
    """The real numbers of codes; constants are marked as on a lattice.

    Codes of few bits are so by their type, whatever made them: a quantiser says it, and is dropped where it is known.
    """
    if not isinstance(x, Ref):
        return constant_dequantised(b, np.asarray(x), kind)
    y = b.emit(Apply, channels_last(b, x, kind), Affine(kind.scale, -kind.scale * objects(kind.zero)))
    if kind.bits <= WIDEST and len({*kind.zero.tolist()}) == 1:
        y = b.emit(Quantize, y, kind.quantizer)
    return channels_back(b, y, x, kind)


def constant_quantised(b: Importer, x: Array, kind: Integers) -> Array:
    """The codes of a constant."""
    scale, zero = along_axis(b, x, kind)
    units = constant_codes(x, Quantizer(scale, None, None, Rounding.HALF_EVEN))
    return np.clip(units + zero, *kind.limits).astype(kind.dtype)


def constant_dequantised(b: Importer, x: Array, kind: Integers) -> Array:
    """The numbers of constant codes: float64 where that is exact, else fractions."""
    scale, zero = along_axis(b, x, kind)
    if not is_integer(x.dtype):
        raise refuse(b, f"codes of type {x.dtype.name} are not supported", "quantise to integers")
    units = np.asarray(x.astype(np.int64) - zero)
    if int(np.abs(units).max(initial=0)) >= FLOAT_EXACT:
        return objects(units) * np.broadcast_to(scale, units.shape)
    return np.asarray(units * scale.astype(np.float64)).view(OnLattice)


def along_axis(b: Importer, x: Array, kind: Integers) -> tuple[Array, Array]:
    """Scale and zero point in a shape that broadcasts to a constant."""
    if kind.scale.size == 1:
        return kind.scale.reshape(()), kind.zero.reshape(())
    axis = kind.axis + x.ndim if kind.axis < 0 else kind.axis
    if not 0 <= axis < x.ndim or x.shape[axis] != kind.scale.size:
        what = f"{kind.scale.size} scales do not fit axis {kind.axis} of shape {x.shape}"
        raise refuse(b, what, CHECK)
    shape = tuple(-1 if i == axis else 1 for i in range(x.ndim))
    return kind.scale.reshape(shape), np.broadcast_to(kind.zero, kind.scale.shape).reshape(shape)


def channels_last(b: Importer, x: Ref, kind: Integers) -> Ref:
    """The tensor with the axis that has the scales last."""
    if kind.scale.size == 1:
        return x
    axis = axis_of(b, x, kind.axis)
    if x.shape[axis] != kind.scale.size:
        what = f"{kind.scale.size} scales do not fit axis {kind.axis} of samples of shape {x.shape}"
        raise refuse(b, what, CHECK)
    return moved(b, x, axis, -1)


def channels_back(b: Importer, y: Ref, x: Ref, kind: Integers) -> Ref:
    """A result in the axes of the tensor that it was made of."""
    return y if kind.scale.size == 1 else moved(b, y, -1, axis_of(b, x, kind.axis))
