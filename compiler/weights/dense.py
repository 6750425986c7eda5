"""A plain matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from ..exact import Ints
from ..number import Number
from ._weights import Weights

__all__ = ["Dense"]


@dataclass(frozen=True, eq=False)
class Dense(Weights):
    """Every weight stored, all of one width."""

    matrix: Ints

    @classmethod
    def find(cls, matrix: Ints) -> Self:
        return cls(matrix)

    def to_dense(self) -> Ints:
        return self.matrix

    @property
    def bits(self) -> int:
        if self.matrix.size == 0:
            return 0
        return self.matrix.size * max(Number.of(int(self.matrix.min()), int(self.matrix.max())).wire.width, 1)
