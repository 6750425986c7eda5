"""Common sub-expressions of constant matrix products, compiled by numba.

A matrix product is a set of rows, each a sum of values times integers; the work is one addition per signed digit but
one of each row. A *pattern* ``u + sign * 2^d * w`` that stands in several places is made a value of its own, a row like
the others: greedy two-term sharing (Potkonjak, Srivastava, Chandrakasan 1996; Hosangadi, Fallah, Kastner 2006). Three
things are different here:

* A row keeps integers, not digits: a pattern stands wherever it can be taken out of *some* signed-digit form with the
  fewest digits, and each place keeps the form that leaves most choice. (Minimal signed-digit forms: Park and Kang 2001,
  for single constants.)
* The count of every pattern in all rows is kept in one hash table, and a change of a coefficient touches only the
  patterns of that coefficient in that row.
* Local search: some values that stand together are put back into their readers and shared again in another order; the
  result is kept where it has no more adders, else taken back from a journal (large neighbourhood search, Shaw 1998).

All functions work on int64 arrays that are gathered in :class:`Graph`, so that numba compiles each of them once.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["Shared", "share"]

numba: Any = import_module("numba")
compiled = numba.njit(cache=True, error_model="numpy")

Array = npt.NDArray[np.int64]
Terms = tuple[tuple[int, int], ...]

# columns of ``slot``: a term of a row, linked to the other terms that read the same value
VALUE, COEFFICIENT, NEXT, PREVIOUS, ROW = range(5)
# columns of ``rows``: where its slots are
START, LENGTH, ROOM = range(3)
# entries of ``stat``
INPUTS, OUTPUTS, VALUES, ADDERS, STATUS, SLOTS, FREE_VALUE, USED, HIGHEST, NODES, FREE_NODE = range(11)
RANDOM, EMPTIED, JOURNAL, LOGGING, PENDING, LISTED, EFFORT = range(11, 18)
# kinds of journal entries
TERM, MADE, DROPPED = range(3)

COUNT = 50  # a table entry is a pattern in the low bits and how often it stands in the high ones
PATTERN = (1 << COUNT) - 1
BUCKETS = 1 << 12
KNOWN = 300  # the patterns of coefficients below this are kept
SCRATCH = 1 << 12


class Graph(NamedTuple):
    """The arrays that the compiled functions share."""

    slot: Array
    rows: Array
    head: Array  # of each value: the first slot that reads it
    free: Array  # blocks of slots by the logarithm of their size
    table: Array
    queue: Array  # (pattern, next) of the lists of patterns with the same count
    bucket: Array  # of each count: the first in its list
    pending: Array  # patterns that came to stand twice
    delta: Array  # (pattern, change of its count)
    memo: Array
    lists: Array
    work: Array
    journal: Array
    stat: Array


def minimal_forms(largest: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Of each integer below ``largest``: the signed powers that some form with the fewest digits holds."""
    first, powers = [0], list[int]()
    for c in range(largest):
        count = (3 * c ^ c).bit_count()
        for p in (s << e for e in range(c.bit_length() + 1) for s in (1, -1)):
            rest = abs(c - p)
            if (3 * rest ^ rest).bit_count() == count - 1:
                powers.append(p)
        first.append(len(powers))
    return np.array(first), np.array(powers)


DIGITS = np.array([(3 * c ^ c).bit_count() for c in range(4096)])
LOG2 = np.array([max(c.bit_length() - 1, 0) for c in range(4096)])
FIRST, POWERS = minimal_forms(1024)


@compiled
def digits(c: int) -> int:
    """Non-zero digits of the canonical form."""
    c = abs(c)
    if c < 4096:
        return DIGITS[c]
    x = (3 * c) ^ c
    n = 0
    while x:
        x &= x - 1
        n += 1
    return n


@compiled
def log2(c: int) -> int:
    """The position of the highest bit."""
    c = abs(c)
    n = 0
    while c >= 4096:
        c >>= 12
        n += 12
    return n + LOG2[c]


