"""The words of a whole circuit; constants stand where they cost least.

A value whose own bits are read needs a base that does not reach into them. What is missing is a constant, which is put
bit by bit where a sum has no bit of one of its words: above or below the narrower one, in that sum or in those that
only it reads. A bit above costs nothing, one below the positions by which the carry chain grows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache, singledispatch
from typing import NamedTuple

from .ir import Add, Add3, AtLeast, Bit, Circuit, Clamp, Input, Lookup, Node, Range, Shift, Value
from .ternary_wires import TernarySum, ternary_words
from .wires import Choice, Sum, Word, add_words, input_word, word_of

__all__ = ["Wires", "wires_of"]


@dataclass(frozen=True)
class Wires:
    """The word of each value, and how each ``Add`` or ``Add3`` that is not constant makes its own."""

    words: tuple[Word, ...]
    sums: dict[Value, Sum]
    ternary: dict[Value, TernarySum] = field(default_factory=dict[Value, TernarySum])


class Shown(NamedTuple):
    """The lowest ``bits`` of the value less ``residue`` are read by themselves; with ``only`` nothing else is read."""

    bits: int
    residue: int = 0
    only: bool = False


@lru_cache(maxsize=2)
def wires_of(circuit: Circuit) -> Wires:
    """Choose the words of a circuit; the pipeline, the logic and its estimate ask for the same ones, two to compare."""
    chosen = Chosen(circuit, shown(circuit))
    for i, node in enumerate(circuit.nodes):
        chosen.append(i, node)
        if i in chosen.shown and i in chosen.sums:
            chosen.place_constant(i)
    sums = {v: s for v, s in chosen.sums.items() if isinstance(s, Sum)}
    ternary = {v: s for v, s in chosen.sums.items() if isinstance(s, TernarySum)}
    return Wires(tuple(chosen.words), sums, ternary)


@singledispatch
def reads_bits(node: Node, r: Range, of: Range, own: Shown | None) -> Shown | None:
    """What a node with range ``r`` that is itself read as ``own`` reads of an operand: all bits of the value."""
    return Shown(of.width, only=True)


@reads_bits.register(Add)
@reads_bits.register(Add3)
@reads_bits.register(AtLeast)
@reads_bits.register(Lookup)
def _(node: Node, r: Range, of: Range, own: Shown | None) -> Shown | None:
    return None


@reads_bits.register
def _(node: Bit, r: Range, of: Range, own: Shown | None) -> Shown | None:
    return Shown(node.index + 1)


@reads_bits.register
def _(node: Clamp, r: Range, of: Range, own: Shown | None) -> Shown | None:
    return Shown((r.high - r.low).bit_length(), r.low)


@reads_bits.register
def _(node: Shift, r: Range, of: Range, own: Shown | None) -> Shown | None:
    if node.right < 0:
        return None
    return Shown(node.right + own.bits, own.residue << node.right) if own else Shown(node.right)


def shown(circuit: Circuit) -> dict[Value, Shown]:
    """The values whose own bits are read; where readers disagree, the most bits."""
    found: dict[Value, Shown] = {o: Shown(circuit.ranges[o].width, only=True) for o in circuit.outputs}
    added = {v for node in circuit.nodes if isinstance(node, Add | Add3) for v in node.reads}
    for i in range(len(circuit.nodes) - 1, -1, -1):
        node = circuit.nodes[i]
        for v in node.reads:
            read = reads_bits(node, circuit.ranges[i], circuit.ranges[v], found.get(i))
            if read is None:
                added.add(v)
            elif v not in found or found[v].bits < read.bits:
                found[v] = read
            if read is not None and not read.only:
                added.add(v)
    return {v: s._replace(only=s.only and v not in added) for v, s in found.items()}


@dataclass
class Chosen:
    """The words chosen so far."""

    circuit: Circuit
    shown: dict[Value, Shown]
    words: list[Word] = field(default_factory=list[Word])
    sums: dict[Value, Sum | TernarySum] = field(default_factory=dict[Value, Sum | TernarySum])
    choices: dict[Value, Choice] = field(default_factory=dict[Value, Choice])

    def __post_init__(self) -> None:
        nodes = self.circuit.nodes
        self.readers = Counter([*self.circuit.outputs, *(v for node in nodes for v in node.reads)])
        self.upright: set[Value] = {v for v, s in self.shown.items() if s.only}

    def append(self, i: Value, node: Node) -> None:
        """Choose the word of the next value."""
        r = self.circuit.ranges[i]
        if isinstance(node, Input):
            self.words.append(input_word(self.circuit.inputs[node.index]))
        elif isinstance(node, Add | Add3):
            options = [self.add(i, Choice(second)) for second in (True, False)]
            best = min((0, 1), key=lambda n: self.cost(i, *options[n]))
            self.choices[i] = Choice(best == 0)
            sum_, word = options[best]
            self.words.append(word)
            if sum_ is not None:
                self.sums[i] = sum_
        elif r.low == r.high:
            self.words.append(Word(r.low, 0, 0))
        else:
            self.words.append(word_of(node, r, *(self.words[v] for v in node.reads)))

    def cost(self, i: Value, sum_: Sum | TernarySum | None, word: Word) -> tuple[int, int]:
        """Positions of a chain, and what it takes to invert its result where that cannot be."""
        return (sum_.positions if sum_ else 0) + (word.width if word.negative and i in self.upright else 0), word.width

    def add(self, i: Value, choice: Choice) -> tuple[Sum | TernarySum | None, Word]:
        """An addition as chosen."""
        node, s = self.circuit.nodes[i], self.shown.get(i)
        bits = s.bits if s and s.only else None
        if isinstance(node, Add3):
            words = tuple(self.words[v] for v in node.reads)
            return ternary_words(node, self.circuit.ranges[i], words, choice.constant, bits)
        assert isinstance(node, Add)
        return add_words(node, self.circuit.ranges[i], self.words[node.a], self.words[node.b], choice, bits)

    def again(self, values: list[Value]) -> None:
        """Make sums anew, in their order."""
        for v in sorted(values):
            sum_, self.words[v] = self.add(v, self.choices[v])
            assert sum_ is not None
            self.sums[v] = sum_

    def place_constant(self, i: Value) -> None:
        """Give a sum whose bits are read the base that they need, where there is room for the constant."""
        s = self.shown[i]
        tree = self.private(i)
        while need := self.words[i].missing(s.bits, s.residue):
            lowest = (need & -need).bit_length() - 1
            found = [
                (cost, path, option)
                for path, at in tree
                if at <= lowest
                for option in self.options(path[0], lowest - at)
                if (cost := self.trial(i, path, option, lowest)) is not None
            ]
            if not found:
                return
            _, path, option = min(found, key=lambda t: t[0])
            self.choices[path[0]] = option
            self.again(path)

    def private(self, i: Value) -> list[tuple[list[Value], int]]:
        """The sum and those that only it reads: the way from each to it, and the bits by which it stands higher."""
        found = [([i], 0)]
        for path, at in found:
            s = self.sums[path[0]]
            for v, v_at in s.operands:
                if v in self.sums and self.readers[v] == 1 and v not in self.shown:
                    found.append(([v, *path], at + v_at))
        return found

    def options(self, v: Value, bit: int) -> Iterator[Choice]:
        """The choices of a sum that change its word by that bit."""
        s, choice = self.sums[v], self.choices[v]
        if isinstance(s, Sum) and s.subtracts and bit < s.start:
            yield replace(choice, lowest=bit)
        ends = [(at, at + self.words[x].width) for x, at in s.operands]
        taken = sum(low <= bit < high for low, high in ends)
        room = 2 if isinstance(s, Sum) else 3
        if bit <= s.width and taken < room and not choice.constant >> bit & 1:
            yield replace(choice, constant=choice.constant | 1 << bit)

    def trial(self, i: Value, path: list[Value], option: Choice, lowest: int) -> tuple[int, int] | None:
        """What an option adds to the chains; None where it does not give the bit."""
        v, before = path[0], sum(self.sums[v].positions for v in path)
        choice, kept = self.choices[v], [(v, self.sums[v], self.words[v]) for v in path]
        self.choices[v] = option
        self.again(path)
        s = self.shown[i]
        given = not self.words[i].missing(s.bits, s.residue) & (2 << lowest) - 1
        after = sum(self.sums[v].positions for v in path)
        self.choices[v] = choice
        for v, sum_, word in kept:
            self.sums[v], self.words[v] = sum_, word
        return (after - before, len(path)) if given else None
