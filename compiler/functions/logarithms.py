"""Logarithms: targets that fall by the same amount wherever the input is halved.

Shifted up until its highest bit is 1, an input needs polynomials of one octave only, and a constant for each place: as
``log(m / 2^p) = log(m) - p log(2)``. Nothing is known about the function but its intervals.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ..circuit.ir import Add, Bit, Circuit, Constant, Lookup, Shift
from ..exact import Ints
from .circuits import begin, output, word
from .network import Fabric
from .normal import ANY, normalised, shifted_up
from .problem import Problem
from .segments import Polynomial, Table, evaluated, shapes
from .target import Target

__all__ = ["Logarithm", "circuit_of", "logarithms"]

STAGES = 4
GUARD = 3  # bits behind those of the output that one octave is computed with
CUTS = 3  # of the numbers of low bits that an octave can do without the greatest ones
BEHIND = (0, 1)  # what is added to an input word first: so a logarithm of x + 1 has a value at 0


@dataclass(frozen=True, eq=False)
class Logarithm:
    """``(octave(m >> cut) - steps[p]) >> GUARD``, where ``x + plus``, modulo the problem's words, is shifted up by
    ``p`` places to ``m``."""

    problem: Problem
    plus: int
    cut: int
    steps: tuple[int, ...]
    octave: Polynomial

    @property
    def method(self) -> str:
        """What it is, in words."""
        return f"logarithm, its octave of {self.octave.method}"

    @property
    def luts(self) -> float:
        """A rough count: besides the octave's shifting up, the steps and their sum, and the sum in front."""
        ends = 2 * (self.problem.outputs + GUARD) + self.plus * self.problem.inputs
        return self.octave.luts + STAGES * self.problem.inputs + ends


def logarithms(problem: Problem, fabric: Fabric) -> Iterator[Logarithm]:
    """The logarithms that solve a problem, with every number of segments that suffices for an octave."""
    if problem.folds or not 1 << STAGES - 1 < problem.inputs <= 1 << STAGES:
        return
    for plus in BEHIND:
        low, high = np.roll(problem.low, plus), np.roll(problem.high, plus)
        step = step_of(low, high)
        if step is None:
            continue
        steps = np.rint(step * 2.0**GUARD * np.arange(1 << STAGES)).astype(np.int64)
        octave = octave_of(replace(problem, low=low, high=high), steps)
        if octave is not None:
            for cut, less in [*enumerate(shorter(octave))][-CUTS:]:
                yield from (Logarithm(problem, plus, cut, tuple(steps.tolist()), p) for p in shapes(less, 0, fabric))
            return


def shorter(problem: Problem) -> Iterator[Problem]:
    """The problem, and without one, two ... of its lowest bits while it can do without them."""
    low, high = problem.low, problem.high
    while (low <= high).all():
        yield replace(problem, inputs=len(low).bit_length() - 1, low=low, high=high)
        low, high = low.reshape(-1, 2).max(axis=1), high.reshape(-1, 2).min(axis=1)


def step_of(low: Ints, high: Ints) -> float | None:
    """What is lost with every place, in units of the output; None where there is no such number."""
    least, most = -np.inf, np.inf
    for p in range(1, len(low).bit_length() - 1):
        x = np.arange(1, len(low) >> p)
        least = max(least, float((low[x << p] - high[x] - 1).max()) / p)
        most = min(most, float((high[x << p] + 1 - low[x]).min()) / p)
    return (least + most) / 2 if least <= most else None


def octave_of(problem: Problem, steps: Ints) -> Problem | None:
    """What is left to a word that is shifted up, whatever the places; None where the places contradict each other."""
    moved = normalised(problem, STAGES)
    low, high = (side.reshape(1 << STAGES, -1) for side in (moved.low, moved.high))
    comes = high < ANY
    least = np.where(comes, (low << GUARD) + steps[:, None], -ANY).max(axis=0)
    most = np.where(comes, (high + 1 << GUARD) - 1 + steps[:, None], ANY).min(axis=0)
    return None if (least > most).any() else replace(problem, low=least, high=most)


def circuit_of(target: Target, f: Logarithm, table: Table) -> Circuit | None:
    """The circuit of a logarithm for its target; None where an octave has none."""
    builder, x = begin(target)
    p = f.problem
    bits = [builder.add(Bit(x, k)) for k in range(p.dropped, target.bits)]
    if f.plus:
        total = builder.add(Add(word(builder, bits), builder.add(Constant(f.plus))))
        bits = [builder.add(Bit(total, k)) for k in range(p.inputs)]
    bits = shifted_up(builder, bits, STAGES)
    octave = evaluated(builder, bits[f.cut : p.inputs], f.octave, table)
    if octave is None:
        return None
    step = builder.add(Lookup(word(builder, bits[p.inputs :]), 0, f.steps))
    result = builder.add(Shift(builder.add(Add(octave, step, subtract=True)), GUARD))
    ends = [builder.add(Bit(result, k)) for k in range(p.outputs)]
    return builder.finish([output(builder, p, ends)])
