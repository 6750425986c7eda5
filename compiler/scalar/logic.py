"""Functions that decide: steps, whole numbers, and a choice between two chains by a third, all of one variable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import trunc

import numpy as np

from ..real import Reals
from .functions import Function, Image, Kinked, Stepped, Turn, at
from .monotone import DomainError, refusal

__all__ = ["Choice", "KinkedChoice", "Step", "Trunc", "Wrap", "choice"]

FAR = Fraction(1 << 20)  # a function behind a curve must have no turns up to here


@dataclass(frozen=True)
class Step(Kinked):
    """One of three values by the sign of ``x``."""

    negative: float
    zero: float
    positive: float

    def evaluate(self, x: Reals) -> Reals:
        return np.where(x > 0, self.positive, np.where(x < 0, self.negative, self.zero))

    def kinks(self, channel: int) -> tuple[Fraction, ...]:
        return (Fraction(0),)

    def line(self, channel: int, x: Fraction) -> tuple[Fraction, Fraction]:
        return Fraction(0), Fraction(self.positive if x > 0 else self.negative if x < 0 else self.zero)


@dataclass(frozen=True)
class Trunc(Stepped):
    """The integer next to ``x`` on the side of zero."""

    def evaluate(self, x: Reals) -> Reals:
        return np.trunc(x)

    def exact(self, x: Fraction) -> Fraction:
        return Fraction(trunc(x))


@dataclass(frozen=True)
class Wrap(Stepped):
    """The integer next to ``x`` on the side of zero, plus the multiple of ``2^bits`` that brings it to ``low`` or less
    than ``2^bits`` above."""

    low: int
    bits: int

    def evaluate(self, x: Reals) -> Reals:
        return np.mod(np.trunc(x) - self.low, 2.0**self.bits) + self.low

    def exact(self, x: Fraction) -> Fraction:
        return Fraction((trunc(x) - self.low) % (1 << self.bits) + self.low)

    def turns(self, channel: int, low: Fraction, high: Fraction) -> Iterable[Turn]:
        """The numbers from which on the next integers begin at ``low`` again."""
        size = 1 << self.bits
        first, last = ((trunc(x) - self.low) // size for x in (low, high))
        starts = (self.low + size * k for k in range(first + 1, last + 1))
        return (at(Fraction(n if n > 0 else n - 1)) for n in starts)

    def image(self, channel: int, low: Fraction, high: Fraction, precision: int) -> Image:
        size = 1 << self.bits
        if (trunc(low) - self.low) // size == (trunc(high) - self.low) // size:
            return self.exact(low), self.exact(high)
        return Fraction(self.low), Fraction(self.low + size - 1)

    def bounds(self, low: Reals, high: Reals) -> tuple[Reals, Reals]:
        size = 2.0**self.bits
        same = np.floor((np.trunc(low) - self.low) / size) == np.floor((np.trunc(high) - self.low) / size)
        return np.where(same, self.evaluate(low), self.low), np.where(same, self.evaluate(high), self.low + size - 1)


Chain = tuple[Function, ...]
KinkedChain = tuple[Kinked, ...]


@dataclass(frozen=True, eq=False)
class KinkedChoice(Kinked):
    """``yes(x)`` where ``condition(x)`` is not zero, else ``no(x)``: chains that are affine between kinks."""

    condition: KinkedChain
    yes: KinkedChain
    no: KinkedChain

    def evaluate(self, x: Reals) -> Reals:
        return np.where(run(self.condition, x) != 0, run(self.yes, x), run(self.no, x))

    @property
    def channels(self) -> int:
        return channels(self.condition, self.yes, self.no)

    def kinks(self, channel: int) -> tuple[Fraction, ...]:
        found = {k for chain in (self.yes, self.no) for k in kinks(chain, channel)}
        return tuple(sorted(found.union(switches(self.condition, channel))))

    def line(self, channel: int, x: Fraction) -> tuple[Fraction, Fraction]:
        return line(self.yes if value(self.condition, channel, x) else self.no, channel, x)


@dataclass(frozen=True, eq=False)
class Choice(Function):
    """The same where a chain may bend behind its kinked part: ``choice`` says which chains can be used."""

    condition: KinkedChain
    yes: Chain
    no: Chain

    def evaluate(self, x: Reals) -> Reals:
        chosen = run(self.condition, x) != 0
        with np.errstate(all="ignore"):  # values of the chain that is not chosen
            return np.where(chosen, run(self.yes, x), run(self.no, x))

    @property
    def channels(self) -> int:
        return channels(self.condition, self.yes, self.no)

    def turns(self, channel: int, low: Fraction, high: Fraction) -> Iterable[Turn]:
        found = [at(k) for k in switches(self.condition, channel)]
        for chain in (self.yes, self.no):
            found += turns(chain, channel, low, high)
        return sorted((t for t in found if low <= sum(t(80)) / 2 <= high), key=lambda t: t(80))

    def marks(self, channel: int, low: Reals, high: Reals) -> Iterable[tuple[float, Sequence[float]]]:
        with np.errstate(all="ignore"):  # both chains: one may be the limit from one side
            for x, values in super().marks(channel, low, high):
                limits = [float(v) for chain in (self.yes, self.no) for v in run(chain, np.array([x])).flat]
                yield x, [*values, *(v for v in limits if np.isfinite(v))]

    def image(self, channel: int, low: Fraction, high: Fraction, precision: int) -> Image:
        first, last = image(self.condition, channel, low, high, precision)
        parts: list[Image] = []
        if first > 0 or last < 0 or first != last:
            parts.append(image(self.yes, channel, low, high, precision))
        if first <= 0 <= last:
            parts.append(image(self.no, channel, low, high, precision))
        return min(p[0] for p in parts), max(p[1] for p in parts)


def choice(condition: Chain, yes: Chain, no: Chain) -> Function | None:
    """The function that chooses between two chains of one variable, or None where it is not known to be piecewise.

    The condition must be affine between kinks; behind the first function that is not, a chain must have no turns.
    """
    left, right = prefix(yes), prefix(no)
    decides = (*prefix(condition), Step(1.0, 0.0, 1.0))  # so that it changes at its kinks only
    if len(decides) <= len(condition) or len({f.channels for f in (*condition, *yes, *no)} - {1}) > 1:
        return None
    if (len(left), len(right)) == (len(yes), len(no)):
        return KinkedChoice(decides, left, right)
    behind = (*yes[len(left) + 1 :], *no[len(right) + 1 :])
    if any(next(iter(f.turns(c, -FAR, FAR)), None) is not None for f in behind for c in range(f.channels)):
        return None
    return Choice(decides, yes, no)


def prefix(chain: Sequence[Function]) -> KinkedChain:
    """The functions at a chain's start that are affine between kinks."""
    found: list[Kinked] = []
    for f in chain:
        if not isinstance(f, Kinked):
            break
        found.append(f)
    return tuple(found)


