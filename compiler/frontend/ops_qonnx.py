"""QONNX: quantisers as operators, in the domains under which real files name them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..exact import fractions
from ..layers.scalar import Quantize
from ..scalar.quantizer import Quantizer, Rounding
from .lattice import quantise_constant
from .ops import constant, refuse
from .value import Array, Ref, Val

if TYPE_CHECKING:
    from .importer import Importer

DOMAINS = ("qonnx.custom_op.general", "onnx.brevitas", "finn.custom_op.general")
ROUNDINGS = {
    "ROUND": Rounding.HALF_EVEN, "HALF_EVEN": Rounding.HALF_EVEN, "CEIL": Rounding.CEIL, "FLOOR": Rounding.FLOOR,
    "ROUND_TO_ZERO": Rounding.TO_ZERO, "DOWN": Rounding.TO_ZERO, "UP": Rounding.AWAY,
    "HALF_UP": Rounding.HALF_AWAY, "HALF_DOWN": Rounding.HALF_TO_ZERO,
}  # fmt: skip
WIDEST = 32


def Quant(
    b: Importer,
    x: Val,
    scale: Val,
    zeropt: Val,
    bitwidth: Val,
    *,
    signed: int = 1,
    narrow: int = 0,
    rounding_mode: str = "ROUND",
) -> Val:
    width = whole(b, bitwidth, "bit width")
    zero = whole(b, zeropt, "zero point")
    rounding = ROUNDINGS.get(rounding_mode.upper())
    if rounding is None:
        raise refuse(b, f"rounding mode {rounding_mode} is not known", f"use one of {', '.join(ROUNDINGS)}")
    if not 1 <= width <= WIDEST:
        raise refuse(b, f"{width} bits are not supported", f"use 1 to {WIDEST}")
    low = -(1 << (width - 1)) + (1 if narrow else 0) if signed else 0
    high = (1 << (width - 1)) - 1 if signed else (1 << width) - (2 if narrow else 1)
    return quantise(b, x, scale, Quantizer(fractions([1]), low - zero, high - zero, rounding, zero))


def IntQuant(b: Importer, x: Val, scale: Val, zeropt: Val, bitwidth: Val, **attributes: Any) -> Val:
    return Quant(b, x, scale, zeropt, bitwidth, **attributes)


def BipolarQuant(b: Importer, x: Val, scale: Val) -> Val:
    return quantise(b, x, scale, Quantizer(fractions([1]), -1, 1, bipolar=True))


def whole(b: Importer, value: Val, role: str) -> int:
    """An input that must be one constant integer."""
    array = constant(b, value, role).reshape(-1)
    if array.size == 0 or (array != array[0]).any() or float(array[0]) != int(array[0]):
        raise refuse(b, f"its {role} is not one integer", "quantise with whole bits per tensor")
    return int(array[0])


def quantise(b: Importer, x: Val, scale: Val, quantizer: Quantizer) -> Val:
    """A quantiser with a file's scale: of a constant at once, of a tensor as an operation."""
    scales = constant(b, scale, "scale")
    if not (np.isfinite(scales).all() and (scales > 0).all()):
        raise refuse(b, "its scale is not positive", "train again or repair the file")
    if not isinstance(x, Ref):
        return quantise_constant(np.asarray(x), replace_scale(quantizer, scales))
    while scales.ndim > 1 and scales.shape[0] == 1:
        scales = scales[0]
    if scales.size != 1 and scales.shape != x.shape[-1:]:
        raise refuse(b, f"a scale of shape {scales.shape} does not fit {x.shape}", "quantise per tensor or channel")
    return b.emit(Quantize, x, replace_scale(quantizer, scales.reshape(-1)))


def replace_scale(q: Quantizer, scale: Array) -> Quantizer:
    """The quantiser with other units."""
    return Quantizer(fractions(scale), q.low, q.high, q.rounding, q.zero, q.bipolar)
