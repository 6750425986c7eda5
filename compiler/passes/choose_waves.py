"""Cosines of matrices of sines with their logic: a unit off where that takes fewer LUTs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..functions.lookups import Units, unit_of
from ..layers.sines import Waves, table

__all__ = ["choose_waves"]

ERROR = 1.0  # units of the amplitude, which counts half the steps of a quarter turn: as much as a step of the angle
ONE_FUNCTION = 3  # bits of a step: up to here a product takes less as one function, and is the nearest one


def choose_waves(waves: Waves, units: Units) -> Waves:
    """Both functions, or that of small products, chosen together with their circuits; tables where these are better."""
    if waves.bits <= ONE_FUNCTION:
        nearest, other = waves.products_within(0.5)
        return replace(waves, product=unit_of(units, 0, nearest, other) or table(0, nearest.tolist()))
    bounds, steps = waves.within(ERROR), waves.steps
    circuits = tuple(unit_of(units, -steps, *b) or plain for b, plain in zip(bounds, waves.logic, strict=True))
    codes = np.arange(-steps, steps).reshape(-1, 1)
    even, odd = (tuple(c.evaluate(codes)[:, 0].tolist()) for c in circuits)
    return Waves(waves.amplitude, even, odd, circuits)
