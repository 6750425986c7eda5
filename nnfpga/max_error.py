"""Networks that stay within an error of the float model: weights, widths and functions are chosen for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nnfpga.compiler.bound import error_bound
from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.exact import Ints
from nnfpga.compiler.functions.lookups import Units
from nnfpga.compiler.graph import Graph, Tensor
from nnfpga.compiler.layers.scalar import channel_bounds
from nnfpga.compiler.passes import Calibration, Entry, cut_input, few_digits, loosen
from nnfpga.compiler.real import RealGraph, Reals

__all__ = ["ErrorFound", "Task", "prepared"]

INNER_BITS = 12
"""Of values before functions are loosened: what is rounded there is little of the error."""
ROWS, CUT = 0.25, 0.2
"""Of the error: what rows of weights may take together, and what cut inputs may add."""
MARGINS = (0.85, 0.8, 0.72)
"""Of the error, for samples: others may have a little more."""
GRID, ENDS, PARTNERS = 9, 10, 20
"""Bits of inputs on a grid, bits of one whose cells are seen at both ends, and how often, the other being drawn."""
MOST_SAMPLES = 20_000
DRAWN, CLIMBERS, CLIMBS = 4096, 256, 300
"""Codes that a search draws, those from which it goes on, and how many steps each tries."""


@dataclass(frozen=True)
class ErrorFound:
    """The greatest error against the float model that is allowed and that was measured, on so many samples."""

    allowed: float
    measured: float
    samples: int
    searched: float | None = None
    """Of more than two inputs, the greatest error that a search between the samples found."""
    proven: float | None = None
    """What no integers of the input exceed; None where the network is not of the kind that can be followed."""

    def to_dict(self) -> dict[str, Any]:
        """What report.json says."""
        found = {} if self.searched is None else {"searched": self.searched}
        return {
            "allowed": self.allowed, "measured": self.measured, "samples": self.samples, **found, "proven": self.proven,
        }  # fmt: skip

    @property
    def note(self) -> str:
        """The same in words."""
        text = f"--max-error {self.allowed:g}: {self.measured:.3g} off the float model on {self.samples} samples"
        if self.searched is not None:
            text += f"; a search between them found {self.searched:.3g}"
        if self.proven is None:
            return f"{text}; nothing is proven of other inputs: it has more than sums and functions of one element"
        return f"{text}; at most {self.proven:.3g} for every input code, proven"


def prepared(real: RealGraph, calibration: Calibration, error: float) -> tuple[RealGraph, Calibration]:
    """The network with weights of few digits, and a calibration with the widths from which functions are loosened."""
    inputs = np.asarray(calibration.values[real.inputs[0].name]).reshape(-1, *real.inputs[0].shape)
    if calibration.proven:
        low, high = inputs[0], inputs[1]
        inputs = np.random.default_rng(0).uniform(low, high, (MOST_SAMPLES, *low.shape))
    return few_digits(real, inputs, ROWS * error), replace(calibration, bits=max(calibration.bits, INNER_BITS))


class Task:
    """An integer graph that is to stay within an error of a float network: samples of both, and inputs of few bits.

    Samples are ``x`` and, of one or two inputs, a grid of their codes.

    Raises
    ------
    CompileError
        where there are no samples.
    """

    def __init__(self, graph: Graph, entry: Entry, real: RealGraph, x: Reals | None, error: float) -> None:
        self.entry, self.real, self.error, self.source = entry, real, error, graph.inputs[0]
        rng = np.random.default_rng(0)
        self.codes, floats = samples_of(self.source, entry, x, near_ends(self.source, rng))
        self.expected = results(real, floats)
        self.dense, floats = samples_of(self.source, entry, x, on_grid(self.source, rng))
        self.wanted = results(real, floats)
        base = greatest(graph, self.codes, self.expected)
        cuts = (cut_input(graph, bits) for bits in range(4, 17))
        self.graph = next(
            (g for g in cuts if g is graph or greatest(g, self.codes, self.expected) <= base + CUT * error), graph
        )
        self.base = greatest(self.graph, self.codes, self.expected)

    def wanted_of(self, codes: Ints) -> Reals:
        """What the float network gives for codes."""
        return results(self.real, floats_of(self.source, self.entry, codes))

    def roughly(self, units: Units) -> Graph | None:
        """The graph with functions that a short search finds; None where the error cannot be kept."""
        budget = MARGINS[0] * self.error
        return None if self.base > budget else loosen(self.graph, self.codes, self.expected, budget, units).graph

    def found(self, units: Units, progress: Callable[[str], None]) -> tuple[Graph, ErrorFound]:
        """The graph with functions that take less logic, and its error.

        Of one or two inputs the error is proven, too, if it can be: where it is not, the inputs that are in doubt
        become samples and all is done once more with less to spend.

        Raises
        ------
        CompileError
            where the error cannot be kept.
        """
        codes, expected, measured = self.codes, self.expected, self.base
        kept: tuple[Graph, ErrorFound] | None = None
        for margin in MARGINS:
            if self.base > self.error * margin:
                break
            loose = loosen(self.graph, codes, expected, self.error * margin, units, progress)
            graph, errors = loose.graph, errors_of(loose.graph, self.dense, self.wanted)
            measured = max(loose.error, float(errors.max()))
            beyond = None if self.source.size <= 2 else searched(graph, self.entry, self.real, self.dense)
            bound = error_bound(graph, self.entry, self.real, max(measured, beyond or 0.0))
            doubtful, theirs = codes[:0], expected[:0]
            if bound is not None and self.source.size <= 2:
                doubtful, theirs = bound.worst, self.wanted_of(bound.worst)
                measured = max(measured, greatest(graph, doubtful, theirs))
            if measured <= self.error and (kept is None or (bound and bound.error <= self.error)):
                count = len(codes) + len(self.dense) + len(doubtful)
                kept = graph, ErrorFound(self.error, measured, count, beyond, bound.error if bound else None)
                if self.source.size > 2 or bound is None or bound.error <= self.error:
                    break
            progress(f"error {measured:.4g}, at most {bound.error if bound else np.inf:.4g}: once more")
            worst = np.argsort(errors)[-len(self.codes) // 2 :]
            codes, expected = np.concatenate([codes, self.dense[worst]]), np.concatenate([expected, self.wanted[worst]])
            codes, expected = np.concatenate([codes, doubtful]), np.concatenate([expected, theirs])
        if kept is not None:
            return kept
        raise CompileError(
            f"option max-error: {self.error:g} cannot be kept, the error is {measured:.3g}; allow a greater one, or "
            "more --bits"
        )


def greatest(graph: Graph, codes: Ints, expected: Reals) -> float:
    """The greatest error."""
    return float(errors_of(graph, codes, expected).max(initial=0.0))


def errors_of(graph: Graph, codes: Ints, expected: Reals) -> Reals:
    """The greatest error of each sample."""
    name = graph.outputs[0]
    found = graph.tensors[name].real(graph.evaluate(codes)[name])
    return np.abs(found.reshape(len(codes), -1) - expected).max(axis=1)


def results(real: RealGraph, x: Reals) -> Reals:
    """What the float network gives."""
    return real.evaluate(x)[real.outputs[0]].reshape(len(x), -1)


def samples_of(source: Tensor, entry: Entry, x: Reals | None, codes: Ints | None) -> tuple[Ints, Reals]:
    """Codes, and the samples that they stand for: of ``x``, and of ``codes``."""
    integers, floats = list[Ints](), list[Reals]()
    if x is not None:
        integers.append(entry.integers(x[:MOST_SAMPLES]).reshape(-1, *source.shape))
        floats.append(x[:MOST_SAMPLES].reshape(-1, *source.shape))
    if codes is not None and entry.slope.all():
        integers.append(codes)
        floats.append(floats_of(source, entry, codes))
    if not integers:
        raise CompileError("option max-error: there are no samples; give --data FILE.npz with x")
    return np.concatenate(integers), np.concatenate(floats)


def floats_of(source: Tensor, entry: Entry, codes: Ints) -> Reals:
    """The samples that codes stand for."""
    values = (source.real(codes) - entry.intercept) / entry.slope
    turned = np.empty_like(values).reshape(len(codes), -1)
    turned[:, entry.order.reshape(-1)] = values.reshape(len(codes), -1)
    return turned.reshape(values.shape)


def searched(graph: Graph, entry: Entry, real: RealGraph, codes: Ints) -> float | None:
    """The greatest error found by changing one input at a time of some codes, and of drawn ones between their least and
    greatest; None where there is nothing between codes."""
    (source,) = graph.inputs
    if not entry.slope.all() or source.number.union().step != 1:
        return None
    rng = np.random.default_rng(0)

    def height(x: Ints) -> Reals:
        return errors_of(graph, x, results(real, floats_of(source, entry, x)))

    low, high = codes.min(axis=0), codes.max(axis=0)
    pool = np.concatenate([codes, rng.integers(low, high + 1, (DRAWN, *source.shape))])
    errors = height(pool)
    first = np.argsort(errors)[-CLIMBERS:]
    best, reached = pool[first], errors[first]
    flat = (len(best), -1)
    for _ in range(CLIMBS):
        tried, rows = best.copy(), np.arange(len(best))
        column = rng.integers(0, source.size, len(best))
        span = (high - low).reshape(-1)[column]
        step = (span * 2.0 ** -rng.uniform(0, 12, len(best))).astype(np.int64) + 1
        tried.reshape(flat)[rows, column] += step * rng.choice([-1, 1], len(best))
        tried = np.clip(tried, low, high)
        found = height(tried)
        better = found > reached
        best[better], reached[better] = tried[better], found[better]
    return float(reached.max())


def near_ends(source: Tensor, rng: np.random.Generator) -> Ints | None:
    """Codes of one or two inputs at both ends of the cells of each, the other one drawn, and a grid."""
    if source.size > 2:
        return None
    (low,), (high,) = channel_bounds(source.number, 1)
    step = max(1 << max((high - low).bit_length() - ENDS, 0), 1)
    ends = np.unique(np.concatenate([np.arange(low, high + 1, step), np.arange(low + step - 1, high + 1, step)]))
    columns = [
        np.concatenate([ends if c == 0 else rng.permutation(ends) for _ in range(PARTNERS)]) for c in range(source.size)
    ]
    grid = on_grid(source, rng)
    assert grid is not None
    return np.concatenate([np.stack(columns, axis=-1).reshape(-1, *source.shape), grid[::16]])


def on_grid(source: Tensor, rng: np.random.Generator) -> Ints | None:
    """Codes of one or two inputs, one drawn in each cell of a grid."""
    if source.size > 2:
        return None
    (low,), (high,) = channel_bounds(source.number, 1)
    step = 1 << max((high - low).bit_length() - GRID * (3 - source.size), 0)
    starts = np.arange(low, high + 1, step)
    grid = np.stack(np.meshgrid(*[starts] * source.size), axis=-1).reshape(-1, source.size)
    return np.minimum(grid + rng.integers(0, step, grid.shape), high).reshape(-1, *source.shape)