@compiled
def forms(c: int, out: Array) -> int:
    """Write the signed powers that some minimal form of ``c`` holds; their number."""
    a = abs(c)
    n = 0
    if a < 1024:
        for i in range(FIRST[a], FIRST[a + 1]):
            out[n] = POWERS[i] if c > 0 else -POWERS[i]
            n += 1
        return n
    d = digits(c)
    p = 1
    while p <= 2 * a:
        for s in (p, -p):
            if digits(c - s) < d:
                out[n] = s
                n += 1
        p <<= 1
    return n


@compiled
def choices(c: int) -> int:
    """How many signed powers the minimal forms of ``c`` hold; 0 for large ones, whose forms are not compared."""
    c = abs(c)
    return FIRST[c + 1] - FIRST[c] if c < 1024 else 0


@compiled
def shifted(k: int, d: int) -> int:
    """``k * 2^d``, which must be whole."""
    return k << d if d >= 0 else k >> -d


@compiled
def match(a: int, b: int, d: int, sign: int) -> int:
    """The k of most digits so that ``k u + sign k 2^d w`` can be taken out of minimal forms of ``a u + b w``."""
    k = 0
    powers = np.empty(128, np.int64)
    while a != 0 and b != 0:
        best, most = 0, -1
        for i in range(forms(a, powers)):
            p = powers[i]
            if not 0 <= log2(p) + d < 60:
                continue
            q = sign * shifted(p, d)
            if digits(b - q) < digits(b) and choices(a - p) + choices(b - q) > most:
                best, most = p, choices(a - p) + choices(b - q)
        if most < 0:
            break
        a -= best
        b -= sign * shifted(best, d)
        k += best
    return k


@compiled
def match_self(a: int, d: int, sign: int) -> int:
    """The same for ``k (1 + sign 2^d) u`` in ``a u``."""
    k = 0
    powers = np.empty(128, np.int64)
    found = True
    while found:
        found = False
        for i in range(forms(a, powers)):
            p = powers[i]
            if log2(p) + d < 60 and digits(a - p - sign * (p << d)) == digits(a) - 2:
                a -= p + sign * (p << d)
                k += p
                found = True
                break
    return k


@compiled
def patterns(a: int, b: int, out: Array, at: int) -> int:
    """Write ``code << 8 | places`` of each pattern of the terms ``a u + b w`` from ``at`` on; their number.

    Codes rise; a code is ``(d + 64) << 1 | (sign < 0)``.
    """
    powers_a, powers_b = np.empty(128, np.int64), np.empty(128, np.int64)
    nb = forms(b, powers_b)
    n = 0
    for i in range(forms(a, powers_a)):
        for j in range(nb):
            p, q = powers_a[i], powers_b[j]
            code = (log2(q) - log2(p) + 64) << 1 | ((p ^ q) < 0)
            place = at
            while place < at + n and out[place] >> 8 < code:
                place += 1
            if place < at + n and out[place] >> 8 == code:
                out[place] |= 255
                continue
            for k in range(at + n, place, -1):
                out[k] = out[k - 1]
            out[place] = code << 8 | 1
            n += 1
    for place in range(at, at + n):
        if out[place] & 255 == 255:
            code = out[place] >> 8
            out[place] = code << 8 | digits(match(a, b, (code >> 1) - 64, 1 - 2 * (code & 1)))
    return n


@compiled
def patterns_self(a: int, out: Array, at: int) -> int:
    """The same of a single term ``a u``."""
    n = 0
    if abs(a) & (abs(a) - 1) == 0:
        return n
    for d in range(1, log2(a) + 2):
        for negative in range(2):
            k = match_self(a, d, 1 - 2 * negative)
            if k != 0:
                out[at + n] = ((d + 64) << 1 | negative) << 8 | digits(k)
                n += 1
    return n


@compiled
def listed(a: int, b: int, memo: Array, lists: Array, stat: Array, scratch: int) -> int:
    """Where the patterns of two coefficients stand in ``lists``, after their number."""
    if abs(a) >= KNOWN or abs(b) >= KNOWN:
        lists[scratch] = patterns(a, b, lists, scratch + 1)
        return scratch
    key = (a + KNOWN) * 2 * KNOWN + b + KNOWN
    if memo[key] == 0:
        at = stat[LISTED]
        lists[at] = patterns(a, b, lists, at + 1)
        memo[key] = at
        stat[LISTED] = at + lists[at] + 1
    return memo[key]


