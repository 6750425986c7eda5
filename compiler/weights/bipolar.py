"""Binary weights: plus or minus one magnitude a row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from ..exact import Ints
from ._weights import Weights

__all__ = ["Bipolar"]


@dataclass(frozen=True, eq=False)
class Bipolar(Weights):
    """``magnitude[row] * (+1 or -1)``; ``positive`` holds the signs."""

    positive: Ints
    magnitude: Ints

    @classmethod
    def find(cls, matrix: Ints) -> Self | None:
        magnitude = abs(matrix)
        if matrix.size == 0 or (magnitude == 0).any() or (magnitude != magnitude[:, :1]).any():
            return None
        return cls(matrix > 0, magnitude[:, 0])

    def to_dense(self) -> Ints:
        return np.where(self.positive, 1, -1) * self.magnitude[:, None]

    @property
    def bits(self) -> int:
        return self.positive.size
