"""Weights that are a power of two with a sign, or zero: multiplication by wires."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from ..exact import Ints, trailing_zeros
from ._weights import Weights

__all__ = ["PowerOfTwo"]


@dataclass(frozen=True, eq=False)
class PowerOfTwo(Weights):
    """``sign * 2^exponent``; the sign is -1, 0 or 1."""

    sign: Ints
    exponent: Ints

    @classmethod
    def find(cls, matrix: Ints) -> Self | None:
        magnitude: Ints = abs(matrix)
        if matrix.size == 0 or (magnitude & (magnitude - 1)).any():
            return None
        exponent = [[trailing_zeros(int(m)) if m else 0 for m in row] for row in magnitude]
        return cls(np.sign(matrix).astype(np.int64), np.array(exponent, dtype=np.int64))

    def to_dense(self) -> Ints:
        return self.sign << self.exponent

    @property
    def bits(self) -> int:
        codes = int(self.exponent.max()) + 1 + bool((self.sign == 0).any())
        return self.sign.size * (1 + (codes - 1).bit_length())
