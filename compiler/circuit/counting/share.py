"""Full adders that several rows share.

Three bits of a column have one sum ``a ^ b ^ c`` for all rows that hold them, whichever of them a row holds inverted
(it then holds the sum inverted), and one of four carries (the majority of the literals). So in the lowest column of a
bipolar matrix every adder serves all rows. Greedily, the three bits that save most are added first.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..builder import Builder
from ..logic import logic
from ..values import Value
from .row import Row

__all__ = ["MAJORITY", "PARITY", "full_adder", "share"]

PARITY = 0b10010110
MAJORITY = 0b11101000
ADDER = 2  # functions of a full adder
PAIRS = 40  # most frequent pairs for which a third bit is sought

Literal = tuple[Value, bool]


def full_adder(builder: Builder, a: Literal, b: Literal, c: Literal) -> tuple[Literal, Literal]:
    """Sum and carry of three literals. Functions of the bits as they are, so that rows share them."""
    (x, p), (y, q), (z, r) = sorted((a, b, c))
    total = logic(builder, (x, y, z), PARITY)
    carry = logic(builder, (x, y, z), inverted(MAJORITY, q ^ p, r ^ p))
    return (total, p ^ q ^ r), (carry, p)  # inverted literals have the inverted majority


def inverted(table: int, second: bool, third: bool) -> int:
    """A function of three bits with operands inverted."""
    flip = second << 1 | third << 2
    return sum((table >> (n ^ flip) & 1) << n for n in range(8))


def share(builder: Builder, rows: list[Row]) -> None:
    """Add up bits of the rows, column by column, as long as an adder for several rows takes less than one for each."""
    column = 0
    while column < max((len(row.columns) for row in rows), default=0):
        Column(builder, rows, column).reduce()
        column += 1


class Column:
    """The literals of all rows in one column, as a matrix (bits, rows) of 0 and 1, and how often two bits meet."""

    def __init__(self, builder: Builder, rows: list[Row], column: int) -> None:
        self.builder, self.rows, self.column = builder, rows, column
        held = [row.columns[column] if column < len(row.columns) else {} for row in rows]
        self.bits = sorted({bit for literals in held for bit in literals})
        self.place = {bit: i for i, bit in enumerate(self.bits)}
        self.held: npt.NDArray[np.float32] = np.zeros((len(self.bits), len(rows)), dtype=np.float32)
        for r, literals in enumerate(held):
            self.held[[self.place[bit] for bit in literals], r] = 1
        self.meet = self.held @ self.held.T
        np.fill_diagonal(self.meet, 0)

    def reduce(self) -> None:
        """Add up the best three bits until none are worth it."""
        while (best := self.best()) is not None:
            self.add_up(*best)

    def best(self) -> tuple[int, int, int] | None:
        """The three bits whose adder saves most."""
        count = len(self.bits)
        if count < 3:
            return None
        first = np.argsort(self.meet.max(axis=1), kind="stable")[-PAIRS:]
        second = self.meet[first].argmax(axis=1)
        both = self.held[first] * self.held[second]
        third = both @ self.held.T
        third[np.arange(len(first)), first] = third[np.arange(len(first)), second] = 0
        best: tuple[float, int, int, int] | None = None
        for n in np.argsort(-third.max(axis=1), kind="stable"):
            a, b, c = int(first[n]), int(second[n]), int(third[n].argmax())
            rows = int(third[n, c])
            if rows < 2 or (best is not None and ADDER * rows - 2 <= best[0]):
                break
            gain = ADDER * rows - 1 - self.carries(a, b, c)
            if gain > 0 and (best is None or gain > best[0]):
                best = gain, a, b, c
        return None if best is None else best[1:]

    def holding(self, *places: int) -> list[int]:
        """The rows that hold all of some bits."""
        return np.flatnonzero(self.held[list(places)].all(axis=0)).tolist()

    def carries(self, *places: int) -> int:
        """How many different carries the rows have."""
        x, y, z = (self.bits[p] for p in places)
        literals = (self.rows[r].columns[self.column] for r in self.holding(*places))
        return len({(row[x] ^ row[y], row[x] ^ row[z]) for row in literals})

    def add_up(self, *places: int) -> None:
        """Put sum and carry in place of three bits, in all rows that hold them."""
        bits = [self.bits[p] for p in places]
        changed = [*places]
        for r in self.holding(*places):
            row = self.rows[r]
            a, b, c = ((bit, row.columns[self.column].pop(bit)) for bit in bits)
            total, carry = full_adder(self.builder, a, b, c)
            row.add(self.column, *total)
            row.add(self.column + 1, *carry)
            if total[0] not in self.place:
                self.new_bit(total[0])
            self.held[[*places, self.place[total[0]]], r] = 0
            self.held[self.place[total[0]], r] = total[0] in row.columns[self.column]
            if self.place[total[0]] not in changed:
                changed.append(self.place[total[0]])
        self.meet[changed] = self.held[changed] @ self.held.T
        self.meet[:, changed] = self.meet[changed].T
        self.meet[changed, changed] = 0

    def new_bit(self, bit: Value) -> None:
        """Room for a bit."""
        self.place[bit] = len(self.bits)
        self.bits.append(bit)
        self.held = np.pad(self.held, ((0, 1), (0, 0)))
        self.meet = np.pad(self.meet, ((0, 1), (0, 1)))
