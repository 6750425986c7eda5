"""Operators on codes: ONNX's QLinear*, MatMulInteger and ConvInteger, and those of ONNX Runtime's quantiser.

Each is what its float operator makes of the dequantised operands, quantised again where the file says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..exact import fractions, objects
from . import ops, ops_image, ops_join, ops_matmul, ops_select
from .operands import constant, refuse
from .ops_qdq import Integers, dequantised, integers_of, quantised
from .value import Array, Val

if TYPE_CHECKING:
    from .importer import Importer

DOMAINS = ("", "ai.onnx", "com.microsoft")


class Form(NamedTuple):
    """The attributes of a convolution."""

    auto_pad: str
    dilations: list[int] | None
    group: int
    kernel_shape: list[int] | None
    pads: list[int] | None
    strides: list[int] | None


def real(b: Importer, codes: Val, scale: Val | None, zero: Val | None = None, axis: int = 0) -> Val:
    """The real numbers of an operand."""
    return dequantised(b, codes, meaning(b, codes, scale, zero, axis))


def meaning(b: Importer, codes: Val, scale: Val | None, zero: Val | None, axis: int = 0) -> Integers:
    """What an operand's codes mean; a constant says its type itself."""
    return integers_of(b, scale, zero, axis, default=codes.dtype if isinstance(codes, np.ndarray) else None)


def codes_of(b: Importer, y: Val, scale: Val | None, zero: Val | None) -> Val:
    """The codes of a result, of 8 bits unsigned where no zero point says otherwise."""
    return quantised(b, y, integers_of(b, scale, zero, default=np.dtype(np.uint8)))


def bias_of(b: Importer, bias: Val | None, x_scale: Val | None, w_scale: Val | None) -> Array | None:
    """A bias of codes that count in products of both scales, one per output or one for all, in exact fractions."""
    if bias is None:
        return None
    scales = [fractions(constant(b, s, "scale").reshape(-1)) for s in (x_scale, w_scale)]
    return objects(constant(b, bias, "bias").astype(np.int64).reshape(-1)) * scales[0] * scales[1]


