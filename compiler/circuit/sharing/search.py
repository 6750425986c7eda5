"""Greedy sharing of the patterns that save most, then local search.

Greedy two-term sharing: Potkonjak, Srivastava, Chandrakasan 1996; Hosangadi, Fallah, Kastner 2006. Local search: some
values that stand together are put back into their readers and shared again in another order (large neighbourhoods: Shaw
1998); what costs little more is kept at first and less and less later (simulated annealing: Kirkpatrick, Gelatt,
Vecchi 1983), all else is taken back from a journal.
"""

from __future__ import annotations

from ..native import Array
from .cost import row_cost
from .counts import pop, random, sum_magnitude
from .forms import digits, match, match_self, shifted
from .rows import change, digits_of, drop_value, find, load_of, make_value, settle, undo
from .state import DEEP, Graph

__all__ = ["optimise"]

NEVER = 1 << 62


def take(g: Graph, e: int, u: int, w: int, d: int, sign: int) -> int:
    """How much of a pattern stands in a row, in units of ``u``."""
    i = find(g, e, u)
    if i < 0:
        return 0
    if u == w:
        return match_self(g.coefficient[i], d, sign)
    j = find(g, e, w)
    return match(g.coefficient[i], g.coefficient[j], d, sign) if j >= 0 else 0


def fits(g: Graph, e: int, u: int, w: int, k: int) -> int:
    """Whether a row may read ``k u`` plus ``k w`` as one value: no output may get too deep, no value deeper."""
    if g.depth == DEEP or (g.logging and e >= g.outputs):
        return 1
    a, b = g.level[u], g.level[w]
    more = digits(k) * ((2 << max(a, b)) - (1 << a) - (1 << b))
    if more == 0:
        return 1
    allowed = g.depth if e < g.outputs else g.level[e + g.inputs - g.outputs]
    return load_of(g, e) + more <= 1 << allowed


def extract(g: Graph, pattern: int) -> None:
    """Make a pattern a value, where there is no such value, and put it wherever the pattern stands."""
    pattern -= 1
    sign = 1 - 2 * (pattern & 1)
    d = (pattern >> 1 & 127) - 64
    w, u = pattern >> 8 & (1 << 21) - 1, pattern >> 29
    values = g.inputs - g.outputs  # a value is its row's number plus this
    readers = 0
    t = -1
    unit = 1
    places = 0
    s = g.head[w]
    while s >= 0:
        e = g.row[s]
        s = g.next[s]
        k = take(g, e, u, w, d, sign)
        if k == 0 or fits(g, e, u, w, k) == 0:
            continue
        g.work[readers] = e
        readers += 1
        places += digits(k)
        if t < 0 and e >= g.outputs and digits_of(g, e) == 2 and abs(shifted(k, min(d, 0))) == 1:
            t = e + values  # this value is the pattern, or the pattern negated
            unit = shifted(k, min(d, 0))
    if places < 2:
        return
    fresh = t < 0
    if fresh:
        t = make_value(g, sum_magnitude(g, pattern + 1))
        g.level[t] = max(g.level[u], g.level[w]) + 1
    for r in range(readers):
        e = g.work[r]
        if e + values == t or g.failed:
            continue
        k = take(g, e, u, w, d, sign)
        change(g, e, u, -k)
        change(g, e, w, -sign * shifted(k, d))
        change(g, e, t, unit * shifted(k, min(d, 0)))
        if e >= g.outputs and digits_of(g, e) < 2:  # no sum any more: its readers can do without it
            g.emptied += 1
            g.work[g.work_room - g.emptied] = e + values
    if fresh and g.failed == 0:
        change(g, t - values, u, 1 << max(-d, 0))
        change(g, t - values, w, sign << max(d, 0))


def put_back(g: Graph, e: int, v: int) -> None:
    """Put the sum that a value is into a row that reads it."""
    own = v + g.outputs - g.inputs
    k = g.coefficient[find(g, e, v)]
    change(g, e, v, -k)
    for i in range(g.length[own]):
        s = g.start[own] + i
        change(g, e, g.value[s], k * g.coefficient[s])