def run(chain: Chain, x: Reals) -> Reals:
    """The chain in float64."""
    for f in chain:
        x = f.evaluate(x)
    return x


def channels(*chains: Chain) -> int:
    """How many different channels the chains have."""
    return max((f.channels for chain in chains for f in chain), default=1)


def line(chain: KinkedChain, channel: int, x: Fraction) -> tuple[Fraction, Fraction]:
    """Slope and intercept of the line that gives the chain's value at ``x``."""
    slope, intercept = Fraction(1), Fraction(0)
    for f in chain:
        a, b = f.line(channel, slope * x + intercept)
        slope, intercept = a * slope, a * intercept + b
    return slope, intercept


def value(chain: KinkedChain, channel: int, x: Fraction) -> Fraction:
    """The chain's value at ``x``."""
    slope, intercept = line(chain, channel, x)
    return slope * x + intercept


def spans(points: Sequence[Fraction]) -> list[tuple[Fraction, Fraction]]:
    """The open intervals between ascending points, with ends far beyond every number that matters."""
    far = max((abs(p) for p in points), default=Fraction(0)) + (1 << 1100)  # beyond float64
    return list(pairwise([-far, *points, far]))


def kinks(chain: KinkedChain, channel: int) -> list[Fraction]:
    """Where a chain's line changes, ascending."""
    points: list[Fraction] = []
    for i, f in enumerate(chain):
        found = {*points}
        for a, b in spans(points):
            slope, intercept = line(chain[:i], channel, (a + b) / 2)
            if slope:
                found |= {x for k in f.kinks(channel) if a < (x := (k - intercept) / slope) < b}
        points = sorted(found)
    return points


def switches(condition: KinkedChain, channel: int) -> list[Fraction]:
    """Where a condition may become true or false, ascending: its kinks, and where it passes zero between them."""
    points = kinks(condition, channel)
    found = {*points}
    for a, b in spans(points):
        slope, intercept = line(condition, channel, (a + b) / 2)
        if slope and a < -intercept / slope < b:
            found.add(-intercept / slope)
    return sorted(found)


def turns(chain: Chain, channel: int, low: Fraction, high: Fraction) -> list[Turn]:
    """Critical points of a chain between two numbers: kinks, and those of the first curve behind them."""
    straight = prefix(chain)
    points = [p for p in kinks(straight, channel) if low < p < high]
    found = [at(p) for p in points]
    for a, b in pairwise([low, *points, high]) if len(straight) < len(chain) else ():
        slope, intercept = line(straight, channel, (a + b) / 2)
        if slope:
            ends = sorted((slope * a + intercept, slope * b + intercept))
            curve = chain[len(straight)]
            found += [through(turn, slope, intercept) for turn in curve.turns(channel, ends[0], ends[1])]
    return found


def through(turn: Turn, slope: Fraction, intercept: Fraction) -> Turn:
    """Where ``slope * x + intercept`` meets a critical point."""

    def bracket(precision: int) -> tuple[Fraction, Fraction]:
        a, b = ((t - intercept) / slope for t in turn(precision))
        return min(a, b), max(a, b)

    return bracket


def image(chain: Chain, channel: int, low: Fraction, high: Fraction, precision: int) -> Image:
    """Bounds of a chain's values on ``low .. high``."""
    for f in chain:
        if not f.domain.holds(low, high):
            raise DomainError(refusal(f, low, high))
        low, high = f.image(channel, low, high, precision)
    return low, high
