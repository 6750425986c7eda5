"""A circuit's outputs for a batch of inputs: exact, value by value, each in the narrowest integers that hold it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..exact import INT64_EXACT, Ints
from .nodes import Input, Node
from .values import Range, Value

__all__ = ["evaluate", "last_readers"]

INT32_EXACT = 2**31
BLOCK_BYTES = 2**26  # of the values that are needed at one time
BLOCK = 2**12  # samples, at most: more would leave the cache

Integers = type[np.int32] | type[np.int64] | type[object]


@dataclass(frozen=True)
class Step:
    """One value: computed in integers that hold all that is met on the way, stored in those that hold the result."""

    node: Node
    reads: tuple[Value, ...]
    computed: Integers
    stored: Integers
    frees: tuple[Value, ...]

    def run(self, values: Mapping[Value, Ints]) -> Ints:
        """The value."""
        operands = (values[v].astype(self.computed, copy=False) for v in self.reads)
        return np.asarray(self.node.evaluate(*operands)).astype(self.stored, copy=False)


def evaluate(nodes: Sequence[Node], ranges: Sequence[Range], outputs: Sequence[Value], x: Ints) -> Ints:
    """(samples, inputs) to (samples, outputs): int64, or Python integers where an output may need them.

    A value is freed after its last reader, and samples are taken in blocks, so memory does not grow with them.

    Raises
    ------
    ValueError
        where an input is outside of its range.
    """
    steps, alive = steps_of(nodes, ranges, outputs)
    y = np.empty(
        (len(x), len(outputs)), dtype=np.result_type(np.int64, *(holding(ranges[o].magnitude) for o in outputs))
    )
    size = max(1, min(BLOCK, BLOCK_BYTES // (8 * max(alive, 1))))
    for start in range(0, len(x), size):
        block = np.ascontiguousarray(x[start : start + size].T)
        values: dict[Value, Ints] = {}
        for i, step in enumerate(steps):
            values[i] = given(block, step) if isinstance(step.node, Input) else step.run(values)
            for v in step.frees:
                del values[v]
        for place, o in enumerate(outputs):
            y[start : start + size, place] = values[o]
    return y


def steps_of(nodes: Sequence[Node], ranges: Sequence[Range], outputs: Sequence[Value]) -> tuple[list[Step], int]:
    """What to compute in order, and the most values that are needed at one time."""
    reads = [node.reads for node in nodes]
    frees: dict[int, list[Value]] = {}
    for v, reader in enumerate(last_readers(reads, outputs)):
        frees.setdefault(reader, []).append(v)
    steps: list[Step] = []
    alive = most = 0
    for i, (node, r) in enumerate(zip(nodes, ranges, strict=True)):
        inputs = [ranges[v] for v in reads[i]]
        on_the_way = max((r.magnitude, node.magnitude(*inputs), *(a.magnitude for a in inputs)))
        free = tuple(frees.get(i, ()))
        steps.append(Step(node, reads[i], holding(on_the_way), holding(r.magnitude), free))
        alive += 1
        most = max(most, alive)
        alive -= len(free)
    return steps, most


def last_readers(reads: Sequence[tuple[Value, ...]], outputs: Sequence[Value]) -> list[int]:
    """The last node that reads each value: itself where none does, one past the last node where it is an output."""
    last = list(range(len(reads)))
    for i, values in enumerate(reads):
        for v in values:
            last[v] = i
    for o in outputs:
        last[o] = len(reads)
    return last


def holding(magnitude: int) -> Integers:
    """Integers in which arithmetic up to a magnitude is exact."""
    if magnitude < INT32_EXACT:
        return np.int32
    return np.int64 if magnitude < INT64_EXACT else object


def given(block: Ints, step: Step) -> npt.NDArray[np.generic]:
    """An input's row of a block (inputs, samples)."""
    assert isinstance(step.node, Input)
    row, r = block[step.node.index], step.node.of
    if row.size and not (r.low <= row.min() and row.max() <= r.high):
        raise ValueError(f"input {step.node.index} must be in {r.low} .. {r.high}, not {row.min()} .. {row.max()}")
    return row.astype(step.stored, copy=False)