def dissolve(g: Graph, v: int) -> None:
    """Put the sum that a value is wherever it is read, and drop it."""
    own = v + g.outputs - g.inputs
    while g.head[v] >= 0 and g.failed == 0:
        put_back(g, g.row[g.head[v]], v)
    while g.length[own] and g.failed == 0:
        s = g.start[own]
        change(g, own, g.value[s], -g.coefficient[s])
    if g.failed == 0:
        drop_value(g, v)


def extract_all(g: Graph, end: int) -> int:
    """Share until no pattern stands twice, or until the effort is ``end``; whether it is done."""
    while g.failed == 0 and g.effort < end:
        while g.emptied:
            v = g.work[g.work_room - g.emptied]
            g.emptied -= 1
            if g.length[v + g.outputs - g.inputs] or g.head[v] >= 0:
                dissolve(g, v)
        pattern = pop(g)
        if pattern == 0:
            return 1
        extract(g, pattern)
    return 0


def disturb(g: Graph, most: int) -> None:
    """Dissolve up to ``most`` values along a random walk over rows, terms and readers."""
    e = random(g, g.outputs + g.values - g.inputs)
    for _ in range(1 + random(g, most)):
        if g.failed:
            return
        if g.length[e] == 0:
            e = random(g, g.outputs)
            if g.length[e] == 0:
                continue
        v = g.value[g.start[e] + random(g, g.length[e])]
        s = g.head[v]
        for _ in range(random(g, 4)):
            if g.next[s] >= 0:
                s = g.next[s]
        if v >= g.inputs:
            e = g.row[s]
            dissolve(g, v)
        elif random(g, 2):
            e = g.row[s]


def fill(g: Graph, matrix: Array) -> None:
    """Fill the rows of the outputs and of the values that the start has."""
    columns = g.inputs + g.own
    for v in range(g.inputs, columns):
        make_value(g, g.magnitude[v])
    for e in range(g.outputs + g.own):
        for v in range(columns):
            c = matrix[e * columns + v]
            if c != 0:
                change(g, e, v, c)
                if g.failed:
                    return


def anneal(g: Graph, effort: int, most: int, noise: int, heat: int) -> None:
    """Search until ``effort`` was spent; a trial may cost more than what it replaces, by ``heat`` / 256 in the mean."""
    end = g.effort + effort
    g.logging, g.noise = 1, noise
    while g.effort < end and g.failed == 0:
        g.written = 0
        g.touches = 0
        g.time += 1
        g.effort += 100
        disturb(g, most)
        extract_all(g, NEVER)
        if g.failed:  # nothing in the arrays holds any more
            return
        settle(g)
        cost = g.cost
        for i in range(g.touches):
            e = g.touched[i]
            g.new_cost[i] = row_cost(g, e)
            cost += g.new_cost[i] - g.row_cost[e]
        luck = 16 - (random(g, 65535) + 1).bit_length()  # 1 in the mean
        if cost > g.cost + (heat * luck >> 8):
            undo(g)
            continue
        g.cost = cost
        for i in range(g.touches):
            g.row_cost[g.touched[i]] = g.new_cost[i]


def flatten(g: Graph) -> None:
    """Put the deepest values of rows that are too deep into them, while that is so."""
    g.logging = 0
    for e in range(g.outputs):
        while load_of(g, e) > 1 << g.depth and g.failed == 0:
            deepest = 0
            for s in range(g.start[e], g.start[e] + g.length[e]):
                if g.level[g.value[s]] >= g.level[deepest]:
                    deepest = g.value[s]
            if g.level[deepest] == 0:
                break
            put_back(g, e, deepest)
            if g.head[deepest] < 0:
                dissolve(g, deepest)


def evaluate(g: Graph) -> None:
    """Make levels and costs true."""
    settle(g)
    g.cost = 0
    for e in range(g.outputs + g.values - g.inputs):
        g.row_cost[e] = row_cost(g, e)
        g.cost += g.row_cost[e]


def optimise(g: Graph, matrix: Array, effort: int, most: int, noise: int, heat: int) -> None:
    """Spend some ``effort``: on greedy sharing first, once ``g.ready`` on local search, 0 on the limit of the depth."""
    if g.ready and effort:
        anneal(g, effort, most, noise, heat)
        return
    if g.ready:
        flatten(g)
        evaluate(g)
        return
    if g.effort == 0:
        fill(g, matrix)
        settle(g)
        flatten(g)
    g.ready = extract_all(g, g.effort + effort)
    if g.ready:
        evaluate(g)
