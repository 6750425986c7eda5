"""Functions that a file defines itself (``model.functions``) are written out where they are called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter

import onnx
import onnx.inliner

from ..errors import CompileError, Problem
from .importer import operators

__all__ = ["MOST_NODES", "inline"]

MOST_NODES = 50_000
"""A graph may not have more, functions written out."""

MOST_DEPTH = 64

Key = tuple[str, str]


def inline(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model without calls of its own functions; operators that the importer knows are left to it.

    Raises
    ------
    CompileError
        where functions call themselves or each other in a ring, or the graph would be too large.
    """
    known = operators()
    functions = {(f.domain, f.name): f for f in model.functions if (f.domain, f.name) not in known}
    depth, size = measure(functions)
    total = sum(size.get((n.domain, n.op_type), 1) for n in every_node(model.graph.node))
    if total > MOST_NODES:
        raise refused("the graph", f"it has {total} nodes, more than {MOST_NODES}", "use a smaller network")
    if not any((n.domain, n.op_type) in functions for n in every_node(model.graph.node)):
        return model
    if (deepest := max(depth.values())) > MOST_DEPTH:
        what = f"they call each other {deepest} deep, more than {MOST_DEPTH}"
        raise refused("the functions of the file", what, "export without functions")
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    del copy.functions[:]
    copy.functions.extend(functions.values())
    try:
        return onnx.inliner.inline_local_functions(copy)
    except (RuntimeError, ValueError, TypeError, onnx.checker.ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise refused("the functions of the file", f"they cannot be written out ({reason})", "export without") from None


def measure(functions: dict[Key, onnx.FunctionProto]) -> tuple[dict[Key, int], dict[Key, int]]:
    """How deep each function's calls go, and how many nodes it is when written out."""
    calls = {
        key: {(n.domain, n.op_type) for n in every_node(f.node)} & functions.keys() for key, f in functions.items()
    }
    depth: dict[Key, int] = {}
    size: dict[Key, int] = {}
    try:
        for key in TopologicalSorter(calls).static_order():
            depth[key] = 1 + max((depth[k] for k in calls[key]), default=0)
            size[key] = sum(size.get((n.domain, n.op_type), 1) for n in every_node(functions[key].node))
    except CycleError as error:
        names = " -> ".join(key[1] for key in error.args[1])
        raise refused("the functions of the file", f"they call themselves ({names})", "export without") from None
    return depth, size


def every_node(nodes: Iterable[onnx.NodeProto]) -> Iterator[onnx.NodeProto]:
    """The nodes and those of their branches and loops; protobuf lets these nest no deeper than 100."""
    for node in nodes:
        yield node
        for attribute in node.attribute:
            yield from every_node(attribute.g.node)
            for graph in attribute.graphs:
                yield from every_node(graph.node)


def refused(where: str, what: str, remedy: str) -> CompileError:
    """One problem."""
    return CompileError([Problem(where, what, remedy)])
