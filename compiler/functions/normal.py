"""Words shifted up until their highest bit is 1, with the number of places: as much precision for small ones as for
large ones, which functions that are steep at zero need."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..circuit.ir import Builder, Value
from ..circuit.logic import logic
from .problem import Problem

__all__ = ["ANY", "normalised", "shifted_up"]

ANY = 1 << 36
"""Beyond every output: bounds of words that never come."""
CHOICE = 0b11001010  # the second operand where the third is 1, else the first


def normalised(problem: Problem, stages: int) -> Problem:
    """The problem over words that `shifted_up` gives; itself without a stage."""
    if not stages:
        return problem
    words, places = np.arange(1 << problem.inputs), np.zeros(1 << problem.inputs, dtype=np.int64)
    for stage in reversed(range(stages)):
        small = words >> problem.inputs - (1 << stage) == 0
        words, places = np.where(small, words << (1 << stage), words), places + (small.astype(np.int64) << stage)
    words = places << problem.inputs | words
    bounds = [np.full(1 << problem.inputs + stages, side, dtype=np.int64) for side in (-ANY, ANY)]
    bounds[0][words], bounds[1][words] = problem.low, problem.high
    return replace(problem, inputs=problem.inputs + stages, low=bounds[0], high=bounds[1])


def shifted_up(builder: Builder, bits: Sequence[Value], stages: int) -> list[Value]:
    """The bits, lowest first, shifted up by at most ``2^stages - 1`` places, and above them the number of places."""
    bits, places = list(bits), list[Value]()
    for stage in reversed(range(stages)):
        by = 1 << stage
        small = logic(builder, bits[-by:], 1)
        moved = [logic(builder, (b, a, small), CHOICE) for b, a in zip(bits[by:], bits, strict=False)]
        kept = [logic(builder, (b, small), 0b0010) for b in bits[:by]]
        bits, places = [*kept, *moved], [small, *places]
    return [*bits, *places]
