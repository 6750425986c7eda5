"""How often each pattern stands: one hash table for all rows, changed with each coefficient.

A pattern is ``(u << 21 | w) << 8 | code``, plus one so that none is 0; ``forms.py`` tells what a code is. A table entry
is the pattern in the low bits and its count in the high ones. Patterns that stand twice or more are also in the list of
what they save, with their count; old entries of a list are dropped when they come up (a bucket queue).
"""

from __future__ import annotations

from ..native import Array
from .forms import log2, patterns, patterns_self
from .state import KNOWN, OVERHEAD, SCRATCH, Graph

__all__ = ["gather", "pop", "random", "sum_magnitude", "update"]

COUNT = 50
PATTERN = (1 << COUNT) - 1
VALUE = (1 << 21) - 1


def place(g: Graph, a: int, b: int, default: int) -> int:
    """Where the patterns of two coefficients stand in ``lists``, after their number."""
    if abs(a) >= KNOWN or abs(b) >= KNOWN:
        g.lists[default] = patterns(a, b, g.lists, default + 1)
        return default
    key = (a + KNOWN) * 2 * KNOWN + b + KNOWN
    if g.memo[key] == 0:
        at = g.lists_end
        g.lists[at] = patterns(a, b, g.lists, at + 1)
        g.memo[key] = at
        g.lists_end = at + g.lists[at] + 1
    return g.memo[key]


def differences(g: Graph, pair: int, i: int, j: int) -> None:
    """Add the changes of counts from the patterns at ``i`` to those at ``j``; both lists rise."""
    lists, changed, by = g.lists, g.changed, g.by
    n = g.changes
    end_i, end_j = i + lists[i], j + lists[j]
    i += 1
    j += 1
    while i <= end_i or j <= end_j:
        x = lists[i] >> 8 if i <= end_i else 1 << 20
        y = lists[j] >> 8 if j <= end_j else 1 << 20
        change = 0
        if x <= y:
            change -= lists[i] & 255
            i += 1
        if y <= x:
            change += lists[j] & 255
            j += 1
        if change:
            changed[n] = (pair << 8 | min(x, y)) + 1
            by[n] = change
            n += 1
    g.changes = n


def single(g: Graph, x: int, c: int, v: int, k: int, change: int) -> None:
    """The same where both coefficients have one digit: there is one pattern."""
    if k == 0:
        return
    a, b, low, high = c, k, x, v
    if v < x:
        a, b, low, high = k, c, v, x
    code = (log2(b) - log2(a) + 64) << 1 | ((a ^ b) < 0)
    g.changed[g.changes] = ((low << 21 | high) << 8 | code) + 1
    g.by[g.changes] = change
    g.changes += 1


def gather(g: Graph, first: int, end: int, v: int, old: int, new: int) -> None:
    """The changes of counts where the coefficient of ``v`` changes in the row of these slots."""
    value, coefficient = g.value, g.coefficient
    g.changes = 0
    room = (end - first + 1) * 1024  # a pair of coefficients has at most 256 patterns
    if 2 * SCRATCH + room > g.lists_room:
        g.failed = 1
        return
    if g.lists_end + room > g.lists_room:
        for i in range(4 * KNOWN * KNOWN):
            g.memo[i] = 0
        g.lists_end = 2 * SCRATCH
    for s in range(first, end):
        x, c = value[s], coefficient[s]
        if x == v:
            continue
        if (abs(old) & (abs(old) - 1)) | (abs(new) & (abs(new) - 1)) | (abs(c) & (abs(c) - 1)) == 0:
            single(g, x, c, v, old, -1)
            single(g, x, c, v, new, 1)
        elif x < v:
            differences(g, x << 21 | v, place(g, c, old, 0), place(g, c, new, SCRATCH))
        else:
            differences(g, v << 21 | x, place(g, old, c, 0), place(g, new, c, SCRATCH))
    g.lists[0] = patterns_self(old, g.lists, 1)
    g.lists[SCRATCH] = patterns_self(new, g.lists, SCRATCH + 1)
    differences(g, v << 21 | v, 0, SCRATCH)


def home(pattern: int, mask: int) -> int:
    """Where a pattern's search in the table starts."""
    x = pattern * 0x1E3779B97F4A7C15 & 0x3FFFFFFFFFFFFFFF
    return (x ^ x >> 29) & mask