@compiled
def differences(base: int, i: int, j: int, lists: Array, delta: Array, n: int) -> int:
    """Write the changes of counts from the patterns at ``i`` to those at ``j``; the number written until now."""
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
            delta[n, 0] = (base | min(x, y)) + 1
            delta[n, 1] = change
            n += 1
    return n


@compiled
def gather(
    slot: Array, first: int, end: int, v: int, old: int, new: int, delta: Array, memo: Array, lists: Array, stat: Array
) -> int:
    """The changes of counts where the coefficient of ``v`` changes in a row; their number."""
    n = 0
    room = (end - first + 1) * 1024  # a pair of coefficients has at most 256 patterns
    if 2 * SCRATCH + room > len(lists) or room > len(delta):
        stat[STATUS] = 6
        return n
    if stat[LISTED] + room > len(lists):
        memo[:] = 0
        stat[LISTED] = 2 * SCRATCH
    for s in range(first, end):
        x, c = slot[s, VALUE], slot[s, COEFFICIENT]
        if x == v:
            continue
        if (abs(old) & (abs(old) - 1)) | (abs(new) & (abs(new) - 1)) | (abs(c) & (abs(c) - 1)) == 0:
            for k, count in ((old, -1), (new, 1)):  # one digit each: one pattern
                if k != 0:
                    a, b, low, high = (c, k, x, v) if x < v else (k, c, v, x)
                    code = (log2(b) - log2(a) + 64) << 1 | ((a ^ b) < 0)
                    delta[n, 0] = ((low << 21 | high) << 8 | code) + 1
                    delta[n, 1] = count
                    n += 1
        elif x < v:
            i = listed(c, old, memo, lists, stat, 0)
            j = listed(c, new, memo, lists, stat, SCRATCH)
            n = differences((x << 21 | v) << 8, i, j, lists, delta, n)
        else:
            i = listed(old, c, memo, lists, stat, 0)
            j = listed(new, c, memo, lists, stat, SCRATCH)
            n = differences((v << 21 | x) << 8, i, j, lists, delta, n)
    lists[0] = patterns_self(old, lists, 1)
    lists[SCRATCH] = patterns_self(new, lists, SCRATCH + 1)
    return differences((v << 21 | v) << 8, 0, SCRATCH, lists, delta, n)


@compiled
def home(pattern: int, mask: int) -> int:
    """Where a pattern's search in the table starts."""
    x = pattern * 0x1E3779B97F4A7C15
    return (x ^ (x >> 29)) & mask


@compiled
def update(table: Array, delta: Array, n: int, pending: Array, stat: Array) -> None:
    """Change the counts of patterns; those that come to stand twice go to ``pending``."""
    mask = len(table) - 1
    waiting, used = stat[PENDING], stat[USED]
    if waiting + n > len(pending) or 4 * (used + n) > 3 * mask:
        stat[STATUS] = 1
        return
    for k in range(n):
        pattern, change = delta[k, 0], delta[k, 1]
        i = home(pattern, mask)
        while table[i] != 0 and table[i] & PATTERN != pattern:
            i = (i + 1) & mask
        if table[i] == 0:
            used += 1
            table[i] = pattern
        table[i] += change << COUNT
        count = table[i] >> COUNT
        if count == 0:
            used -= 1
            j = i
            while True:  # close the gap, so that searches end at the first empty entry
                j = (j + 1) & mask
                if table[j] == 0:
                    break
                if (j - home(table[j] & PATTERN, mask)) & mask >= (j - i) & mask:
                    table[i] = table[j]
                    i = j
            table[i] = 0
        elif count >= 2 and count - change < 2:
            pending[waiting] = pattern
            waiting += 1
    stat[PENDING], stat[USED] = waiting, used
    stat[EFFORT] += n + 8


@compiled
def count_of(table: Array, pattern: int) -> int:
    """How often a pattern stands."""
    mask = len(table) - 1
    i = home(pattern, mask)
    while table[i] != 0:
        if table[i] & PATTERN == pattern:
            return int(table[i] >> COUNT)
        i = (i + 1) & mask
    return 0


