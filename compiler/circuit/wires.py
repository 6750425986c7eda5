"""What each value of a circuit is on its wire, so that an addition is a short addition of unsigned words.

A value stands as its distance from a known base. Words are never sign-extended: above the narrower of two words only
the carry runs, and the carry out is the highest bit of the sum. ``a - b`` is ``a`` plus the inverted bits of ``b``; the
base takes up the difference, as it takes up every constant that is added. A sum may stand negated, as the distance
below its base, where low bits then pass that would need a borrow.

Where bits of the value itself are read (a shift to the right, an output), the base must not reach into them:
:mod:`.wiring` makes it so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import singledispatch

from ..exact import trailing_zeros
from ..number import Number
from .ir import Add, Clamp, Lookup, Node, Range, Shift, Value

__all__ = ["Choice", "Sum", "Word", "add_words", "clamp_bits", "input_word", "lowest_bits", "word_of"]


@dataclass(frozen=True)
class Word:
    """How a value travels: ``base + 2^shift * w``, or ``base - 2^shift * w`` where it is ``negative``.

    ``w`` has ``width`` bits, unsigned, or two's complement where it is ``signed``.
    """

    base: int
    shift: int
    width: int
    negative: bool = False
    signed: bool = False

    @property
    def sign(self) -> int:
        """What ``w`` is multiplied with besides ``2^shift``: 1 or -1."""
        return -1 if self.negative else 1

    @property
    def unsigned(self) -> Word:
        """The same with the sign bit inverted, if it has one."""
        if not self.signed:
            return self
        return replace(self, base=self.base - (self.sign << self.shift + self.width - 1), signed=False)

    @property
    def positive(self) -> Word:
        """The unsigned word with its bits inverted, if it is negative."""
        word = self.unsigned
        if not word.negative:
            return word
        return replace(word, base=word.base - ((1 << word.width) - 1 << word.shift), negative=False)

    def shows(self, bits: int, residue: int = 0) -> bool:
        """Whether ``w`` (inverted where negative), shifted, holds the lowest ``bits`` of the value less ``residue``."""
        return self.missing(bits, residue) == 0

    def missing(self, bits: int, residue: int = 0) -> int:
        """What has to be added to ``w`` so that it shows them, below ``2^(bits - shift)``."""
        off = self.base - residue >> self.shift
        return (~off if self.negative else off) % (1 << max(bits - self.shift, 0))


@dataclass(frozen=True)
class Choice:
    """What is free in a sum: which of two operands is inverted if one must be, the constant, the chain's lowest bit."""

    second: bool = True
    constant: int = 0
    lowest: int | None = None


@dataclass(frozen=True)
class Sum:
    """How a word is added up: ``(a << a_at) + (b << b_at) + constant``, modulo ``2^width``.

    Where it ``subtracts``, the bits of ``b`` are inverted and 1 is added at bit ``start``. The constant has no bit
    where both words have one. Bits below ``start`` pass, the others are one carry chain. Without ``b`` only the
    constant is added. ``ends``: the highest bit is only the carry, no word and no constant has a bit there. ``wraps``:
    bits above are lost.
    """

    a: Value
    b: Value | None
    a_at: int
    b_at: int
    subtracts: bool
    start: int
    width: int
    constant: int
    ends: bool = False
    wraps: bool = False

    @property
    def positions(self) -> int:
        """Length of the carry chain."""
        return self.width - self.start

    @property
    def operands(self) -> tuple[tuple[Value, int], ...]:
        """Each word that is added, and where its lowest bit stands."""
        return ((self.a, self.a_at),) if self.b is None else ((self.a, self.a_at), (self.b, self.b_at))


def input_word(number: Number) -> Word:
    """An input as it comes from a stream."""
    w = number.wire
    return Word(w.base, w.shift, w.width, signed=w.signed)


