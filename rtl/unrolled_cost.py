"""What an unrolled layer costs, estimated from weights and widths; only small layers are expanded for it.

A matrix has as many additions as its rows have canonical signed digits, less one each. What they cost together is a
product of powers of their number, of their width (of the inputs, and some bits for the digits of a weight) and of the
share of weights that are not zero, since sharing finds more in large and full matrices.
``benchmarks/fit_matrices.py`` fits the constants to circuits that are made and counted, and prints the errors.
"""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatch
from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from nnfpga.compiler.circuit.adders import digit_count
from nnfpga.compiler.circuit.ir import Builder
from nnfpga.compiler.circuit.passes import optimise
from nnfpga.compiler.device import Device
from nnfpga.compiler.exact import Ints, objects
from nnfpga.compiler.graph import Graph, Layer, Tensor
from nnfpga.compiler.layers.convolution import Convolution
from nnfpga.compiler.layers.dense import Dense
from nnfpga.compiler.layers.scalar import Scalar
from nnfpga.compiler.number import Number
from nnfpga.compiler.plan import Cost, Estimate

from .circuit_cost import circuit_cost

__all__ = ["DIGITS", "Features", "estimate", "expanded", "features", "unrolled_cost", "widths"]

FACTOR, SIZE, WIDTH, DENSITY = 2.487, 0.894, 0.708, -0.128
DIGITS = 0.5
BIT_SUM, BIT_ROWS = 0.8, -0.75
"""LUTs for each bit that a row of signs adds up, of which rows share the second part."""
OVERLAP = 0.9
"""What sharing between overlapping positions leaves of a convolution."""

Floats = npt.NDArray[np.float64]

_known: WeakKeyDictionary[Layer, dict[Device, Cost]] = WeakKeyDictionary()


def unrolled_cost(graph: Graph, layer: Layer, device: Device) -> Cost:
    """A layer's cost on its own; remembered."""
    known = _known.setdefault(layer, {})
    if device not in known:
        known[device] = estimate(layer, device, *(graph.tensors[name] for name in layer.inputs))
    return known[device]


@singledispatch
def estimate(layer: Layer, device: Device, *inputs: Tensor) -> Cost:
    """A layer whose circuit is small enough to be made and counted."""
    return expanded(layer, device, *inputs)


@estimate.register
def _(layer: Dense, device: Device, x: Tensor) -> Cost:
    return matrix_cost(layer.weights.to_dense(), widths(x.number.broadcast(x.shape)), np.ones(x.size))


@estimate.register
def _(layer: Convolution, device: Device, x: Tensor) -> Cost:
    """The kernel's matrix at every position; padding leaves out what lies outside."""
    window, channels = layer.window, x.shape[-1]
    inside = window.patches(np.ones((1, *x.shape[:-1], 1)), 0.0)
    positions = int(np.prod(window.positions(x.shape[:-1])))
    present = np.repeat(inside.reshape(positions, window.taps).mean(axis=0), channels // layer.groups)
    number = x.number.broadcast(x.shape)
    per_channel = widths(number).reshape(-1, channels).mean(axis=0).reshape(layer.groups, -1)
    total = Cost()
    for matrix, width in zip(layer.matrices, per_channel, strict=True):
        total += matrix_cost(matrix, np.tile(width, window.taps), present)
    return times(total, positions * (OVERLAP if layer.overlapping else 1.0))


@estimate.register
def _(layer: Scalar, device: Device, x: Tensor) -> Cost:
    """The functions of one position at every position."""
    channels = x.shape[-1]
    if x.number.low.ndim > 1 or len(x.shape) == 1:
        return expanded(layer, device, x)
    return times(expanded(layer, device, replace(x, shape=(channels,))), x.size // channels)


class Features(NamedTuple):
    """What the estimate of a matrix takes: additions before sharing, the mean width of what is added, digits of a
    weight that is not zero, and the share of such weights."""

    additions: float
    width: float
    digits: float
    density: float


def features(matrix: Ints, width: Floats, present: Floats) -> Features | None:
    """Of a constant matrix times a vector of ``width`` bits; a term exists in the share ``present`` of all cases.

    None where nothing is added.
    """
    digits = digit_counts(matrix)
    per_row, terms = digits @ present, float(((digits > 0) @ present).sum())
    additions = float(np.maximum(per_row - 1, 0).sum())
    if additions == 0:
        return None
    total = float(per_row.sum())
    return Features(
        additions,
        float(((digits * present) @ width).sum()) / total,
        total / terms,
        terms / (len(matrix) * float(present.sum())),
    )


def matrix_cost(matrix: Ints, width: Floats, present: Floats) -> Cost:
    """The estimate from a matrix's features."""
    of = features(matrix, width, present)
    if of is None:
        return Cost(interval=Estimate(1), latency=Estimate(1))
    if of.digits == 1 and (width == 1).all():
        bits = of.additions * (BIT_SUM + len(matrix) ** BIT_ROWS)
        return Cost(Estimate(bits, 0.25), Estimate(bits * 0.5, 0.6), interval=Estimate(1), latency=Estimate(4, 1.0))
    bits = FACTOR * of.additions**SIZE * (of.width + DIGITS * of.digits) ** WIDTH * of.density**DENSITY
    return Cost(Estimate(bits, 0.25), Estimate(bits * 0.5, 0.6), interval=Estimate(1), latency=Estimate(4, 1.0))


def digit_counts(matrix: Ints) -> Floats:
    """Canonical signed digits of every weight."""
    if matrix.dtype == object:
        return np.vectorize(lambda w: digit_count(objects([w])), otypes=[np.float64])(matrix)
    magnitude = np.abs(matrix)
    digits = 3 * magnitude ^ magnitude
    count = np.zeros(matrix.shape)
    for n in range(int(digits.max(initial=0)).bit_length()):
        count += digits >> n & 1
    return count


def widths(number: Number) -> Floats:
    """Bits of each element: of the lattice, so a bipolar one has one."""
    low, high, step = (a.astype(np.float64) for a in (number.low, number.high, number.step))
    return np.ceil(np.log2((high - low) / np.maximum(step, 1) + 1))


def times(cost: Cost, count: float) -> Cost:
    """The cost of equal circuits beside each other."""
    lut, ff = (replace(e, value=e.value * count) for e in (cost.lut, cost.ff))
    return replace(cost, lut=lut, ff=ff)


def expanded(layer: Layer, device: Device, *inputs: Tensor) -> Cost:
    """A layer's circuit, made and counted."""
    numbers = [n for x in inputs for n in x.number.elements(x.shape)]
    builder = Builder(tuple(numbers))
    values = builder.start()
    parts = [[values.pop(0) for _ in range(x.size)] for x in inputs]
    return circuit_cost(optimise(builder.finish(layer.expand(builder, *parts))), device)