@compiled
def push(queue: Array, bucket: Array, stat: Array, pattern: int, count: int) -> None:
    """Put a pattern in front of the list of those that stand as often."""
    count = min(count, BUCKETS - 1)
    node = stat[FREE_NODE]
    if node >= 0:
        stat[FREE_NODE] = queue[node, 1]
    else:
        node = stat[NODES]
        if node >= len(queue):
            stat[STATUS] = 2
            return
        stat[NODES] += 1
    queue[node, 0], queue[node, 1] = pattern, bucket[count]
    bucket[count] = node
    stat[HIGHEST] = max(stat[HIGHEST], count)


@compiled
def random(stat: Array, n: int) -> int:
    """A number below ``n`` (xorshift: Marsaglia 2003)."""
    x = stat[RANDOM]
    x ^= x << 13
    x ^= (x >> 7) & ((1 << 57) - 1)
    x ^= x << 17
    stat[RANDOM] = x
    return ((x >> 20) & ((1 << 40) - 1)) % n


@compiled
def pop(table: Array, queue: Array, bucket: Array, pending: Array, stat: Array, spread: int) -> int:
    """One of the patterns that stand most often, 0 where none stands twice; among the first ``spread`` by chance."""
    for i in range(stat[PENDING]):
        count = count_of(table, pending[i])
        if count >= 2:
            push(queue, bucket, stat, pending[i], count)
    stat[PENDING] = 0
    while stat[HIGHEST] >= 2 and stat[STATUS] == 0:
        count = stat[HIGHEST]
        node = bucket[count]
        if node < 0:
            stat[HIGHEST] -= 1
            continue
        other = node
        for _ in range(random(stat, spread)):
            if queue[other, 1] >= 0:
                other = queue[other, 1]
        pattern = queue[other, 0]
        queue[other, 0] = queue[node, 0]
        bucket[count] = queue[node, 1]
        queue[node, 1] = stat[FREE_NODE]
        stat[FREE_NODE] = node
        now = count_of(table, pattern)
        if now >= count:
            return pattern
        if now >= 2:
            push(queue, bucket, stat, pattern, now)
    return 0


@compiled
def find(slot: Array, first: int, end: int, v: int) -> int:
    """The slot of a row that reads ``v``, or -1."""
    for s in range(first, end):
        if slot[s, VALUE] == v:
            return s
    return -1


@compiled
def move(slot: Array, head: Array, i: int, j: int) -> None:
    """Move a term to another slot."""
    for column in range(5):
        slot[j, column] = slot[i, column]
    before, after = slot[i, PREVIOUS], slot[i, NEXT]
    if before >= 0:
        slot[before, NEXT] = j
    else:
        head[slot[i, VALUE]] = j
    if after >= 0:
        slot[after, PREVIOUS] = j


@compiled
def enlarge(slot: Array, rows: Array, head: Array, free: Array, stat: Array, e: int) -> None:
    """Give a row a block of twice the slots."""
    old, room = rows[e, START], rows[e, ROOM]
    size = max(2 * room, 2)
    block = free[log2(size)]
    if block >= 0:
        free[log2(size)] = slot[block, NEXT]
    else:
        block = stat[SLOTS]
        if block + size > len(slot):
            stat[STATUS] = 3
            return
        stat[SLOTS] += size
    for i in range(rows[e, LENGTH]):
        move(slot, head, old + i, block + i)
    if room:
        slot[old, NEXT] = free[log2(room)]
        free[log2(room)] = old
    rows[e, START], rows[e, ROOM] = block, size


