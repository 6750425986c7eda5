"""Cuts the integers where a chain of functions turns or jumps, so that it is monotone on every piece.

Piece by piece and function by function: what stands before a function is monotone already, so the integers at which it
passes a critical point are found by bisection, deciding by enclosures as narrow as it takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import islice

from .domain import Domain
from .functions import Function, Image, Turn

__all__ = ["MAX_LEVELS", "Chain", "DomainError", "SolveError", "TooManyLevelsError", "UndecidedError", "first_where"]

MAX_LEVELS = 1 << 12
PRECISIONS = (80, 160, 320, 640, 1280, 2560, 4096)  # bits
MAX_UNDECIDED = 64


class SolveError(ValueError):
    """The chain has no integer function that can be had; ``remedy`` is what to do."""

    remedy = "simplify the function"


class TooManyLevelsError(SolveError):
    """The function has more levels than breakpoints can hold (a 16-bit sigmoid, say)."""

    remedy = "quantise to 12 bits or fewer"


class UndecidedError(SolveError):
    """A value is so near to a rounding boundary or a jump that no affordable precision tells them apart."""

    remedy = "change a constant a little"


class DomainError(SolveError):
    """Some integer's real number is where a function has no value."""

    remedy = "put a Clip in front of it"


@dataclass(frozen=True)
class Chain:
    """Functions applied one after the other to ``slope * v + intercept``."""

    functions: Sequence[Function]
    channel: int
    slope: Fraction
    intercept: Fraction

    def image(self, v: int, precision: int) -> Image | None:
        """Bounds of the value at an integer; None where they do not show yet that all functions are defined."""
        low = high = self.slope * v + self.intercept
        for function in self.functions:
            if not function.domain.holds(low, high):
                if low == high:
                    raise DomainError(refusal(function, low, high))
                return None
            low, high = function.image(self.channel, low, high, precision)
        return low, high

    def decide(self, v: int, decision: Callable[[Fraction, Fraction, int], int | None]) -> int | None:
        """The first answer to the value's bounds at rising precision, or None."""
        for precision in PRECISIONS:
            bounds = self.image(v, precision)
            answer = None if bounds is None else decision(*bounds, precision)
            if answer is not None:
                return answer
            if bounds is not None and bounds[0] == bounds[1] and precision > PRECISIONS[3]:
                break  # exact, and the critical point's bracket gets no narrower
        return None

    def pieces(self, start: int, end: int) -> list[tuple[int, int]]:
        """First and last integer of pieces on which the chain is monotone.

        Raises
        ------
        DomainError
            where a function is not defined on all real numbers between those that reach it on one piece.
        TooManyLevelsError
            where there are more than 2^12 pieces.
        UndecidedError
            where more than 64 integers cannot be told from a critical point, or one from the end of a domain.
        """
        pieces = [(start, end)]
        for i, function in enumerate(self.functions):
            before = Chain(self.functions[:i], self.channel, self.slope, self.intercept)
            pieces = [cut for piece in pieces for cut in before.cuts(*piece, function)]
            if len(pieces) > MAX_LEVELS:
                raise TooManyLevelsError(f"{len(pieces)} pieces")
        return pieces

    def cuts(self, start: int, end: int, function: Function) -> Iterator[tuple[int, int]]:
        """A piece on which this chain is monotone, cut for the function behind it."""
        low, high = self.span(start, end, function.domain)
        if not function.domain.holds(low, high):
            raise DomainError(refusal(function, low, high))
        turns = list(islice(function.turns(self.channel, low, high), MAX_LEVELS + 1)) if start < end else []
        if len(turns) > MAX_LEVELS:
            raise TooManyLevelsError(f"more than {MAX_LEVELS} turning points")
        borders = {start, *(border for turn in turns for border in self.crossing(start, end, turn))}
        starts = sorted(b for b in borders if b <= end)
        yield from zip(starts, [*(s - 1 for s in starts[1:]), end], strict=True)

    def span(self, start: int, end: int, domain: Domain) -> Image:
        """Bounds of the values between two integers, narrow enough to lie in a domain where the values do."""
        found: Image | None = None
        for precision in PRECISIONS:
            a, b = self.image(start, precision), self.image(end, precision)
            if a is None or b is None:
                continue
            found = min(a[0], b[0]), max(a[1], b[1])
            if domain.holds(*found) or (a[0] == a[1] and b[0] == b[1]):
                break
        if found is None:
            raise UndecidedError("a value that cannot be told from the end of a domain")
        return found

    def crossing(self, start: int, end: int, turn: Turn) -> Iterator[int]:
        """Where pieces begin because of one critical point: the first integer that is not proven to be before it, the
        first that is proven to be behind it, and all between unless their values are exact, hence equal."""

        @cache
        def side(v: int) -> int:
            """1 or -1 where the value is proven to be above or below, 0 where it is equal or not decided."""

            def compare(low: Fraction, high: Fraction, precision: int) -> int | None:
                below, above = turn(precision)
                if low == high == below == above:
                    return 0
                return 1 if low > above else -1 if high < below else None

            return self.decide(v, compare) or 0

        a, b = side(start), side(end)
        if a == b != 0:
            return
        direction = 1 if a < b else -1
        first = first_where(start, end, lambda v: side(v) * direction >= 0)
        behind = end + 1 if a == b else first_where(start, end, lambda v: side(v) * direction > 0)
        yield first
        yield behind
        if behind - first > 1 and not self.is_constant(first, behind - 1):
            if behind - first > MAX_UNDECIDED:
                raise UndecidedError(f"more than {MAX_UNDECIDED} values that cannot be told from a turning point")
            yield from range(first, behind)

    def is_constant(self, start: int, end: int) -> bool:
        """Whether the exact values at two integers are equal, and so, as it is monotone, all between."""
        a, b = self.image(start, PRECISIONS[0]), self.image(end, PRECISIONS[0])
        return a is not None and a == b and a[0] == a[1]


def refusal(function: Function, low: Fraction, high: Fraction) -> str:
    """Why a function cannot take some numbers."""
    what = f"can be {float(low):.6g}" if low == high else f"can lie in {float(low):.6g} .. {float(high):.6g}"
    return f"an input of {function.name} that {what}, and {function.name} takes {function.domain}"


def first_where(low: int, high: int, true_from: Callable[[int], bool]) -> int:
    """The first integer of ``low .. high`` from which a monotone predicate holds; ``high + 1`` where it never does."""
    low, high = low, high + 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if true_from(middle) else (middle + 1, high)
    return low
