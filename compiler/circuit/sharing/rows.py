"""Changing a coefficient of a row: slots, readers, counts, the number of adders and the journal follow."""

from __future__ import annotations

from .counts import gather, update
from .forms import digits, log2
from .state import Graph

__all__ = ["change", "digits_of", "drop_value", "find", "load_of", "make_value", "settle", "undo"]

TERM, MADE, DROPPED, LEVEL = range(4)  # kinds of journal entries
MOST_LEVELS = 40  # counted


def find(g: Graph, e: int, v: int) -> int:
    """The slot of row ``e`` that reads ``v``, or -1."""
    for s in range(g.start[e], g.start[e] + g.length[e]):
        if g.value[s] == v:
            return s
    return -1


def digits_of(g: Graph, e: int) -> int:
    """The number of digits of a row."""
    n = 0
    for s in range(g.start[e], g.start[e] + g.length[e]):
        n += digits(g.coefficient[s])
    return n


def move(g: Graph, i: int, j: int) -> None:
    """Move a term to another slot."""
    g.value[j], g.coefficient[j], g.row[j] = g.value[i], g.coefficient[i], g.row[i]
    before, after = g.previous[i], g.next[i]
    g.previous[j], g.next[j] = before, after
    if before >= 0:
        g.next[before] = j
    else:
        g.head[g.value[i]] = j
    if after >= 0:
        g.previous[after] = j


def enlarge(g: Graph, e: int) -> None:
    """Give a row a block of twice the slots."""
    old, room = g.start[e], g.room[e]
    size = max(2 * room, 2)
    block = g.free[log2(size)]
    if block >= 0:
        g.free[log2(size)] = g.next[block]
    else:
        block = g.slots
        if block + size > g.slots_room:
            g.failed = 1
            return
        g.slots += size
    for i in range(g.length[e]):
        move(g, old + i, block + i)
    if room:
        g.next[old] = g.free[log2(room)]
        g.free[log2(room)] = old
    g.start[e], g.room[e] = block, size


def append(g: Graph, e: int, v: int, coefficient: int) -> None:
    """Add a term to a row."""
    if g.length[e] == g.room[e]:
        enlarge(g, e)
        if g.failed:
            return
    i = g.start[e] + g.length[e]
    g.length[e] += 1
    after = g.head[v]
    g.value[i], g.coefficient[i], g.row[i] = v, coefficient, e
    g.next[i], g.previous[i] = after, -1
    if after >= 0:
        g.previous[after] = i
    g.head[v] = i


def remove(g: Graph, e: int, i: int) -> None:
    """Take the term in a slot out of its row; the row's last term comes into its place."""
    before, after = g.previous[i], g.next[i]
    if before >= 0:
        g.next[before] = after
    else:
        g.head[g.value[i]] = after
    if after >= 0:
        g.previous[after] = before
    g.length[e] -= 1
    last = g.start[e] + g.length[e]
    if i != last:
        move(g, last, i)


def touch(g: Graph, e: int) -> None:
    """Remember that a row changed."""
    if g.stamp[e] != g.time:
        g.stamp[e] = g.time
        g.touched[g.touches] = e
        g.touches += 1


def change(g: Graph, e: int, v: int, by: int) -> None:
    """Add ``by`` to the coefficient of ``v`` in row ``e``."""
    i = find(g, e, v)
    old = g.coefficient[i] if i >= 0 else 0
    new = old + by
    gather(g, g.start[e], g.start[e] + g.length[e], v, old, new)
    update(g)
    touch(g, e)
    note(g, TERM, e, v, by)
    if i < 0:
        append(g, e, v, new)
    elif new:
        g.coefficient[i] = new
    else:
        remove(g, e, i)


def settle(g: Graph) -> None:
    """Make the levels of values true for the rows that changed, and for those that read them."""
    values = g.inputs - g.outputs
    changed = 1
    while changed and g.failed == 0:
        changed = 0
        i = 0
        while i < g.touches:
            e = g.touched[i]
            i += 1
            new = max(load_of(g, e) - 1, 0).bit_length()
            if e < g.outputs or new == g.level[e + values]:
                continue
            changed = 1
            note(g, LEVEL, e + values, g.level[e + values], 0)
            g.level[e + values] = new
            s = g.head[e + values] if g.length[e] else -1
            while s >= 0:
                touch(g, g.row[s])
                s = g.next[s]


def load_of(g: Graph, e: int) -> int:
    """How full a row makes a tree of adders: the flattest one has depth n where it is at most 2^n (Golumbic 1976)."""
    load = 0
    for s in range(g.start[e], g.start[e] + g.length[e]):
        load += digits(g.coefficient[s]) << min(g.level[g.value[s]], MOST_LEVELS)
    return load


def make_value(g: Graph, magnitude: int) -> int:
    """A new value, whose row is empty."""
    v = g.free_value
    if v >= 0:
        g.free_value = g.head[v]
    else:
        v = g.values
        if v == g.values_room:
            g.failed = 1
            return 0
        g.values += 1
    g.head[v] = -1
    g.magnitude[v] = magnitude
    note(g, MADE, v, 0, 0)
    return v


def drop_value(g: Graph, v: int) -> None:
    """Take away a value whose row is empty and that nobody reads."""
    g.head[v] = g.free_value
    g.free_value = v
    note(g, DROPPED, v, g.magnitude[v], g.level[v])


def note(g: Graph, kind: int, a: int, b: int, c: int) -> None:
    """Remember what was done."""
    if g.logging == 0:
        return
    if g.written == g.journal_room:
        g.failed = 1
        return
    at = 4 * g.written
    g.journal[at], g.journal[at + 1], g.journal[at + 2], g.journal[at + 3] = kind, a, b, c
    g.written += 1


def undo(g: Graph) -> None:
    """Take back what the journal holds."""
    g.logging = 0
    while g.written > 0 and g.failed == 0:
        g.written -= 1
        at = 4 * g.written
        kind, a = g.journal[at], g.journal[at + 1]
        if kind == TERM:
            change(g, a, g.journal[at + 2], -g.journal[at + 3])
        elif kind == MADE:
            drop_value(g, a)
        elif kind == LEVEL:
            g.level[a] = g.journal[at + 2]
        else:
            g.level[make_value(g, g.journal[at + 2])] = g.journal[at + 3]
    g.logging = 1
