"""Functions of a network that share an error budget: where the result may be off, so may they, for less logic.

A scalar layer's function of few values is a table. For each entry it is found how far the output may move until a
sample's result uses up its share of the error that is allowed; then a unit is looked for whose outputs are all within
that, in steps as coarse as the samples allow. Its outputs become the function. What no sample asks for follows the
nearest entry that one does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import reduce

import numpy as np
import numpy.typing as npt

from ..circuit.ir import Circuit
from ..exact import Ints
from ..functions.lookups import Units, unit_of
from ..graph import Graph
from ..layers.scalar import Scalar
from ..real import Reals
from ..scalar.forms import multiply_shift
from ..scalar.pieces import Pieces
from .entries import Entries
from .word_bases import word_bases

__all__ = ["Loosened", "loosen"]

STEPS = (*range(1, 9), *(m << e for e in range(1, 12) for m in (5, 6, 7, 8)))  # units that an entry may move
PROBE = 4  # units
SHARE = 2.0  # of an equal share: errors seldom add up
LEAST = 0.1  # of the budget: roundings behind a function move the result by so much anyway
AROUND = 2  # entries
LARGEST = 1 << 16  # integers of a function's domain
MOST_BITS, FEWEST_BITS = 10, 4  # that a function reads
MERGED = 0.5  # of a layer's share, for the bits that its functions do not read
STEP = 0.6  # of a function's share, for steps of its outputs that need no freedom


Some = slice | npt.NDArray[np.int64]
ALL = slice(None)


@dataclass(frozen=True)
class Loosened:
    """A graph with other functions, and the greatest error over the samples."""

    graph: Graph
    error: float


def loosen(
    graph: Graph, x: Ints, expected: Reals, budget: float, units: Units, tell: Callable[[str], None] = lambda _: None
) -> Loosened:
    """The graph with functions that take less logic, and results within ``budget`` of ``expected`` for samples ``x``.

    At each sample what is left of the budget is shared by the layers that are still to come, as the roots of how many
    functions they have, and within a layer by its functions as far as the result follows each of them there.

    Raises
    ------
    ValueError
        where the graph as it is has a greater error.
    """
    state = State(graph, x, expected, budget)
    if state.errors.max() > budget:
        raise ValueError(f"error must be within {budget:g}, not {state.errors.max():g}")
    names = [n.name for n in graph.layers if isinstance(n, Scalar) and suits(n)]
    parts = [sum(map(is_curved, state.layer(name).pieces)) ** 0.5 for name in names]
    for place, name in enumerate(names):
        domains = state.merge(name, MERGED * parts[place] / sum(parts[place:]))
        weights = state.sensitivities(name)
        total = weights.sum(axis=0)
        circuits: list[Circuit] = []
        for channel, entries in enumerate(domains):
            rest = weights[channel:].sum(axis=0) / total + sum(parts[place + 1 :]) / parts[place]
            share = SHARE * weights[channel] / total / rest
            circuits.append(state.loosened(name, channel, entries, share, units))
            tell(f"{name}: function {channel + 1} of {len(domains)} found, error {state.errors.max():.4g}")
        state.change(replace(state.layer(name), circuits=tuple(circuits)))
    return Loosened(state.graph, float(state.errors.max()))


def suits(layer: Scalar) -> bool:
    """Whether its functions are tables; shifts are wires already."""
    small = all(p.high - p.low < LARGEST for p in layer.pieces)
    return small and not layer.circuits and any(map(is_curved, layer.pieces))


class State:
    """A graph, its tensors and its errors at samples."""

    def __init__(self, graph: Graph, x: Ints, expected: Reals, budget: float) -> None:
        self.x, self.expected, self.budget = x, expected.reshape(len(x), -1), budget
        self.take(graph)

    def take(self, graph: Graph) -> None:
        """Go on with a graph."""
        self.graph = graph
        self.values = graph.evaluate(self.x, keep=True)
        self.errors = self.errors_of(self.values[graph.outputs[0]])

    def layer(self, name: str) -> Scalar:
        """A scalar layer by its name."""
        (layer,) = (n for n in self.graph.layers if n.name == name)
        assert isinstance(layer, Scalar)
        return layer

    def change(self, layer: Scalar, without: str = "") -> None:
        """Go on with a layer in the place of that of its name, and without one."""
        layers = (layer if n.name == layer.name else n for n in self.graph.layers if n.name != without)
        self.take(replace(self.graph, layers=tuple(layers)))

    def errors_of(self, result: Ints, some: Some = ALL) -> Reals:
        """The greatest error of each sample, or of ``some`` of them."""
        real = self.graph.tensors[self.graph.outputs[0]].real(result)
        return np.abs(real.reshape(len(real), -1) - self.expected[some]).max(axis=1)

    def result_with(self, name: str, given: Ints, some: Some = ALL) -> Ints:
        """The result where a tensor has other values, all of it for ``some`` of the samples."""
        changed = {name: given}
        for layer in self.graph.layers:
            if not changed.keys().isdisjoint(layer.inputs):
                read = (changed[n] if n in changed else self.values[n][some] for n in layer.inputs)
                changed[layer.name] = layer.evaluate(*read)
        return changed[self.graph.outputs[0]]

    def limit(self, share: Reals | float) -> Reals:
        """The error that each sample may have where a share of what is left is used."""
        rest = np.maximum(self.budget - self.errors, 0)
        return self.errors + np.maximum(rest * np.minimum(share, 1), np.minimum(rest, LEAST * self.budget))

    def merge(self, name: str, share: float) -> list[Entries]:
        """Make a layer and the scalar layer before it one, whose functions read as few high bits as they can do with.

        Gives what they are asked for then.
        """
        second = self.layer(name)
        first = next((n for n in self.graph.layers if n.name == second.inputs[0]), None)
        readers = [n for n in self.graph.layers if second.inputs[0] in n.inputs]
        chains, source, gone = [(p,) for p in second.pieces], second.inputs, ""
        alone = len(readers) == 1 and second.inputs[0] not in self.graph.outputs
        if isinstance(first, Scalar) and alone and not first.circuits:
            count = max(len(first.pieces), len(second.pieces))
            f, g = (s.pieces if len(s.pieces) == count else s.pieces * count for s in (first, second))
            chains, source, gone = list(zip(f, g, strict=True)), first.inputs, first.name
        domains = Entries.of(self.graph.tensors[source[0]], len(chains), word_bases(self.graph, source[0]))
        limit, read, values = self.limit(share), self.values[source[0]], self.values[name].copy()

        def outputs(channel: int, entries: Entries) -> Ints:
            return reduce(lambda v, f: f(v), chains[channel], entries.values)

        for channel, entries in enumerate(domains):
            part = read if len(domains) == 1 else read[..., channel]
            into = values if len(domains) == 1 else values[..., channel]
            kept = next(e for n in range(64) if (e := entries.coarser(n)).bits <= MOST_BITS)
            while True:
                domains[channel], before = kept, into.copy()
                kept = kept.coarser(1)
                into[...] = outputs(channel, kept)[kept.index(part)]
                if kept.bits < FEWEST_BITS or (self.errors_of(self.result_with(name, values)) > limit).any():
                    into[...] = before
                    break
        pieces = tuple(e.table(outputs(c, e)) for c, e in enumerate(domains))
        self.change(replace(second, inputs=source, pieces=pieces), gone)
        return domains

    def loosened(self, name: str, channel: int, entries: Entries, share: Reals, units: Units) -> Circuit:
        """Change a function to that of a circuit, which it gives."""
        layer = self.layer(name)
        if not is_curved(layer.pieces[channel]):
            return entries.straight(layer.pieces[channel])
        least, most = layer.pieces[channel].range
        nominal = layer.pieces[channel](entries.values)
        zeros, residue, nearest = self.coarsest(name, channel, entries, self.limit(STEP * share))
        low, high = self.tolerances(name, channel, entries, self.limit(share))
        low = np.minimum(np.maximum(nominal - low, least), nearest)
        high = np.maximum(np.minimum(nominal + high, most), nearest)
        unit = unit_of(units, entries.first, -(-(low - residue) >> zeros), high - residue >> zeros)
        if unit is None:
            unit, zeros, residue = entries.lookup(nominal), 0, 0
        outputs = (unit.evaluate(entries.codes.reshape(-1, 1))[:, 0] << zeros) + residue
        pieces = (*layer.pieces[:channel], entries.table(outputs), *layer.pieces[channel + 1 :])
        self.change(replace(layer, pieces=pieces))
        return entries.circuit(unit, zeros, residue)

    def coarsest(self, name: str, channel: int, entries: Entries, limit: Reals) -> tuple[int, int, Ints]:
        """The coarsest steps with which a function is within the limit: their power of two and residue, its outputs."""
        layer, values = self.layer(name), self.values[name].copy()
        read, into = (v if len(layer.pieces) == 1 else v[..., channel] for v in (self.values[layer.inputs[0]], values))
        nominal = layer.pieces[channel](entries.values)
        zeros, residue, nearest = 0, 0, nominal
        for more in range(1, int(np.ptp(nominal)).bit_length()):
            for other in (residue, residue + (1 << more - 1)):
                outputs = rounded(nominal, more, other, *layer.pieces[channel].range)
                into[...] = outputs[entries.index(read)]
                if (self.errors_of(self.result_with(name, values)) <= limit).all():
                    zeros, residue, nearest = more, other, outputs
                    break
            else:
                break
        return zeros, residue, nearest

    def sensitivities(self, name: str) -> Reals:
        """How far the result moves at each sample, (functions, samples), where a function gives some units more or
        less; functions that are wires do not count."""
        functions = self.layer(name).pieces
        plain = self.values[self.graph.outputs[0]].reshape(len(self.x), -1)
        rows = np.full((len(functions), len(self.x)), np.finfo(float).eps)
        for channel in (c for c, function in enumerate(functions) if is_curved(function)):
            for by in (-PROBE, PROBE):
                moved = self.result_with(name, self.moved(name, channel, by)).reshape(len(self.x), -1)
                rows[channel] = np.maximum(rows[channel], np.abs(moved - plain).max(axis=1))
        return rows

    def moved(self, name: str, channel: int, by: int, some: Some = ALL) -> Ints:
        """A layer's values where one function gives more, but nothing that it never gives."""
        functions, values = self.layer(name).pieces, self.values[name][some].copy()
        part = values if len(functions) == 1 else values[..., channel]
        part[...] = np.clip(part + by, *functions[channel].range)
        return values

    def tolerances(self, name: str, channel: int, entries: Entries, limit: Reals) -> tuple[Ints, Ints]:
        """How far each entry may go down and up so that every sample stays within the limit."""
        layer = self.layer(name)
        read = self.values[layer.inputs[0]]
        entry = entries.index((read if len(layer.pieces) == 1 else read[..., channel]).reshape(len(self.x), -1))
        seen = np.zeros(entries.count, dtype=np.bool_)
        seen[entry.reshape(-1)] = True

        def reach(sign: int) -> Ints:
            far, alive, some = np.zeros(len(seen), dtype=np.int64), seen.copy(), np.arange(len(entry))
            for step in STEPS:
                moved = self.moved(name, channel, sign * step, some)
                errors = self.errors_of(self.result_with(name, moved, some), some)
                alive[entry[some[errors > limit[some]]].reshape(-1)] = False
                if not alive.any():
                    break
                far[alive] = step
                some = np.flatnonzero(alive[entry].any(axis=1))
            return far

        nearest = nearest_of(np.flatnonzero(seen), len(seen))
        return least_around(reach(-1)[nearest]), least_around(reach(1)[nearest])


def is_curved(function: Pieces) -> bool:
    """Whether a function is no line, which would be wires and an adder."""
    return multiply_shift(function) is None


def rounded(values: Ints, zeros: int, residue: int, least: int, most: int) -> Ints:
    """The nearest integers in ``least .. most`` that are ``residue`` modulo ``2^zeros``."""
    step = 1 << zeros
    nearest = (values - residue + step // 2 >> zeros << zeros) + residue
    return nearest - step * (nearest > most) + step * (nearest < least)


def least_around(values: Ints) -> Ints:
    """The least of each value and its neighbours, whose samples could have been its own."""
    padded = np.pad(values, AROUND, mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, 2 * AROUND + 1).min(axis=1)


def nearest_of(known: Ints, count: int) -> Ints:
    """For each of ``count`` indices the nearest of some ascending ones, the lower one of equals."""
    at = np.arange(count)
    after = np.searchsorted(known, at).clip(0, len(known) - 1)
    before = (after - 1).clip(0)
    return np.where(np.abs(known[before] - at) <= np.abs(known[after] - at), known[before], known[after])
