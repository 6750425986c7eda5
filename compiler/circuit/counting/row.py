"""A sum of bits by columns: bit heap of one row."""

from __future__ import annotations

from copy import deepcopy

from ..bits import BitSum
from ..digits import csd
from ..values import Value

__all__ = ["Row"]


class Row:
    """``constant`` and ``2^column`` for each literal of a column that is 1; a literal is a bit, inverted or not.

    ``columns[c]`` maps the bits of a column to whether they are inverted.
    """

    def __init__(self, constant: int = 0) -> None:
        self.constant = constant
        self.columns: list[dict[Value, bool]] = []

    @staticmethod
    def of(node: BitSum) -> Row:
        """The sum that a node stands for."""
        row = Row(node.offset)
        for bit, weight in zip(node.bits, node.weights, strict=True):
            for column, sign in csd(weight):
                row.add(column, bit, sign < 0)
                row.constant -= (sign < 0) << column  # -b is (1 - b) - 1
        return row

    def add(self, column: int, bit: Value, inverted: bool) -> None:
        """Add a literal: twice the same is one of the next column, both of a bit are the constant 1."""
        while True:
            while len(self.columns) <= column:
                self.columns.append({})
            old = self.columns[column].pop(bit, None)
            if old is None:
                self.columns[column][bit] = inverted
                return
            if old != inverted:
                self.constant += 1 << column
                return
            column += 1

    def copy(self) -> Row:
        """One to be changed by itself."""
        return deepcopy(self)

    @property
    def most(self) -> int:
        """The greatest sum of its literals."""
        return sum(len(column) << c for c, column in enumerate(self.columns))