def update(g: Graph) -> None:
    """Change the counts; the patterns that come to stand twice wait for the next :func:`pop`."""
    table, mask = g.table, g.mask
    if g.waiting + g.changes > g.listed_room or 4 * (g.used + g.changes) > 3 * mask:
        g.failed = 1
        return
    for k in range(g.changes):
        pattern, change = g.changed[k], g.by[k]
        i = home(pattern, mask)
        while table[i] != 0 and table[i] & PATTERN != pattern:
            i = (i + 1) & mask
        if table[i] == 0:
            g.used += 1
            table[i] = pattern
        table[i] += change << COUNT
        count = table[i] >> COUNT
        if count == 0:
            g.used -= 1
            remove(table, mask, i)
        elif count >= 2 and count - change < 2:
            g.pending[g.waiting] = pattern
            g.waiting += 1
    g.effort += g.changes + 8


def remove(table: Array, mask: int, i: int) -> None:
    """Take an entry away and close the gap, so that searches end at the first empty entry (Knuth, 6.4 R)."""
    j = (i + 1) & mask
    while table[j] != 0:
        if (j - home(table[j] & PATTERN, mask)) & mask >= (j - i) & mask:
            table[i] = table[j]
            i = j
        j = (j + 1) & mask
    table[i] = 0


def count_of(g: Graph, pattern: int) -> int:
    """How often a pattern stands."""
    i = home(pattern, g.mask)
    while g.table[i] != 0:
        if g.table[i] & PATTERN == pattern:
            return g.table[i] >> COUNT
        i = (i + 1) & g.mask
    return 0


def sum_magnitude(g: Graph, pattern: int) -> int:
    """The magnitude of the sum that a pattern is."""
    d = (pattern - 1 >> 1 & 127) - 64
    w, u = pattern - 1 >> 8 & VALUE, pattern - 1 >> 29
    return (g.magnitude[u] << max(-d, 0)) + (g.magnitude[w] << max(d, 0))


def saving(g: Graph, pattern: int, count: int) -> int:
    """Some bits of adders that a pattern saves as a value: those where its terms overlap, in each place but one."""
    w, u = pattern - 1 >> 8 & VALUE, pattern - 1 >> 29
    apart = g.magnitude[u].bit_length() + g.magnitude[w].bit_length()
    overlap = apart - sum_magnitude(g, pattern).bit_length() + OVERHEAD
    return (count - 1) * max(overlap, 1)


def rank(saved: int) -> int:
    """The list of patterns that save as much: 16 for each doubling."""
    up = max(saved.bit_length() - 5, 0)
    return 16 * up + (saved >> up)


def push(g: Graph, pattern: int, count: int) -> None:
    """Put a pattern in front of a list: by what it saves, and by chance up to ``noise`` times more."""
    least = saving(g, pattern, count)
    at = rank(least + random(g, least * g.noise + 1))
    node = g.free_node
    if node >= 0:
        g.free_node = g.follower[node]
    else:
        node = g.nodes
        if node >= g.listed_room:
            g.failed = 1
            return
        g.nodes += 1
    g.listed[node], g.follower[node] = count << COUNT | pattern, g.bucket[at]
    g.bucket[at] = node
    g.highest = max(g.highest, at)


def random(g: Graph, n: int) -> int:
    """A number below ``n`` (xorshift of 32 bits: Marsaglia 2003)."""
    x = g.random
    x ^= x << 13 & 0xFFFFFFFF
    x ^= x >> 17
    x ^= x << 5 & 0xFFFFFFFF
    g.random = x
    return x * n >> 32


def pop(g: Graph) -> int:
    """The pattern that saves most, 0 where none stands twice."""
    for i in range(g.waiting):
        count = count_of(g, g.pending[i])
        if count >= 2:
            push(g, g.pending[i], count)
    g.waiting = 0
    while g.highest >= 0 and g.failed == 0:
        node = g.bucket[g.highest]
        if node < 0:
            g.highest -= 1
            continue
        entry = g.listed[node]
        g.bucket[g.highest] = g.follower[node]
        g.follower[node] = g.free_node
        g.free_node = node
        pattern = entry & PATTERN
        count = count_of(g, pattern)
        if count >= 2 and count >= entry >> COUNT:
            return pattern
        if count >= 2:
            push(g, pattern, count)
    return 0