def add_words(node: Add, r: Range, a: Word, b: Word, choice: Choice, shown: int | None) -> tuple[Sum | None, Word]:
    """The sum of two words, and the word that it gives; no sum where the result is constant.

    ``shown``: only that many lowest bits of the value are read, and the bits above may be lost.
    """
    turn = -1 if node.subtract else 1
    a, b = a.unsigned, b.unsigned
    base = (a.base << node.a_shift) + turn * (b.base << node.b_shift)
    both = (node.a, node.a_shift + a.shift, a.width, a.sign), (node.b, node.b_shift + b.shift, b.width, turn * b.sign)
    terms = [term for term in both if term[2]]
    if not terms:
        return None, Word(base, 0, 0)
    if not choice.second:
        terms.reverse()
    shift = min(term[1] for term in terms)
    sign = terms[0][3]
    subtracts = terms[-1][3] != sign
    at = [term[1] - shift for term in terms]
    ends = [bit + term[2] for bit, term in zip(at, terms, strict=True)]
    starts = [] if choice.lowest is None else [choice.lowest]
    if choice.constant:
        starts.append(trailing_zeros(choice.constant))
    if subtracts:
        starts.append(at[1])
    elif len(terms) == 2 and min(ends) > max(at):
        starts.append(max(at))
    constant = choice.constant
    if subtracts:
        constant += (1 << ends[1]) - (1 << at[1]) + (1 << min(starts))
    base -= sign * (constant << shift)
    reach = (r.high - base if sign > 0 else base - r.low) >> shift
    word = lowest_bits(Word(base, shift, reach.bit_length(), sign < 0), r, shown)
    a_value, b_value = terms[0][0], terms[1][0] if len(terms) == 2 else None
    start = min([*starts, word.width])
    last = word.width - 1
    ends = max(ends) <= last and not choice.constant >> last & 1
    wraps = reach >> word.width > 0
    return Sum(a_value, b_value, at[0], at[-1], subtracts, start, word.width, choice.constant, ends, wraps), word


def lowest_bits(word: Word, r: Range, shown: int | None) -> Word:
    """The word without the bits that nobody reads, where only the value itself is read."""
    width = r.width - word.shift
    if shown is None or word.width <= width or width <= 0 or not word.shows(r.width):
        return word
    low = word.base % (1 << word.shift)
    if not word.negative:
        return Word(low, word.shift, width, signed=r.signed)
    top = 0 if r.signed else 1 << r.width
    return Word(low + top - (1 << word.shift), word.shift, width, negative=True, signed=r.signed)


def plain(r: Range) -> Word:
    """The value itself."""
    return Word(0, r.zeros, max(r.width - r.zeros, 0), signed=r.signed)


@singledispatch
def word_of(node: Node, r: Range, *operands: Word) -> Word:
    """The word of a node that is no addition: the value itself, where nothing better is known."""
    return plain(r)


@word_of.register
def _(node: Shift, r: Range, *operands: Word) -> Word:
    x = operands[0].unsigned
    if node.right < 0:
        return replace(x, base=x.base << -node.right, shift=x.shift - node.right)
    if node.right <= x.shift:
        return replace(x, base=x.base >> node.right, shift=x.shift - node.right)
    if not x.shows(node.right):
        return plain(r)
    return Word(x.base >> node.right, 0, max(x.width - (node.right - x.shift), 0), x.negative)


@word_of.register
def _(node: Clamp, r: Range, *operands: Word) -> Word:
    return clamp_bits(r, operands[0]).word


@word_of.register
def _(node: Lookup, r: Range, *operands: Word) -> Word:
    return Word(r.low, 0, (r.high - r.low).bit_length())


@dataclass(frozen=True)
class ClampBits:
    """A clamp of the word ``positive`` with ``below`` zeros put at its low end: ``least`` and ``most`` are its bounds.

    The result is what is left of the word within the bounds, less ``less``.
    """

    word: Word
    below: int
    least: int
    most: int
    less: int


def clamp_bits(r: Range, x: Word) -> ClampBits:
    """How a clamp to a range is done on bits: the low ones stay, the high ones are those of few possible values."""
    x = x.positive
    shift = x.shift if not (r.low - x.base | r.high - x.base) & ((1 << x.shift) - 1) else 0
    least, most = r.low - x.base >> shift, r.high - x.base >> shift
    low_bits = (most - least).bit_length()
    less = least if most - least <= 1 else least >> low_bits << low_bits
    word = Word(x.base + (less << shift), shift, (most - less).bit_length())
    return ClampBits(word, x.shift - shift, least, most, less)
