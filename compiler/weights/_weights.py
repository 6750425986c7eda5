"""The promise of every weight structure, and the search for the cheapest one that fits exactly."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

import numpy as np

from ..exact import Ints

__all__ = ["Weights", "detect"]


class Weights(ABC):
    """An integer matrix (outputs, inputs) in a form that stores no more than its structure needs."""

    @classmethod
    @abstractmethod
    def find(cls, matrix: Ints) -> Self | None:
        """This structure for exactly that matrix, or None where it lacks it."""

    @abstractmethod
    def to_dense(self) -> Ints:
        """The matrix it stands for: int64 or Python integers, (outputs, inputs)."""

    @property
    @abstractmethod
    def bits(self) -> int:
        """Bits of memory that hold it."""

    @property
    def shape(self) -> tuple[int, int]:
        """Outputs, inputs."""
        rows, columns = self.to_dense().shape
        return rows, columns

    def __str__(self) -> str:
        return type(self).__name__.lower()


def detect(matrix: Ints) -> Weights:
    """The structure that holds the matrix exactly in the fewest bits."""
    found = [w for cls in Weights.__subclasses__() if (w := cls.find(matrix)) is not None]
    best = min(found, key=lambda w: w.bits)
    assert np.array_equal(best.to_dense(), matrix), f"{best} does not give back its matrix"
    return best
