"""A target as a table of few bits: symmetric halves folded, low input bits left out that no allowed output needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np

from ..exact import Ints
from .network import CARRY, SUM, Bits, Gate, Kind, Network
from .target import Target

__all__ = ["Fold", "Problem", "problems", "unfolded"]


DIFFERENCE = 0b0110


class Fold(Enum):
    """How outputs of the upper half of the words follow from the lower one: with all bits of the word inverted they are
    alike, or inverted, too. Bits of ``x`` and of ``-1 - x`` are inverses."""

    EVEN = "even"
    ODD = "odd"


@dataclass(frozen=True, eq=False)
class Problem:
    """Words of ``inputs`` bits and the output words ``low .. high`` of ``outputs`` bits that are allowed for each.

    An input word is the code's two's complement word without its lowest ``dropped`` bits; each time that it is folded,
    from the whole word on, it is inverted where its highest bit is 1, and goes without that. An output word is the code
    less ``base``; folded ``ODD``, it is inverted where that bit is 1.
    """

    inputs: int
    dropped: int
    folds: tuple[Fold, ...]
    outputs: int
    base: int
    low: Ints
    high: Ints

    @property
    def patterns(self) -> list[Bits]:
        """The values of each input bit."""
        words = np.arange(1 << self.inputs)
        return [(words >> k & 1).astype(np.bool_) for k in range(self.inputs)]

    @property
    def turned(self) -> int:
        """Bits that its folds invert."""
        return sum(self.inputs + n + self.outputs * (fold == Fold.ODD) for n, fold in enumerate(reversed(self.folds)))

    def holds(self, network: Network) -> bool:
        """Whether a network solves it."""
        words = network.evaluate(self.patterns)
        return bool(((self.low <= words) & (words <= self.high)).all())


def problems(target: Target) -> list[Problem]:
    """The target unfolded, and folded once and twice where its symmetry allows it."""
    order = target.codes & (1 << target.bits) - 1
    low, high = np.empty_like(target.low), np.empty_like(target.high)
    low[order], high[order] = target.low, target.high
    base, bits = word(low, high)
    low, high = low - base, np.minimum(high - base, (1 << bits) - 1)
    whole = Problem(target.bits, 0, (), bits, base, np.maximum(low, 0), high)
    once = list(folded(whole))
    return [shortened(p) for p in (whole, *once, *(twice for p in once for twice in folded(p)))]


def folded(problem: Problem) -> Iterator[Problem]:
    """The problem folded in each way that its intervals allow."""
    half = 1 << problem.inputs - 1
    if half == 1:
        return
    low, high, top = problem.low[:half], problem.high[:half], (1 << problem.outputs) - 1
    upper = problem.low[: half - 1 : -1], problem.high[: half - 1 : -1]
    for fold, a, b in ((Fold.EVEN, *upper), (Fold.ODD, top - upper[1], top - upper[0])):
        both = np.maximum(low, a), np.minimum(high, b)
        if (both[0] <= both[1]).all():
            folds = (*problem.folds, fold)
            yield replace(problem, inputs=problem.inputs - 1, folds=folds, low=both[0], high=both[1])


def word(low: Ints, high: Ints) -> tuple[int, int]:
    """Base and width of the narrowest output word, two's complement where an output must be negative."""
    least, most = int(high.min()), int(low.max())
    if least >= 0:
        return 0, max(most.bit_length(), 1)
    bits = max((~least).bit_length(), most.bit_length() if most > 0 else 0) + 1
    return -(1 << bits - 1), bits


def shortened(problem: Problem) -> Problem:
    """The problem without the input bits that it can do without."""
    low, high = problem.low, problem.high
    dropped = 0
    while len(low) > 2:
        merged = low.reshape(-1, 2).max(axis=1), high.reshape(-1, 2).min(axis=1)
        if (merged[0] > merged[1]).any():
            break
        low, high = merged
        dropped += 1
    return replace(problem, inputs=problem.inputs - dropped, dropped=dropped, low=low, high=high)


def unfolded(problem: Problem, network: Network, inside: bool = False) -> tuple[Problem, Network]:
    """The problem before it was folded the last time, and a network for it from one of the folded problem.

    Where that is odd the outputs are inverted; with ``inside`` what the last sum adds instead (`inverted`).
    """
    *folds, last = problem.folds
    n, sign = problem.inputs, problem.inputs + 1
    wired = network.behind([Gate((1 + k, sign), DIFFERENCE) for k in range(n)])
    low, high = (np.concatenate([bound, bound[::-1]]) for bound in (problem.low, problem.high))
    if last == Fold.ODD:
        top = (1 << problem.outputs) - 1
        low[1 << n :], high[1 << n :] = top - problem.high[::-1], top - problem.low[::-1]
        wired = inverted(wired, sign, inside)
    return replace(problem, inputs=n + 1, folds=tuple(folds), low=low, high=high), wired


def inverted(network: Network, sign: int, inside: bool) -> Network:
    """The network with its outputs inverted where a signal is 1.

    ``inside``: ``~(a + b)`` is ``~a + ~b + 1``, so a sum needs no LUTs behind it: its operands, which often have a LUT
    with room for the sign, are inverted, and the carry begins with it.
    """
    gates = [*network.gates]
    made: dict[int, int] = {0: sign}

    def put(gate: Gate) -> int:
        gates.append(gate)
        return network.inputs + len(gates) - 1

    def flipped(s: int) -> int:
        if s not in made:
            made[s] = put(Gate((s, sign), DIFFERENCE))
        return made[s]

    drivers = [network.gates[s - network.inputs] if s >= network.inputs else None for s in network.outputs]
    starts = [p for p, gate in enumerate(drivers) if gate and gate.kind == Kind.SUM and len(gate.operands) == 2]
    first = starts[-1] if starts and inside else len(drivers)
    outputs: list[int] = []
    below: tuple[int, ...] = ()  # the operands of the last sum's bit that was inverted
    carry = 0
    for p, (s, gate) in enumerate(zip(network.outputs, drivers, strict=True)):
        if gate is None or not (p == first or (p > first and follows(network, gate, below))):
            outputs.append(flipped(s))
            continue
        if p == first:
            carry = put(Gate((sign, sign), CARRY[2], Kind.CARRY))
        below = gate.operands
        operands = (flipped(below[0]), flipped(below[1]), carry)
        outputs.append(put(Gate(operands, SUM[3], Kind.SUM)))
        carry = put(Gate(operands, CARRY[3], Kind.CARRY))
    return Network(network.inputs, tuple(gates), tuple(outputs))


def follows(network: Network, gate: Gate, below: tuple[int, ...]) -> bool:
    """Whether a gate is the next bit of the sum that has a bit with the operands ``below``."""
    carry = network.gates[gate.operands[2] - network.inputs] if gate.kind == Kind.SUM and gate.operands[2:] else None
    return carry is not None and carry.kind == Kind.CARRY and carry.operands == below
