"""How the word of a sum of three terms is added up (:mod:`.wires` has what words are)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from .add3 import Add3
from .ir import Range, Value
from .wires import Word, lowest_bits

__all__ = ["Addend", "TernarySum", "ternary_words"]


class Addend(NamedTuple):
    """A word on a chain: its bits stand from bit ``at`` on, inverted or not."""

    value: Value
    at: int
    inverted: bool


@dataclass(frozen=True)
class TernarySum:
    """A word that is the sum of two or three words and a constant, modulo ``2^width``.

    The constant has no bit where all three words have one. Bits below ``start`` pass.
    """

    addends: tuple[Addend, ...]
    start: int
    width: int
    constant: int

    @property
    def positions(self) -> int:
        """Length of the carry chain."""
        return self.width - self.start

    @property
    def operands(self) -> tuple[tuple[Value, int], ...]:
        """Each word that is added, and where its lowest bit stands."""
        return tuple((addend.value, addend.at) for addend in self.addends)


def ternary_words(
    node: Add3, r: Range, words: tuple[Word, ...], constant: int, shown: int | None
) -> tuple[TernarySum | None, Word]:
    """The sum of words, and the word that it gives; no sum where the result is constant.

    What is subtracted is inverted, and the base takes up the difference. ``shown``: as for two words.
    """
    base = 0
    terms: list[tuple[Value, int, int, int]] = []
    for word, (value, shift, minus) in zip(words, node.terms, strict=True):
        w, turn = word.unsigned, -1 if minus else 1
        base += turn * w.base << shift
        if w.width:
            terms.append((value, shift + w.shift, w.width, turn * w.sign))
    if not terms:
        return None, Word(base, 0, 0)
    lowest = min(at for _, at, _, _ in terms)
    sign = max(sign for *_, sign in terms)
    base -= sign * constant << lowest
    base += sum(s * ((1 << width) - 1) << at for _, at, width, s in terms if s != sign)
    reach = (r.high - base if sign > 0 else base - r.low) >> lowest
    word = lowest_bits(Word(base, lowest, reach.bit_length(), sign < 0), r, shown)
    spans = [(at - lowest, at - lowest + width) for _, at, width, _ in terms]
    busy = (sum(a <= p < e for a, e in spans) + (constant >> p & 1) for p in range(word.width))
    start = next((p for p, count in enumerate(busy) if count > 1), word.width)
    addends = tuple(Addend(value, at - lowest, s != sign) for value, at, _, s in terms)
    return TernarySum(addends, start, word.width, constant), word
