"""Sums in an order that is ready early: the same number of additions, fewer of them in a row.

A sum that only one other sum reads may take its terms in any order (tree-height reduction, J. L. Baer and D. P. Bovet,
"Compilation of arithmetic expressions for parallel computations", 1968). Terms are added as soon as two of them are
there, which no other order beats (D. A. Huffman's algorithm for the maximum in place of the sum). A tree of sums whose
result is not awaited stays as it is: its order was chosen to be narrow.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from ..bounds import meet
from ..builder import Builder
from ..circuit import Circuit
from ..nodes import Add, Bit, Constant, Input, Node, Shift
from ..values import Value

__all__ = ["balance"]


@dataclass(frozen=True)
class Term:
    """``value << shift``, or minus that, there at a level."""

    level: int
    value: Value
    shift: int
    negative: bool


def cost(node: Node) -> int:
    """Levels of logic that a node counts for."""
    return 0 if isinstance(node, (Input, Constant, Shift, Bit)) else 1


def balance(circuit: Circuit) -> Circuit:
    """The circuit with the fewest levels that its trees of sums allow."""
    inside = trees(circuit)
    first = Rebuilt(circuit, inside)
    for v in range(len(circuit.nodes)):
        if not inside[v]:
            first.add(v, early=True)
    deepest = max((first.level[first.new[o]] for o in circuit.outputs), default=0)
    late = [deepest] * len(first.level)
    for v in range(len(late) - 1, -1, -1):
        node = first.builder.nodes[v]
        for u in node.reads:
            late[u] = min(late[u], late[v] - cost(node))
    second = Rebuilt(circuit, inside)
    for v in range(len(circuit.nodes)):
        if not inside[v]:
            second.add(v, early=second.old_level(v) > late[first.new[v]])
    return second.builder.finish([second.new[o] for o in circuit.outputs])


def trees(circuit: Circuit) -> list[bool]:
    """Of each value, whether it is inside a tree of sums: a sum that one other sum reads, once."""
    readers: list[list[Value]] = [[] for _ in circuit.nodes]
    for v, node in enumerate(circuit.nodes):
        for u in node.reads:
            readers[u].append(v)
    for o in circuit.outputs:
        readers[o].append(-1)
    return [
        isinstance(node, Add) and len(by) == 1 and by[0] >= 0 and isinstance(circuit.nodes[by[0]], Add)
        for node, by in zip(circuit.nodes, readers, strict=True)
    ]


class Rebuilt:
    """The circuit again, value by value; a tree is made at its root."""

    def __init__(self, circuit: Circuit, inside: list[bool]) -> None:
        self.circuit, self.inside = circuit, inside
        self.builder = Builder(circuit.inputs)
        self.level: list[int] = []  # of the builder's values
        self.new: dict[Value, Value] = {}

    def add(self, v: Value, early: bool) -> None:
        """Make an old value that is in no tree, and the tree below it: in the earliest order, or as it was."""
        members = self.members(v)
        if early and len(members) > 1:
            self.new[v] = self.together(self.terms(v))
            self.narrow(v)
            return
        for m in members:
            self.new[m] = self.put(self.circuit.nodes[m].renumber(self.new))
            self.narrow(m)

    def members(self, v: Value) -> list[Value]:
        """The values of the tree below an old value, and itself, in order."""
        found, n = [v], 0
        while n < len(found):
            found += [u for u in self.circuit.nodes[found[n]].reads if self.inside[u]]
            n += 1
        return sorted(found)

    def terms(self, v: Value) -> list[Term]:
        """What the tree below an old value adds up."""
        found: list[Term] = []
        waiting = [(v, 0, False)]
        while waiting:
            u, shift, negative = waiting.pop()
            node = self.circuit.nodes[u]
            if u == v or self.inside[u]:
                assert isinstance(node, Add)
                waiting.append((node.b, shift + node.b_shift, negative != node.subtract))
                waiting.append((node.a, shift + node.a_shift, negative))
            else:
                found.append(Term(self.level[self.new[u]], self.new[u], shift, negative))
        return found

    def old_level(self, v: Value) -> int:
        """The level of an old value if its tree stays as it was; what is before the tree is made."""
        height: dict[Value, int] = {}
        for m in self.members(v):
            before = (height[u] if u in height else self.level[self.new[u]] for u in self.circuit.nodes[m].reads)
            height[m] = cost(self.circuit.nodes[m]) + max(before, default=0)
        return height[v]

    def put(self, node: Node) -> Value:
        """The builder's value of a node."""
        v = self.builder.add(node)
        if v == len(self.level):
            made = self.builder.nodes[v]
            self.level.append(cost(made) + max((self.level[u] for u in made.reads), default=0))
        return v

    def narrow(self, v: Value) -> None:
        """What is proven about an old value stays known."""
        new = self.new[v]
        self.builder.ranges[new] = meet(self.builder.ranges[new], self.circuit.ranges[v])

    def together(self, terms: list[Term]) -> Value:
        """The sum of terms, two that are there first added first."""
        heap = [(t.level, self.end(t), n, t) for n, t in enumerate(terms)]
        heapify(heap)
        while len(heap) > 1:
            (*_, n, a), (*_, b) = heappop(heap), heappop(heap)
            if a.negative and not b.negative:
                a, b = b, a
            by = min(a.shift, b.shift)
            v = self.put(Add(a.value, b.value, a.shift - by, b.shift - by, a.negative != b.negative))
            t = Term(self.level[v], v, by, a.negative)
            heappush(heap, (t.level, self.end(t), n, t))
        ((*_, last),) = heap
        assert not last.negative
        return self.put(Shift(last.value, -last.shift)) if last.shift else last.value

    def end(self, t: Term) -> int:
        """Where a term's bits end: those that end together make narrow sums."""
        return self.builder.ranges[t.value].width + t.shift