@compiled
def change(g: Graph, e: int, v: int, by: int) -> None:
    """Change the coefficient of ``v`` in row ``e``; counts, readers and the number of adders follow."""
    slot, rows, stat = g.slot, g.rows, g.stat
    first = rows[e, START]
    end = first + rows[e, LENGTH]
    i = find(slot, first, end, v)
    old = slot[i, COEFFICIENT] if i >= 0 else 0
    new = old + by
    n = gather(slot, first, end, v, old, new, g.delta, g.memo, g.lists, stat)
    update(g.table, g.delta, n, g.pending, stat)
    stat[ADDERS] += digits(new) - digits(old)
    if stat[LOGGING]:
        note(g.journal, stat, TERM, e, v, by)
    if i >= 0 and new != 0:
        slot[i, COEFFICIENT] = new
    elif i < 0:
        if rows[e, LENGTH] == rows[e, ROOM]:
            enlarge(slot, rows, g.head, g.free, stat, e)
            if stat[STATUS]:
                return
        i = rows[e, START] + rows[e, LENGTH]
        rows[e, LENGTH] += 1
        after = g.head[v]
        slot[i, VALUE], slot[i, COEFFICIENT], slot[i, ROW] = v, new, e
        slot[i, NEXT], slot[i, PREVIOUS] = after, -1
        if after >= 0:
            slot[after, PREVIOUS] = i
        g.head[v] = i
    else:
        before, after = slot[i, PREVIOUS], slot[i, NEXT]
        if before >= 0:
            slot[before, NEXT] = after
        else:
            g.head[v] = after
        if after >= 0:
            slot[after, PREVIOUS] = before
        if i != end - 1:
            move(slot, g.head, end - 1, i)
        rows[e, LENGTH] -= 1


@compiled
def note(journal: Array, stat: Array, kind: int, a: int, b: int, c: int) -> None:
    """Remember what was done."""
    n = stat[JOURNAL]
    if n == len(journal):
        stat[STATUS] = 4
        return
    journal[n, 0], journal[n, 1], journal[n, 2], journal[n, 3] = kind, a, b, c
    stat[JOURNAL] = n + 1


@compiled
def make_value(g: Graph) -> int:
    """A new value, whose row is empty."""
    stat = g.stat
    v = stat[FREE_VALUE]
    if v >= 0:
        stat[FREE_VALUE] = g.head[v]
    else:
        v = stat[VALUES]
        if v == len(g.head):
            stat[STATUS] = 5
            return 0
        stat[VALUES] += 1
    g.head[v] = -1
    stat[ADDERS] -= 1
    if stat[LOGGING]:
        note(g.journal, stat, MADE, v, 0, 0)
    return v


@compiled
def drop_value(g: Graph, v: int) -> None:
    """Take away a value whose row is empty and that nobody reads."""
    stat = g.stat
    g.head[v] = stat[FREE_VALUE]
    stat[FREE_VALUE] = v
    stat[ADDERS] += 1
    if stat[LOGGING]:
        note(g.journal, stat, DROPPED, v, 0, 0)


@compiled
def take(slot: Array, rows: Array, e: int, u: int, w: int, d: int, sign: int) -> int:
    """How much of a pattern stands in a row, in units of ``u``."""
    first, end = rows[e, START], rows[e, START] + rows[e, LENGTH]
    i = find(slot, first, end, u)
    if i < 0:
        return 0
    if u == w:
        return match_self(slot[i, COEFFICIENT], d, sign)
    j = find(slot, first, end, w)
    return match(slot[i, COEFFICIENT], slot[j, COEFFICIENT], d, sign) if j >= 0 else 0


@compiled
def extract(g: Graph, pattern: int) -> None:
    """Make a pattern a value, where there is no such value, and put it wherever the pattern stands."""
    slot, rows, stat, work = g.slot, g.rows, g.stat, g.work
    pattern -= 1
    sign = 1 - 2 * (pattern & 1)
    d = ((pattern >> 1) & 127) - 64
    w, u = (pattern >> 8) & ((1 << 21) - 1), pattern >> 29
    values = stat[INPUTS] - stat[OUTPUTS]  # a value is its row's number plus this
    readers = 0
    t = -1
    unit = 1
    s = g.head[w]
    while s >= 0:
        e = slot[s, ROW]
        s = slot[s, NEXT]
        k = take(slot, rows, e, u, w, d, sign)
        if k == 0:
            continue
        work[readers] = e
        readers += 1
        if t < 0 and e >= stat[OUTPUTS]:
            left = -2
            for i in range(rows[e, START], rows[e, START] + rows[e, LENGTH]):
                left += digits(slot[i, COEFFICIENT])
            if left == 0:  # this value is the pattern, or the pattern negated
                t = e + values
                unit = shifted(k, min(d, 0))
    fresh = t < 0
    if fresh:
        t = make_value(g)
    for r in range(readers):
        e = work[r]
        if e + values == t or stat[STATUS]:
            continue
        k = take(slot, rows, e, u, w, d, sign)
        change(g, e, u, -k)
        change(g, e, w, -sign * shifted(k, d))
        change(g, e, t, unit * shifted(k, min(d, 0)))
        if e >= stat[OUTPUTS]:
            left = 0
            for i in range(rows[e, START], rows[e, START] + rows[e, LENGTH]):
                left += digits(slot[i, COEFFICIENT])
            if left < 2:  # no sum any more: its readers can do without it
                stat[EMPTIED] += 1
                work[len(work) - stat[EMPTIED]] = e + values
    if fresh and stat[STATUS] == 0:
        change(g, t - values, u, 1 << max(-d, 0))
        change(g, t - values, w, sign << max(d, 0))


