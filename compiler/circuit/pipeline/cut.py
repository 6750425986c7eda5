"""Minimum cuts by E. A. Dinic's algorithm (1970), in the language of ``native/``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..native import Array

__all__ = ["Network", "cut"]

Int64 = npt.NDArray[np.int64]


@dataclass
class Network:
    """Arcs ``2 i`` and ``2 i + 1`` are arc number ``i`` and its reverse; node 0 is the source, 1 the sink.

    ``arcs[start[v] : start[v + 1]]`` leave node ``v``; ``room`` is what an arc can still take.
    """

    nodes: int
    start: Array
    arcs: Array
    head: Array
    room: Array
    level: Array
    queue: Array
    at: Array
    path: Array

    @staticmethod
    def of(nodes: int, tails: Int64, heads: Int64) -> Network:
        """A network without capacities."""
        both: Any = np.stack([tails, heads], axis=1).reshape(-1)  # Any: NumPy's arrays are no MutableSequence
        order: Any = np.argsort(both, kind="stable").astype(np.int64)
        start: Any = np.concatenate([[0], np.cumsum(np.bincount(both, minlength=nodes))]).astype(np.int64)
        head: Any = np.stack([heads, tails], axis=1).reshape(-1).astype(np.int64)
        work: list[Any] = [np.zeros(size, np.int64) for size in (len(both), nodes, nodes, nodes, nodes)]
        return Network(nodes, start, order, head, *work)

    def set(self, capacities: Int64) -> None:
        """Give each arc its capacity, and its reverse none."""
        room = np.asarray(self.room)
        room[0::2], room[1::2] = capacities, 0

    @property
    def source_side(self) -> npt.NDArray[np.bool_]:
        """Of each node, whether it is on the smallest source side of a minimum cut, after :func:`cut`."""
        return np.asarray(self.level) >= 0


def cut(g: Network) -> int:
    """Saturate the network; returns the flow."""
    total = 0
    while reach(g):
        for v in range(g.nodes):
            g.at[v] = g.start[v]
        total += block(g)
    return total


def reach(g: Network) -> int:
    """Whether the sink can be reached; ``level`` is each node's distance from the source, or -1."""
    for v in range(g.nodes):
        g.level[v] = -1
    g.level[0] = 0
    g.queue[0] = 0
    first = 0
    end = 1
    while first < end:
        v = g.queue[first]
        first += 1
        for i in range(g.start[v], g.start[v + 1]):
            arc = g.arcs[i]
            if g.room[arc] > 0 and g.level[g.head[arc]] < 0:
                g.level[g.head[arc]] = g.level[v] + 1
                g.queue[end] = g.head[arc]
                end += 1
    return g.level[1] >= 0


def block(g: Network) -> int:
    """A flow along shortest paths after which none of them is left."""
    total = 0
    length = 0
    v = 0
    while v >= 0:
        if v == 1:
            least = g.room[g.path[0]]
            for i in range(length):
                least = min(least, g.room[g.path[i]])
            back = 0
            for j in range(length):
                i = length - 1 - j
                g.room[g.path[i]] -= least
                g.room[g.path[i] ^ 1] += least
                if g.room[g.path[i]] == 0:
                    back = i
            total += least
            v = g.head[g.path[back] ^ 1]
            length = back
        elif g.at[v] < g.start[v + 1]:
            arc = g.arcs[g.at[v]]
            if g.room[arc] > 0 and g.level[g.head[arc]] == g.level[v] + 1:
                g.path[length] = arc
                length += 1
                v = g.head[arc]
            else:
                g.at[v] += 1
        elif length == 0:
            v = -1
        else:
            length -= 1
            v = g.head[g.path[length] ^ 1]
            g.at[v] += 1
    return total
