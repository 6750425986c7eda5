"""Evaluating many variants of one network: what they have in common is computed once."""

from __future__ import annotations

import pickle
from collections import OrderedDict
from dataclasses import fields
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from ..layers.scalar import Quantize
from ..real import Op, RealGraph, Reals

__all__ = ["Memory"]

HELD_BYTES = 512 << 20
PLACE = ("name", "inputs", "node")  # fields of an operation that do not change its values
PART_ELEMENTS = 1 << 23  # of the largest tensor that are computed at once


class Memory:
    """Results of quantised networks on fixed samples, in float64.

    Values behind quantisers are remembered (as float32, which holds up to 24 bits exactly) as long as there is room, so
    a network that differs from an earlier one from some layer on costs only what comes after it.
    """

    def __init__(self, x: npt.ArrayLike) -> None:
        self.x = np.asarray(x, dtype=np.float64)
        self.held: OrderedDict[bytes, npt.NDArray[np.float32]] = OrderedDict()
        self.evaluations = 0

    def evaluate(self, graph: RealGraph, name: str) -> Reals:
        """A tensor's values for all samples."""
        self.evaluations += 1
        keys = keys_of(graph)
        largest = max(int(np.prod(shape)) for shape in graph.shapes.values())
        count = max(1, PART_ELEMENTS // largest)
        parts = [self.part(graph, name, keys, start, count) for start in range(0, len(self.x), count)]
        return np.concatenate(parts)

    def part(self, graph: RealGraph, name: str, keys: dict[str, bytes], start: int, count: int) -> Reals:
        """The values for some samples."""
        place = start.to_bytes(8, "little")
        values: dict[str, Reals] = {i.name: self.x[start : start + count] for i in graph.inputs}
        todo: list[Op] = []
        wanted = [name]
        while wanted:
            tensor = wanted.pop()
            if tensor in values or any(op.name == tensor for op in todo):
                continue
            kept = self.held.get(keys[tensor] + place)
            if kept is not None:
                self.held.move_to_end(keys[tensor] + place)
                values[tensor] = kept.astype(np.float64)
                continue
            op = graph.makers[tensor]
            todo.append(op)
            wanted += op.inputs
        names = {op.name for op in todo}
        for op in (op for op in graph.ops if op.name in names):
            values[op.name] = op.evaluate(*(values[n] for n in op.inputs))
            if isinstance(op, Quantize):
                self.held[keys[op.name] + place] = values[op.name].astype(np.float32)
        while len(self.held) > 1 and sum(v.nbytes for v in self.held.values()) > HELD_BYTES:
            self.held.popitem(last=False)
        return values[name]


def keys_of(graph: RealGraph) -> dict[str, bytes]:
    """A name for each tensor's value, the same wherever the same operations make it of the inputs."""
    keys = {i.name: i.name.encode() for i in graph.inputs}
    for op in graph.ops:
        text = pickle.dumps([type(op).__name__, *(getattr(op, f.name) for f in fields(op) if f.name not in PLACE)])
        keys[op.name] = blake2b(text + b"".join(keys[n] for n in op.inputs), digest_size=16).digest()
    return keys
