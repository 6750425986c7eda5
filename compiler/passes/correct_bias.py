"""Bias correction: what quantisation shifts a sum by, on average, goes into the bias behind it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ..layers.scalar import Apply, Quantize
from ..layers.sines import RealSines
from ..real import Op, RealGraph, Reals, Weighted
from ..scalar.functions import Affine
from .sample_values import spread

__all__ = ["correct_bias"]

Elementwise = Apply | Quantize

HELD = 1 << 22  # elements of the largest tensor
STEP = 1e-4  # of the values' deviation: over this the slope of a function is measured


def correct_bias(graph: RealGraph, quantised: RealGraph, x: npt.ArrayLike) -> RealGraph:
    """The quantised network with biases that bring it nearer to ``graph`` on samples ``x``, layer by layer in order.

    Sums whose weights the file quantises keep their bias. After Nagel et al., Data-free quantization through weight
    equalization and bias correction, ICCV 2019, section 4.2.
    """
    largest = max(int(np.prod(shape)) for shape in graph.shapes.values())
    samples = spread(np.asarray(x, dtype=np.float64), HELD // largest)
    biases = {name for name, op in graph.makers.items() if is_real(op)}
    biases = {name for name in biases if bias_of(graph, name) is not None}
    wanted = {name: rows(y) for name, y in running(graph, list(graph.ops), samples) if name in biases}
    ops = list(quantised.ops)
    for name, y in running(quantised, ops, samples):
        bias = bias_of(quantised, name) if name in biases else None
        if bias is None:
            continue
        op, affine = bias
        moved = shift(chain(graph, name), chain(quantised, name), wanted.pop(name), rows(y))
        intercept = affine.intercept.astype(np.float64) + affine.slope.astype(np.float64) * moved
        ops[ops.index(op)] = replace(op, function=replace(affine, intercept=intercept))
    return quantised.replace(ops)


def is_real(op: Op) -> bool:
    """Whether it makes sums with weights that are not quantised."""
    return (isinstance(op, Weighted) and op.scale is None) or (isinstance(op, RealSines) and op.angles is None)


def shift(real: Sequence[Elementwise], fixed: Sequence[Elementwise], wanted: Reals, sums: Reals) -> Reals:
    """What added to each channel's sums leaves the least squared error behind the ``fixed`` chain, of three choices.

    Nothing; the mean error; the mean error weighted by the squared slope of the ``real`` chain, so that errors count
    where they are seen (a ReLU that is open, a sigmoid that is steep).
    """
    target, error = through(real, wanted), wanted - sums
    step = STEP * max(float(wanted.std()), 1e-12)
    weight = np.square((through(real, wanted + step) - target) / step)
    total = weight.sum(axis=0)
    steep = (weight * error).sum(axis=0) / np.where(total > 0, total, 1)
    choices = np.stack([np.zeros(len(steep)), error.mean(axis=0), steep])
    left = np.stack([np.square(through(fixed, sums + choice) - target).sum(axis=0) for choice in choices])
    return np.take_along_axis(choices, left.argmin(axis=0)[None], axis=0)[0]


def bias_of(graph: RealGraph, name: str) -> tuple[Apply, Affine] | None:
    """The affine function that alone reads a tensor."""
    match graph.readers(name):
        case [Apply(function=Affine() as affine) as op] if name not in graph.outputs:
            return op, affine
        case _:
            return None


def chain(graph: RealGraph, name: str) -> list[Elementwise]:
    """The functions and quantisers behind a tensor, as long as nothing else reads what is between them."""
    found: list[Elementwise] = []
    while len(readers := graph.readers(name)) == 1 and isinstance(reader := readers[0], Apply | Quantize):
        found.append(reader)
        name = reader.name
    return found


def through(ops: Sequence[Elementwise], x: Reals) -> Reals:
    """What a chain gives."""
    for op in ops:
        x = op.evaluate(x)
    return x


def running(graph: RealGraph, ops: list[Op], samples: Reals) -> Iterator[tuple[str, Reals]]:
    """Each tensor as it is made; operations in ``ops`` may be exchanged before their turn."""
    values = {i.name: samples for i in graph.inputs}
    last = {name: op.name for op in ops for name in op.inputs}
    for i in range(len(ops)):
        op = ops[i]
        values[op.name] = op.evaluate(*(values[name] for name in op.inputs))
        yield op.name, values[op.name]
        for name in op.inputs:
            if last[name] == op.name:
                values.pop(name, None)


def rows(values: Reals) -> Reals:
    """Samples and positions as rows of channels."""
    return values.reshape(-1, values.shape[-1])
