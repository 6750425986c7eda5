"""The order in which nodes can be walked, whatever order the file has them in."""

from __future__ import annotations

import heapq
from collections.abc import Iterator

import onnx

__all__ = ["Order", "order_of"]

Order = tuple[list[int], dict[int, str]]


def order_of(graph: onnx.GraphProto) -> Order:
    """Node numbers, each after the nodes it reads and else as in the file; and why others cannot be walked.

    The second result has an entry for one node of each ring, and for each that makes a tensor a second time.
    """
    maker: dict[str, int] = {}
    wrong: dict[int, str] = {}
    given = {t.name for t in graph.initializer} | {t.values.name for t in graph.sparse_initializer}
    given |= {i.name for i in graph.input}
    for number, node in enumerate(graph.node):
        for name in filter(None, node.output):
            if name in given or maker.setdefault(name, number) != number or list(node.output).count(name) > 1:
                wrong[number] = f"it makes '{name}', which something else makes already"
    reads = [{maker[name] for name in node.input if name in maker} for node in graph.node]
    order = list(sort(reads))
    left = {*range(len(reads))}.difference(order)
    seen: set[int] = set()
    for start in sorted(left):
        path: list[int] = []
        number = start
        while number not in seen:
            seen.add(number)
            path.append(number)
            number = min(reads[number] & left)
        if number in path:
            ring = path[path.index(number) :]
            names = [graph.node[n].name or graph.node[n].op_type for n in (*reversed(ring[-4:]), ring[-1])]
            dots = "... -> " if len(ring) > 4 else ""
            wrong[min(ring)] = (
                f"it reads what depends on its own result ({' -> '.join(names[:-1])} -> {dots}{names[-1]})"
            )
    return order, wrong


def sort(reads: list[set[int]]) -> Iterator[int]:
    """Numbers whose reads all came before; the least of those that can be next."""
    readers: list[list[int]] = [[] for _ in reads]
    waits = [len(r) for r in reads]
    for number, sources in enumerate(reads):
        for source in sources:
            readers[source].append(number)
    ready = [number for number, count in enumerate(waits) if count == 0]
    while ready:
        number = heapq.heappop(ready)
        yield number
        for reader in readers[number]:
            waits[reader] -= 1
            if waits[reader] == 0:
                heapq.heappush(ready, reader)
