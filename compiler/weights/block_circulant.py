"""Block-circulant matrices: each b x b block is known by its first column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from ..exact import Ints
from ._weights import Weights
from .dense import Dense

__all__ = ["BlockCirculant"]


@dataclass(frozen=True, eq=False)
class BlockCirculant(Weights):
    """``block[i, j]`` of the matrix is circulant: ``W[i*b + r, j*b + c] = columns[i, j, (r - c) mod b]``."""

    columns: Ints
    """(block rows, block columns, b)"""

    @classmethod
    def find(cls, matrix: Ints) -> Self | None:
        """The largest block size, from 2, for which every block is circulant."""
        rows, inputs = matrix.shape
        for b in range(min(rows, inputs), 1, -1):
            if rows % b or inputs % b:
                continue
            blocks = matrix.reshape(rows // b, b, inputs // b, b)
            if np.array_equal(np.roll(blocks, (1, 1), axis=(1, 3)), blocks):
                return cls(blocks[:, :, :, 0].transpose(0, 2, 1).copy())
        return None

    def to_dense(self) -> Ints:
        p, q, b = self.columns.shape
        index = (np.arange(b)[:, None] - np.arange(b)[None, :]) % b
        return self.columns[:, :, index].transpose(0, 2, 1, 3).reshape(p * b, q * b)

    @property
    def bits(self) -> int:
        return Dense(self.columns.reshape(1, -1)).bits

    def __str__(self) -> str:
        return f"blockcirculant(b={self.columns.shape[2]})"
