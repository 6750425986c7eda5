"""Full adders that several rows share.

Three bits of a column have one sum ``a ^ b ^ c`` for all rows that hold them, whichever of them a row holds inverted
(it then holds the sum inverted), and one of four carries (the majority of the literals). So in the lowest column of a
bipolar matrix every adder serves all rows. Greedily, the three bits that save most are added first, and of like ones
those that are there early and whose rows agree most in signs: these will share adders of carries too.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ..builder import Builder
from ..logic import logic
from ..values import Value
from .depth import Depth
from .row import Row

__all__ = ["MAJORITY", "PARITY", "full_adder", "share"]

PARITY = 0b10010110
MAJORITY = 0b11101000
ADDER = 2  # functions of a full adder
PAIRS = 40  # pairs for which a third bit is sought
AGREEMENT = 0.5
"""Worth of a row among those of like carries. A 64-128-10 network takes 7,233 functions with 0, 7,054 with this."""
LATE = 0.5
"""What a function on the way to a bit counts against it: 27 in a row instead of 33 with 0.01, as many in all."""

Literal = tuple[Value, bool]
Floats = npt.NDArray[np.float32]


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


def share(depth: Depth, rows: list[Row]) -> None:
    """Add up bits of the rows, column by column, as long as an adder for several rows takes less than one for each."""
    column = 0
    while column < max((len(row.columns) for row in rows), default=0):
        Column(depth, rows, column).reduce()
        column += 1


class Three(NamedTuple):
    """Places of three bits."""

    a: int
    b: int
    c: int


class Column:
    """The literals of all rows in one column.

    ``sign`` is a matrix (bits, rows) of 1, of -1 where a row holds the bit inverted, and of 0 where it does not;
    ``worth`` says of two bits in how many rows they meet, and how much these agree.
    """

    def __init__(self, depth: Depth, rows: list[Row], column: int) -> None:
        self.depth, self.rows, self.column = depth, rows, column
        held = [row.columns[column] if column < len(row.columns) else {} for row in rows]
        self.bits = sorted({bit for literals in held for bit in literals})
        self.place = {bit: i for i, bit in enumerate(self.bits)}
        self.sign: Floats = np.zeros((len(self.bits), len(rows)), dtype=np.float32)
        for r, literals in enumerate(held):
            for bit, negative in literals.items():
                self.sign[self.place[bit], r] = -1 if negative else 1
        self.held: Floats = abs(self.sign)
        self.late = LATE * np.array([depth.of(bit) for bit in self.bits], dtype=np.float32)
        self.worth: Floats = np.zeros((len(self.bits), len(self.bits)), dtype=np.float32)
        self.weigh([*range(len(self.bits))])

    def weigh(self, places: list[int]) -> None:
        """Worth of the pairs with some bits."""
        self.held[places] = abs(self.sign[places])
        worth = self.held[places] @ self.held.T + AGREEMENT * abs(self.sign[places] @ self.sign.T)
        self.worth[places] = worth
        self.worth[:, places] = worth.T
        self.worth[places, places] = 0

    def reduce(self) -> None:
        """Add up the best three bits until none are worth it."""
        while len(self.bits) > 2 and (best := self.best()) is not None:
            self.add_up(best)

    def best(self) -> Three | None:
        """The three bits whose adder saves most, of those that hold a pair of the most worth."""
        a = np.argsort(self.worth.max(axis=1) - self.late, kind="stable")[-PAIRS:]
        b = (self.worth[a] - self.late).argmax(axis=1)
        both, ab = self.held[a] * self.held[b], self.sign[a] * self.sign[b]
        count = both @ self.held.T  # of rows, by pair and third bit
        agree = np.stack([ab @ self.held.T, (both * self.sign[a]) @ self.sign.T, (both * self.sign[b]) @ self.sign.T])
        here = np.arange(len(a))
        count[here, a] = count[here, b] = 0
        x, y, z = agree
        alike = np.stack([count + x + y + z, count + x - y - z, count - x + y - z, count - x - y + z]) / 4
        carries = (alike > 0).sum(axis=0)
        gain = ADDER * count - 1 - carries
        value = gain + AGREEMENT * (alike**2).sum(axis=0) / np.maximum(count, 1)
        value -= np.maximum(np.maximum(self.late[a], self.late[b])[:, None], self.late)
        value[(count < 2) | (gain <= 0)] = -np.inf
        pair, c = divmod(int(value.argmax()), value.shape[1])
        return Three(int(a[pair]), int(b[pair]), c) if value[pair, c] > -np.inf else None

    def add_up(self, three: Three) -> None:
        """Put sum and carry in place of three bits, in all rows that hold them."""
        bits = [self.bits[p] for p in three]
        changed = {*three}
        for r in np.flatnonzero(self.held[[*three]].all(axis=0)).tolist():
            row = self.rows[r]
            literals = row.columns[self.column]
            a, b, c = ((bit, literals.pop(bit)) for bit in bits)
            total, carry = full_adder(self.depth.builder, a, b, c)
            row.add(self.column, *total)
            row.add(self.column + 1, *carry)
            if total[0] not in self.place:
                self.new_bit(total[0])
            self.sign[[*three], r] = 0
            negative = row.columns[self.column].get(total[0])
            self.sign[self.place[total[0]], r] = 0 if negative is None else -1 if negative else 1
            changed.add(self.place[total[0]])
        self.weigh(sorted(changed))

    def new_bit(self, bit: Value) -> None:
        """Room for a bit."""
        self.place[bit] = len(self.bits)
        self.bits.append(bit)
        self.late = np.append(self.late, np.float32(LATE * self.depth.of(bit)))
        self.sign = np.pad(self.sign, ((0, 1), (0, 0)))
        self.held = np.pad(self.held, ((0, 1), (0, 0)))
        self.worth = np.pad(self.worth, ((0, 1), (0, 1)))