def QLinearConv(
    b: Importer,
    x: Val,
    x_scale: Val,
    x_zero: Val,
    w: Val,
    w_scale: Val,
    w_zero: Val,
    y_scale: Val,
    y_zero: Val,
    bias: Val | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: list[int] | None = None,
    group: int = 1,
    kernel_shape: list[int] | None = None,
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> Val:
    """A constant kernel; one to three spatial axes."""
    form = Form(auto_pad, dilations, group, kernel_shape, pads, strides)
    offset = bias_of(b, bias, x_scale, w_scale)
    y = ops_image.Conv(b, real(b, x, x_scale, x_zero), real(b, w, w_scale, w_zero), offset, **form._asdict())
    return codes_of(b, y, y_scale, y_zero)


def QLinearMatMul(
    b: Importer, x: Val, x_scale: Val, x_zero: Val, w: Val, w_scale: Val, w_zero: Val, y_scale: Val, y_zero: Val
) -> Val:
    """One operand is a constant."""
    y = ops_matmul.MatMul(b, real(b, x, x_scale, x_zero, -2), real(b, w, w_scale, w_zero, -1))
    return codes_of(b, y, y_scale, y_zero)


def QGemm(
    b: Importer,
    x: Val,
    x_scale: Val,
    x_zero: Val,
    w: Val,
    w_scale: Val,
    w_zero: Val,
    bias: Val | None = None,
    y_scale: Val | None = None,
    y_zero: Val | None = None,
    *,
    alpha: float = 1.0,
    transA: int = 0,
    transB: int = 0,
) -> Val:
    weight = real(b, w, w_scale, w_zero, 0 if transB else 1)
    y = ops_matmul.Gemm(b, real(b, x, x_scale, x_zero), weight, alpha=alpha, transA=transA, transB=transB)
    offset = bias_of(b, bias, x_scale, w_scale)
    if offset is not None:
        y = ops_join.Add(b, y, offset * fractions(alpha))
    return y if y_scale is None else codes_of(b, y, y_scale, y_zero)


def unscaled(b: Importer, codes: Val, zero: Val | None, axis: int) -> Val:
    """Codes without their zero point, as real numbers."""
    size = 1 if zero is None else constant(b, zero, "zero point").size
    return real(b, codes, np.ones(size), zero, axis)


def MatMulInteger(b: Importer, x: Val, w: Val, x_zero: Val | None = None, w_zero: Val | None = None) -> Val:
    """One operand is a constant."""
    return ops_matmul.MatMul(b, unscaled(b, x, x_zero, -2), unscaled(b, w, w_zero, -1))


def ConvInteger(
    b: Importer,
    x: Val,
    w: Val,
    x_zero: Val | None = None,
    w_zero: Val | None = None,
    *,
    auto_pad: str = "NOTSET",
    dilations: list[int] | None = None,
    group: int = 1,
    kernel_shape: list[int] | None = None,
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> Val:
    """A constant kernel; one to three spatial axes."""
    form = Form(auto_pad, dilations, group, kernel_shape, pads, strides)
    return ops_image.Conv(b, unscaled(b, x, x_zero, 0), unscaled(b, w, w_zero, 0), **form._asdict())


def QLinearAdd(
    b: Importer, x: Val, xs: Val, xz: Val | None, y: Val, ys: Val, yz: Val | None, zs: Val, zz: Val | None = None
) -> Val:
    return codes_of(b, ops_join.Add(b, real(b, x, xs, xz), real(b, y, ys, yz)), zs, zz)


def QLinearMul(
    b: Importer, x: Val, xs: Val, xz: Val | None, y: Val, ys: Val, yz: Val | None, zs: Val, zz: Val | None = None
) -> Val:
    return codes_of(b, ops_join.Mul(b, real(b, x, xs, xz), real(b, y, ys, yz)), zs, zz)


def QLinearSigmoid(b: Importer, x: Val, xs: Val, xz: Val | None, ys: Val, yz: Val | None = None) -> Val:
    return codes_of(b, ops.Sigmoid(b, real(b, x, xs, xz)), ys, yz)


def QLinearLeakyRelu(
    b: Importer, x: Val, xs: Val, xz: Val | None, ys: Val, yz: Val | None = None, *, alpha: float = 0.01
) -> Val:
    return codes_of(b, ops.LeakyRelu(b, real(b, x, xs, xz), alpha=alpha), ys, yz)


def QLinearGlobalAveragePool(b: Importer, x: Val, xs: Val, xz: Val, ys: Val, yz: Val, *, channels_last: int = 0) -> Val:
    refuse_channels_last(b, channels_last)
    return codes_of(b, ops_image.GlobalAveragePool(b, real(b, x, xs, xz)), ys, yz)


def QLinearAveragePool(
    b: Importer,
    x: Val,
    xs: Val,
    xz: Val | None,
    ys: Val,
    yz: Val | None = None,
    *,
    kernel_shape: list[int],
    auto_pad: str = "NOTSET",
    ceil_mode: int = 0,
    channels_last: int = 0,
    count_include_pad: int = 0,
    pads: list[int] | None = None,
    strides: list[int] | None = None,
) -> Val:
    refuse_channels_last(b, channels_last)
    y = ops_image.AveragePool(
        b, real(b, x, xs, xz), kernel_shape=kernel_shape, auto_pad=auto_pad, ceil_mode=ceil_mode,
        count_include_pad=count_include_pad, pads=pads, strides=strides,
    )  # fmt: skip
    return codes_of(b, y, ys, yz)


def QLinearConcat(b: Importer, ys: Val, yz: Val, *parts: Val, axis: int) -> Val:
    if len(parts) % 3:
        raise refuse(b, "it lacks scales or zero points of its operands", "check the model with onnx.checker")
    operands = [real(b, x, scale, zero) for x, scale, zero in zip(parts[::3], parts[1::3], parts[2::3], strict=True)]
    return codes_of(b, ops_select.Concat(b, *operands, axis=axis), ys, yz)


def refuse_channels_last(b: Importer, channels_last: int) -> None:
    """Refuse images with their channels last."""
    if channels_last:
        raise refuse(b, "channels_last is not supported", "quantise with the channels first")
