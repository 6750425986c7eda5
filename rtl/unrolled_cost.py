"""What an unrolled layer costs, estimated from weights and widths; only small layers are expanded for it.

A matrix has as many additions as its rows have canonical signed digits, less one each. Sub-expression sharing leaves a
share of them that falls slowly with their number, and rises where the matrix is sparse. An addition is as wide as the
terms, the digits of one weight, and the depth of the tree make it. The constants are least squares over matrices of 1
to 32 rows, 8 to 150 columns, 2 to 8 bits, of which all or a quarter of the weights are not zero: 10 % error (rms) in
additions, 4 % in bits. ``benchmarks/max_drop.py digits`` shows estimates beside synthesis.
"""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatch
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from nnfpga.compiler.circuit.adders import digit_count
from nnfpga.compiler.circuit.ir import Add, AtLeast, Builder, Circuit, Clamp, Greater, Lookup, Multiply, Select
from nnfpga.compiler.device import Device
from nnfpga.compiler.exact import Ints, objects
from nnfpga.compiler.graph import Graph, Layer, Tensor
from nnfpga.compiler.layers.convolution import Convolution
from nnfpga.compiler.layers.dense import Dense
from nnfpga.compiler.layers.scalar import Scalar
from nnfpga.compiler.number import Number
from nnfpga.compiler.plan import Cost, Estimate

__all__ = ["circuit_cost", "unrolled_cost"]

SHARED, SHARED_SIZE, SHARED_DENSITY = 0.95, -0.08, -0.16
BITS, BITS_PER_DIGIT, BITS_PER_DEPTH = 0.37, 1.79, 0.08

Floats = npt.NDArray[np.float64]

_known: WeakKeyDictionary[Layer, Cost] = WeakKeyDictionary()


PLACED: dict[str, float] = {}
"""LUT sites that nextpnr places per estimated LUT, where that is not one."""


def unrolled_cost(graph: Graph, layer: Layer, device: Device) -> Cost:
    """A layer's cost on its own; remembered."""
    if layer not in _known:
        _known[layer] = estimate(layer, *(graph.tensors[name] for name in layer.inputs))
    cost = _known[layer]
    placed = PLACED.get(device.family, 1.0)
    return replace(cost, lut=Estimate(cost.lut.value * placed, cost.lut.error))


@singledispatch
def estimate(layer: Layer, *inputs: Tensor) -> Cost:
    """A layer whose circuit is small enough to be made and counted."""
    return expanded(layer, *inputs)


@estimate.register
def _(layer: Dense, x: Tensor) -> Cost:
    return matrix_cost(layer.weights.to_dense(), widths(x.number.broadcast(x.shape)), np.ones(x.size))


@estimate.register
def _(layer: Convolution, x: Tensor) -> Cost:
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
    return times(total, positions)


@estimate.register
def _(layer: Scalar, x: Tensor) -> Cost:
    """The functions of one position at every position."""
    channels = x.shape[-1]
    if x.number.low.ndim > 1 or len(x.shape) == 1:
        return expanded(layer, x)
    return times(expanded(layer, replace(x, shape=(channels,))), x.size // channels)


def matrix_cost(matrix: Ints, width: Floats, present: Floats) -> Cost:
    """A constant matrix times a vector of ``width`` bits; a term exists in the share ``present`` of all cases."""
    digits = digit_counts(matrix)
    per_row, terms = digits @ present, float(((digits > 0) @ present).sum())
    additions = float(np.maximum(per_row - 1, 0).sum())
    if additions == 0:
        return Cost(interval=Estimate(1), latency=Estimate(1))
    density = terms / (len(matrix) * present.sum())
    left = additions * min(1.0, SHARED * additions**SHARED_SIZE * density**SHARED_DENSITY)
    term_width = float((digits * present) @ width @ np.ones(len(matrix))) / float(per_row.sum())
    depth = np.log2(max(per_row.sum() / len(matrix), 1))
    bits = left * (term_width + BITS + BITS_PER_DIGIT * per_row.sum() / terms + BITS_PER_DEPTH * depth)
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
    """Bits of each element."""
    low, high = number.low.astype(np.float64), number.high.astype(np.float64)
    positive, negative = np.ceil(np.log2(np.maximum(high, 0) + 1)), np.ceil(np.log2(np.maximum(-low, 1)))
    return np.where(low < 0, np.maximum(positive, negative) + 1, positive)


def times(cost: Cost, count: int) -> Cost:
    """The cost of equal circuits beside each other."""
    lut, ff = (replace(e, value=e.value * count) for e in (cost.lut, cost.ff))
    return replace(cost, lut=lut, ff=ff)


def expanded(layer: Layer, *inputs: Tensor) -> Cost:
    """A layer's circuit, made and counted."""
    numbers = [n for x in inputs for n in x.number.elements(x.shape)]
    builder = Builder(tuple(numbers))
    values = builder.start()
    parts = [[values.pop(0) for _ in range(x.size)] for x in inputs]
    return circuit_cost(builder.finish(layer.expand(builder, *parts)))


def circuit_cost(circuit: Circuit) -> Cost:
    """Estimate before mapping: one LUT per bit of each adder, comparison or selection."""
    lut = 0.0
    for node, r in zip(circuit.nodes, circuit.ranges, strict=True):
        width = max((circuit.ranges[v].width for v in node.reads), default=0)
        match node:
            case Add():
                lut += r.width - r.zeros
            case Multiply():
                a, b = (circuit.ranges[v] for v in node.reads)
                lut += a.width * b.width
            case Clamp() | Select():
                lut += 1.5 * r.width if isinstance(node, Clamp) else r.width
            case Greater() | AtLeast():
                lut += width
            case Lookup(table=table):
                lut += max(1, len(table) / 16) * r.width * 0.5
            case _:
                pass
    adders = sum(r.width for n, r in zip(circuit.nodes, circuit.ranges, strict=True) if isinstance(n, Add))
    return Cost(Estimate(lut, 0.3), Estimate(adders * 0.5, 0.6), interval=Estimate(1), latency=Estimate(4, 1.0))
