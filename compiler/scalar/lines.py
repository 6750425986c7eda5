"""Curves of more levels than breakpoints can hold, as few lines: at most one unit from the exact rounding.

A line may be anywhere within a quarter of a unit of the real function, so each is drawn as far as that allows (the
slopes that are still possible form a cone: Williams 1978, "An efficient two-dimensional line fit").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import floor

import numpy as np

from ..real import Reals
from .functions import Function
from .pieces import Line
from .quantizer import Quantizer, Rounding

__all__ = ["MAX_POINTS", "few_lines", "sampled"]

MAX_POINTS = 1 << 20  # as many integers are looked at
CHUNK = 1 << 12
NEAR = 0.25  # units
HALVES = {Rounding.HALF_UP, Rounding.HALF_EVEN, Rounding.HALF_AWAY, Rounding.HALF_TO_ZERO}
ADDED = {**dict.fromkeys(HALVES, Fraction(1, 2)), Rounding.FLOOR: Fraction(1, 4)}
"""What is added before rounding down; so a value at a bound stays there."""


def sampled(functions: Sequence[Function], channel: int, x: Reals) -> Reals:
    """A chain's values in one channel, in float64."""
    for f in functions:
        if f.channels == 1:
            x = f.evaluate(x)
        else:
            parts = np.split(x, range(CHUNK, len(x), CHUNK))
            rows = [f.evaluate(np.repeat(part[:, None], f.channels, axis=1))[:, channel] for part in parts]
            x = np.concatenate(rows)
    return x


def few_lines(start: int, y: Reals, q: Quantizer) -> list[Line] | None:
    """Lines for the integers from ``start`` on, at which the real function has the values ``y``, in units.

    None for a rounding that is not to the nearest integer or down.
    """
    if q.rounding not in ADDED:
        return None
    low, high = (np.inf * side if bound is None else float(bound) for side, bound in ((-1, q.low), (1, q.high)))
    y = np.clip(y, low, high)
    return [line_through(start + a, y[a:b], ADDED[q.rounding], slope) for a, b, slope in runs(y)]


def runs(y: Reals) -> Iterator[tuple[int, int, float]]:
    """First index, last one excluded, and slope of each stretch that a line through its first value stays near to."""
    first = 0
    while first < len(y):
        length, slope, done = 1, 0.0, False
        size = 16
        while not done:  # in growing windows, so that the work stays proportional to what is covered
            window = y[first + 1 : first + size] - y[first]
            steps = np.arange(1, len(window) + 1)
            least = np.maximum.accumulate((window - NEAR) / steps)
            most = np.minimum.accumulate((window + NEAR) / steps)
            fits = int(np.argmax(least > most)) if (least > most).any() else len(window)
            done = fits < len(window) or first + size >= len(y)
            length, size = fits + 1, size * 2
            low, high = (least[fits - 1], most[fits - 1]) if fits else (0.0, 0.0)
            slope = 0.0 if low <= 0 <= high else (low + high) / 2
        yield first, first + length, float(slope)
        first += length


def line_through(start: int, y: Reals, added: Fraction, slope: float) -> Line:
    """The line from the first value on, its slope with as many bits as its length needs."""
    shift = max(len(y).bit_length() + 4, 1)
    multiplier = round(slope * 2**shift)
    if multiplier == 0:
        return Line(start, 0, floor(Fraction(float(y[0])) + added), 0)
    return Line(start, multiplier, floor((Fraction(float(y[0])) + added) * 2**shift) - multiplier * start, shift)