@compiled
def dissolve(g: Graph, v: int) -> None:
    """Put the sum that a value is wherever it is read, and drop it."""
    slot, rows, stat = g.slot, g.rows, g.stat
    own = v + stat[OUTPUTS] - stat[INPUTS]
    while g.head[v] >= 0 and stat[STATUS] == 0:
        e, k = slot[g.head[v], ROW], slot[g.head[v], COEFFICIENT]
        change(g, e, v, -k)
        for i in range(rows[own, LENGTH]):
            s = rows[own, START] + i
            change(g, e, slot[s, VALUE], k * slot[s, COEFFICIENT])
    while rows[own, LENGTH] and stat[STATUS] == 0:
        s = rows[own, START]
        change(g, own, slot[s, VALUE], -slot[s, COEFFICIENT])
    drop_value(g, v)


@compiled
def undo(g: Graph) -> None:
    """Take back what the journal holds."""
    stat = g.stat
    stat[LOGGING] = 0
    while stat[JOURNAL] > 0:
        stat[JOURNAL] -= 1
        entry = g.journal[stat[JOURNAL]]
        if entry[0] == TERM:
            change(g, entry[1], entry[2], -entry[3])
        elif entry[0] == MADE:
            drop_value(g, entry[1])
        else:
            make_value(g)
    stat[LOGGING] = 1


@compiled
def extract_all(g: Graph, spread: int) -> None:
    """Share until no pattern stands twice."""
    stat = g.stat
    while stat[STATUS] == 0:
        while stat[EMPTIED]:
            v = g.work[len(g.work) - stat[EMPTIED]]
            stat[EMPTIED] -= 1
            if g.rows[v + stat[OUTPUTS] - stat[INPUTS], LENGTH] or g.head[v] >= 0:
                dissolve(g, v)
        pattern = pop(g.table, g.queue, g.bucket, g.pending, stat, spread)
        if pattern == 0:
            return
        extract(g, pattern)


@compiled
def disturb(g: Graph, most: int) -> None:
    """Dissolve up to ``most`` values along a random walk over rows, terms and readers."""
    slot, rows, stat = g.slot, g.rows, g.stat
    inputs, outputs = stat[INPUTS], stat[OUTPUTS]
    e = random(stat, outputs + stat[VALUES] - inputs)
    for _ in range(1 + random(stat, most)):
        if rows[e, LENGTH] == 0:
            e = random(stat, outputs)
            if rows[e, LENGTH] == 0:
                continue
        v = slot[rows[e, START] + random(stat, rows[e, LENGTH]), VALUE]
        s = g.head[v]
        for _ in range(random(stat, 4)):
            if slot[s, NEXT] >= 0:
                s = slot[s, NEXT]
        if v >= inputs:
            e = slot[s, ROW]
            dissolve(g, v)
        elif random(stat, 2):
            e = slot[s, ROW]


