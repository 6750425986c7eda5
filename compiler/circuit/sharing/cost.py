"""What a row costs: the bits of the adders that sum its terms."""

from __future__ import annotations

from .rows import load_of
from .state import OVERHEAD, Graph

__all__ = ["row_cost"]

TOO_DEEP = 64  # bits for each level that a row of an output is too deep


def collect(g: Graph, e: int) -> int:
    """Write a row's digits to ``sizes`` and ``lows``, the smallest first; their number."""
    size, low = g.sizes, g.lows
    n = 0
    for s in range(g.start[e], g.start[e] + g.length[e]):
        c, m = abs(g.coefficient[s]), g.magnitude[g.value[s]]
        form = (3 * c ^ c) >> 1  # a bit for each digit
        while form and m:
            position = (form & -form).bit_length() - 1
            form &= form - 1
            if n == g.sizes_room:
                g.failed = 1
                return 0
            k = n
            while k > 0 and size[k - 1] > m << position:
                size[k], low[k] = size[k - 1], low[k - 1]
                k -= 1
            size[k], low[k] = m << position, position
            n += 1
    return n


def row_cost(g: Graph, e: int) -> int:
    """The cost of the sum of a row's terms, the two smallest first.

    A term reaches from bit ``low`` to its ``size``, the greatest value above its least. An adder costs a bit for each
    position from the higher ``low`` to the top of its sum, and ``OVERHEAD``; terms that do not overlap cost nothing.
    """
    size, low = g.sizes, g.lows
    n = collect(g, e)
    cost = 0
    if e < g.outputs:
        cost = max((load_of(g, e) - 1).bit_length() - g.depth, 0) * TOO_DEEP
    for first in range(1, n):
        k = first
        total, bottom = size[k - 1] + size[k], max(low[k - 1], low[k])
        least = min(low[k - 1], low[k])
        if size[k - 1].bit_length() > bottom:
            cost += total.bit_length() - bottom + OVERHEAD
        while k + 1 < n and size[k + 1] < total:
            size[k], low[k] = size[k + 1], low[k + 1]
            k += 1
        size[k], low[k] = total, least
    return cost
