"""Where a function is defined."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from ..real import Reals

__all__ = ["REALS", "Domain", "Kind"]


class Kind(Enum):
    """Which numbers beside a limit a domain holds; the value is its relation to the limit."""

    ABOVE = ">"
    FROM = ">="
    UP_TO = "<="
    BESIDE = "other than"


@dataclass(frozen=True)
class Domain:
    """All numbers, or those above, from, up to or beside ``limit``."""

    kind: Kind | None
    limit: int = 0

    def holds(self, low: Fraction, high: Fraction) -> bool:
        """Whether all of ``low .. high`` is inside."""
        match self.kind:
            case None:
                return True
            case Kind.ABOVE:
                return low > self.limit
            case Kind.FROM:
                return low >= self.limit
            case Kind.UP_TO:
                return high <= self.limit
            case Kind.BESIDE:
                return not low <= self.limit <= high

    def lacks(self, x: Reals) -> npt.NDArray[np.bool_]:
        """Which float64 numbers are outside."""
        match self.kind:
            case None:
                return np.zeros(x.shape, dtype=np.bool_)
            case Kind.ABOVE:
                return ~(x > self.limit)
            case Kind.FROM:
                return ~(x >= self.limit)
            case Kind.UP_TO:
                return ~(x <= self.limit)
            case Kind.BESIDE:
                return x == self.limit

    def __str__(self) -> str:
        return "all numbers" if self.kind is None else f"only numbers {self.kind.value} {self.limit}"


REALS = Domain(None)