@compiled
def optimise(g: Graph, matrix: Array, effort: int, most: int, spread: int) -> None:
    """Fill the rows, share greedily, then search until ``effort`` changes of counts were spent."""
    stat = g.stat
    for e in range(matrix.shape[0]):
        stat[ADDERS] -= 1
        for v in range(matrix.shape[1]):
            if matrix[e, v] != 0:
                change(g, e, v, matrix[e, v])
                if stat[STATUS]:
                    return
    extract_all(g, 1)
    end = stat[EFFORT] + effort
    stat[LOGGING] = 1
    while stat[EFFORT] < end and stat[STATUS] == 0:
        before = stat[ADDERS]
        stat[JOURNAL] = 0
        stat[EFFORT] += 100
        disturb(g, most)
        extract_all(g, spread)
        if stat[ADDERS] > before and stat[STATUS] == 0:
            undo(g)


class Shared(NamedTuple):
    """Sums over values: the inputs, then one value for each entry of ``sums``, in an order that works.

    Each sum is a list of (value, coefficient); ``rows`` are the outputs.
    """

    sums: tuple[Terms, ...]
    rows: tuple[Terms, ...]


def graph(outputs: int, inputs: int, count: int, seed: int, scale: int) -> Graph:
    """Empty arrays for rows with ``count`` digits in all; ``scale`` multiplies the sizes that are estimates."""

    def zeros(*shape: int) -> Array:
        return np.zeros(shape, np.int64)

    values = inputs + count + 64
    table = 1 << (scale * count * (8 + min(inputs, outputs) // 4)).bit_length()
    terms = 2048 * scale * (2 * inputs + count // outputs) + 4 * SCRATCH
    result = Graph(
        slot=zeros(8 * scale * count + 4096, 5),
        rows=zeros(outputs + values, 3),
        head=zeros(values) - 1,
        free=zeros(64) - 1,
        table=zeros(table),
        queue=zeros(table, 2),
        bucket=zeros(BUCKETS) - 1,
        pending=zeros(table),
        delta=zeros(terms, 2),
        memo=zeros(4 * KNOWN * KNOWN),
        lists=zeros(terms),
        work=zeros(2 * (outputs + values)),
        journal=zeros(scale << 18, 4),
        stat=zeros(24),
    )
    start = {INPUTS: inputs, OUTPUTS: outputs, VALUES: inputs, FREE_VALUE: -1, FREE_NODE: -1, LISTED: 2 * SCRATCH}
    for entry, value in start.items():
        result.stat[entry] = value
    result.stat[RANDOM] = 88172645463325252 + 7919 * seed
    return result


def share(matrix: Array, effort: int, seed: int) -> Shared:
    """A circuit of few additions for ``matrix @ x``, the same one for the same arguments.

    ``matrix`` is (outputs, inputs) of integers below 2^40 in magnitude, at most 2^20 digits in all. ``effort`` bounds
    the local search: the number of changed pattern counts, some 10 million a second.
    """
    outputs, inputs = matrix.shape
    count = int(sum((3 * w ^ w).bit_count() for w in map(abs, matrix.reshape(-1).tolist())))
    scale = 1
    while True:
        g = graph(outputs, inputs, count, seed, scale)
        optimise(g, np.ascontiguousarray(matrix, dtype=np.int64), effort, 6, 8)
        if g.stat[STATUS] == 0:
            return read(g)
        scale *= 2


def read(g: Graph) -> Shared:
    """The rows of the outputs and of the values they need."""
    inputs, outputs = int(g.stat[INPUTS]), int(g.stat[OUTPUTS])

    def terms(e: int) -> Terms:
        start, length = int(g.rows[e, START]), int(g.rows[e, LENGTH])
        return tuple((int(v), int(c)) for v, c in sorted(g.slot[start : start + length, : COEFFICIENT + 1].tolist()))

    number: dict[int, int] = {v: v for v in range(inputs)}
    sums: list[Terms] = []
    rows = [terms(e) for e in range(outputs)]
    stack = [v for row in reversed(rows) for v, _ in reversed(row)]
    while stack:
        v = stack.pop()
        if v in number:
            continue
        row = terms(v - inputs + outputs)
        missing = [x for x, _ in row if x not in number]
        if missing:
            stack += [v, *missing]
            continue
        number[v] = inputs + len(sums)
        sums.append(tuple((number[x], c) for x, c in row))
    return Shared(tuple(sums), tuple(tuple((number[x], c) for x, c in row) for row in rows))
