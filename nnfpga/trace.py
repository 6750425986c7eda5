"""Where each node of the file ends: the layers that it becomes, or goes into."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nnfpga.compiler.frontend import Imported, Outcome, Use
from nnfpga.compiler.graph import Graph
from nnfpga.compiler.layers.scalar import Apply
from nnfpga.compiler.real import RealGraph, Weighted

__all__ = ["HOST", "Place", "trace"]

HOST = "the host"
"""Stands among layers for what is computed outside the hardware."""


@dataclass(frozen=True)
class Place:
    """Where a node ends: the layers that stand for it, and those that it is part of; both may be empty."""

    used: tuple[str, ...] = ()
    into: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Both."""
        return tuple(dict.fromkeys((*self.used, *self.into)))


def trace(imported: Imported, quantised: RealGraph, graph: Graph) -> dict[int, Place]:
    """The place of every node by its number: of an imported network, its quantised form, and its integer graph."""
    homes = layers_of(quantised, graph)
    places = by_node(quantised, graph, homes)
    later = swallowed(imported.graph, quantised, homes)
    found: dict[int, Place] = {}
    readers: dict[str, list[Use]] = {}
    for use in imported.uses:
        for name in use.inputs:
            readers.setdefault(name, []).append(use)
    for use in downstream_first(imported.uses, readers):
        if use.outcome is Outcome.OPERATIONS:
            place = places.get(use.label, Place())
            found[use.number] = place if place.all else Place(into=union(later.get(name, ()) for name in use.tensors))
        else:
            behind = (found[r.number].all for name in use.outputs for r in readers.get(name, []) if r.number in found)
            found[use.number] = Place(into=union(behind))
    return found


def downstream_first(uses: tuple[Use, ...], readers: Mapping[str, list[Use]]) -> list[Use]:
    """The nodes, each after those that read it."""
    maker = {name: use.number for use in uses for name in use.outputs}
    numbers = {use.number: use for use in uses}
    waits = {use.number: len({r.number for name in use.outputs for r in readers.get(name, [])}) for use in uses}
    ready = [number for number, count in waits.items() if count == 0]
    order: list[Use] = []
    while ready:
        use = numbers[ready.pop()]
        order.append(use)
        for number in {maker[name] for name in use.inputs if name in maker}:
            waits[number] -= 1
            if waits[number] == 0:
                ready.append(number)
    return order


def layers_of(quantised: RealGraph, graph: Graph) -> dict[str, tuple[str, ...]]:
    """For every tensor of a quantised network the layers that it is part of."""
    own = {layer.name for layer in graph.layers} | {tensor.name for tensor in graph.inputs}
    behind: dict[str, list[tuple[str, ...]]] = {}
    homes: dict[str, tuple[str, ...]] = {}
    for op in reversed(quantised.ops):
        homes[op.name] = (op.name,) if op.name in own and not isinstance(op, Apply) else union(behind.get(op.name, []))
        for name in op.inputs:
            behind.setdefault(name, []).append(homes[op.name])
    return homes


def by_node(quantised: RealGraph, graph: Graph, homes: Mapping[str, tuple[str, ...]]) -> dict[str, Place]:
    """The places of the nodes whose operations are in the quantised network."""
    layers = {layer.name for layer in graph.layers}
    used: dict[str, list[str]] = {}
    into: dict[str, list[str]] = {}
    for op in quantised.ops:
        if isinstance(op, Apply):
            into.setdefault(op.node, []).extend(homes[op.name])
        elif op.name in layers:
            used.setdefault(op.node, []).append(op.name)
    labels = {*used, *into}
    return {
        n: Place(tuple(used.get(n, [])), tuple(i for i in dict.fromkeys(into.get(n, [])) if i not in used.get(n, [])))
        for n in labels
    }


def swallowed(
    imported: RealGraph, quantised: RealGraph, homes: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """For every imported tensor the layers that it, or what reads it, is part of; at the end that is the host."""
    matrices: dict[str, list[tuple[str, ...]]] = {}  # by node, as a matrix may change its name
    for op in quantised.ops:
        if isinstance(op, Weighted):
            matrices.setdefault(op.node, []).append(homes[op.name])
    behind: dict[str, list[tuple[str, ...]]] = {name: [(HOST,)] for name in imported.outputs}
    found: dict[str, tuple[str, ...]] = {}
    for op in reversed(imported.ops):
        mine = union(matrices.get(op.node, [])) if isinstance(op, Weighted) else homes.get(op.name)
        found[op.name] = mine or union(behind.get(op.name, []))
        for name in op.inputs:
            behind.setdefault(name, []).append(found[op.name])
    return found


def union(parts: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    """All names once, in the order of their first appearance."""
    return tuple(dict.fromkeys(name for part in parts for name in part))
