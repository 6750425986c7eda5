"""A clip beside a quantiser becomes its bounds, as exporters of few-bit codes write them (QCDQ, fake quantisation)."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from ..exact import as_fraction
from ..layers.scalar import Apply, Quantize
from ..real import Op, RealGraph
from ..scalar.functions import Affine, Clip, Relu
from ..scalar.quantizer import Quantizer
from .fold_affine import only_reader

__all__ = ["narrow_quantizers"]

Bounds = tuple[Fraction | None, Fraction | None]


def narrow_quantizers(graph: RealGraph) -> RealGraph:
    """The same function with each clip that cuts at codes of the quantiser before or behind it as its bounds.

    One rising affine function may stand between a quantiser and the clip behind it.
    """
    while (changed := narrow_once(graph)) is not graph:
        graph = changed
    return graph


def narrow_once(graph: RealGraph) -> RealGraph:
    """Narrow the first quantiser that a clip stands beside; the last operation of each pair keeps its name."""
    for op in graph.ops:
        reader = only_reader(graph, op)
        if reader is None:
            continue
        bounds = bounds_of(op)
        narrow = within(reader.quantizer, bounds) if isinstance(reader, Quantize) and bounds is not None else None
        if narrow is not None:
            merged = replace(reader, inputs=op.inputs, quantizer=narrow)
            return graph.replace([merged if o is reader else o for o in graph.ops if o is not op])
        if not isinstance(op, Quantize):
            continue
        between = reader if isinstance(reader, Apply) and isinstance(reader.function, Affine) else None
        clip = reader if between is None else only_reader(graph, between)
        bounds = None if clip is None else bounds_of(clip)
        if clip is None or bounds is None:
            continue
        if between is not None:
            bounds = before(between, bounds)
        narrow = None if bounds is None else within(op.quantizer, bounds)
        if narrow is None:
            continue
        if between is None:
            named = {id(op): replace(op, name=clip.name, quantizer=narrow)}
        else:
            named = {id(op): replace(op, quantizer=narrow), id(between): replace(between, name=clip.name)}
        return graph.replace([named.get(id(o), o) for o in graph.ops if o is not clip])
    return graph


def bounds_of(op: Op) -> Bounds | None:
    """The bounds of a clip; None for what is none."""
    if not isinstance(op, Apply):
        return None
    match op.function:
        case Relu():
            return Fraction(0), None
        case Clip(low=low, high=high):
            return (Fraction(low) if np.isfinite(low) else None), (Fraction(high) if np.isfinite(high) else None)
        case _:
            return None


def before(op: Apply, bounds: Bounds) -> Bounds | None:
    """The bounds in front of a rising affine function that mean those behind it."""
    assert isinstance(op.function, Affine)
    lines = {(as_fraction(a), as_fraction(b)) for a, b in zip(*map(np.ravel, parameters(op.function)), strict=True)}
    slope, intercept = next(iter(lines))
    if len(lines) > 1 or slope <= 0:
        return None
    low, high = (None if v is None else (v - intercept) / slope for v in bounds)
    return low, high


def parameters(function: Affine) -> list[np.ndarray]:
    """Slope and intercept in one shape."""
    return list(np.broadcast_arrays(function.slope, function.intercept))


def within(quantizer: Quantizer, bounds: Bounds) -> Quantizer | None:
    """The quantiser cut at bounds; None where these are no codes of it."""
    units = {*quantizer.scale.flat}
    if quantizer.bipolar or (len(units) > 1 and any(bounds)):
        return None
    unit = next(iter(units))
    codes = [None if v is None else v / unit for v in bounds]
    if any(c is not None and c.denominator != 1 for c in codes):
        return None
    low, high = (None if c is None else int(c) for c in codes)
    low = quantizer.low if low is None else low if quantizer.low is None else max(low, quantizer.low)
    high = quantizer.high if high is None else high if quantizer.high is None else min(high, quantizer.high)
    return None if low is not None and high is not None and low > high else replace(quantizer, low=low, high=high)
