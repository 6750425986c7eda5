"""QONNX: quantisers as operators, in the domains under which real files name them."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ..exact import common_unit, fractions
from ..layers.scalar import Apply, Quantize
from ..scalar.functions import Staircase
from ..scalar.quantizer import Quantizer, Rounding
from .lattice import quantise_constant
from .layout import channelwise, with_constants
from .ops import affine, constant, refuse
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
    if width == 1 and signed and not zero:
        return BipolarQuant(b, x, scale)  # as qonnx reads it: one bit with a sign is the sign
    low, high = limits(width, signed, narrow)
    return quantise(b, x, scale, Quantizer(fractions([1]), low - zero, high - zero, rounding, zero))


def limits(width: int, signed: int, narrow: int) -> tuple[int, int]:
    """The least and the greatest code of so many bits."""
    low = -(1 << (width - 1)) + (1 if narrow else 0) if signed else 0
    return low, (1 << (width - 1)) - 1 if signed else (1 << width) - (2 if narrow else 1)


IntQuant = Quant  # its name in later versions


def BipolarQuant(b: Importer, x: Val, scale: Val) -> Val:
    return quantise(b, x, scale, Quantizer(fractions([1]), -1, 1, bipolar=True))


def Trunc(
    b: Importer,
    x: Val,
    scale: Val,
    zeropt: Val,
    bitwidth: Val,
    after: Val,
    output_bitwidth: Val | None = None,
    *,
    rounding_mode: str = "FLOOR",
    signed: int = 1,
    narrow: int = 0,
) -> Val:
    rounding = ROUNDINGS.get(rounding_mode.upper())
    if rounding is None:
        raise refuse(b, f"rounding mode {rounding_mode} is not known", f"use one of {', '.join(ROUNDINGS)}")
    scales, zero = constant(b, scale, "scale"), whole(b, zeropt, "zero point")
    whole_codes = Quantizer(fractions([1]), None, None, Rounding.HALF_EVEN, zero)
    first = quantise(b, x, scale, whole_codes)
    if output_bitwidth is None:  # version 1: the bits to keep; the scale stays
        shift = whole(b, bitwidth, "input bit width") - whole(b, after, "output bit width")
        last, unit = Quantizer(fractions([1]), None, None, rounding, zero), scales
        slope, offset = Fraction(1, 2**shift), zero * (Fraction(1, 2**shift) - 1)
    else:  # version 2: the scale after, rounded to the next power of two
        unit = constant(b, after, "output scale")
        ratios = {int(r) for r in np.rint(np.log2(unit / scales)).flat}
        shift = ratios.pop()
        kept = zero * Fraction(1, 2) ** shift
        if ratios or kept.denominator != 1:
            raise refuse(b, "its zero point or ratio of scales is not whole", "truncate per tensor, from zero")
        low, high = limits(whole(b, output_bitwidth, "output bit width"), signed, narrow)
        last = Quantizer(fractions([1]), low - int(kept), high - int(kept), rounding, int(kept))
        slope, offset = Fraction(1, 2) ** shift * fractions(unit) / fractions(scales), Fraction(0)
    a, o = fractions(slope), fractions(offset * fractions(scales))
    if not isinstance(first, Ref):
        codes = np.asarray(first, np.float64) * a.astype(np.float64) + o.astype(np.float64)
        return quantise(b, codes, unit, last)
    return quantise(b, affine(b, first, a, o), unit, last)


def MultiThreshold(
    b: Importer,
    x: Val,
    thresholds: Val,
    *,
    out_dtype: str = "",
    out_scale: float = 1.0,
    out_bias: float = 0.0,
    data_layout: str = "",
) -> Val:
    levels = np.sort(constant(b, thresholds, "thresholds").astype(np.float64), axis=-1)
    if not isinstance(x, Ref) or levels.ndim != 2:
        raise refuse(b, "it needs a tensor and thresholds of one row per channel", "export with constant folding")
    if not (np.isfinite(levels).all() and out_scale > 0):
        raise refuse(b, "its thresholds are not finite or its scale is not positive", "repair the file")
    layout = data_layout or {2: "NC", 3: "NWC", 4: "NCHW"}.get(x.rank, "NC")
    first = layout.find("C") == 1 and x.rank > 2
    channels = x.shape[0] if first else x.shape[-1]
    if len(levels) not in (1, channels):
        raise refuse(b, f"{len(levels)} rows of thresholds do not fit {x.shape}", "give one row, or one per channel")
    scale, bias = Fraction(float(out_scale)), Fraction(float(out_bias))
    unit = common_unit([scale, bias])
    count = levels.shape[1]
    codes = Quantizer(fractions([unit]), int(bias / unit), int((bias + count * scale) / unit))

    def apply(t: Ref) -> Ref:
        return b.emit(Quantize, b.emit(Apply, t, Staircase(levels, scale, bias)), codes)

    return channelwise(b, x, apply) if first and len(levels) > 1 else apply(x)


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
    return with_constants(b, x, lambda t, units: b.emit(Quantize, t, replace_scale(quantizer, units)), scales)


def replace_scale(q: Quantizer, scale: Array) -> Quantizer:
    """The quantiser with other units."""
    return Quantizer(fractions(scale), q.low, q.high, q.rounding, q.zero, q.bipolar)
