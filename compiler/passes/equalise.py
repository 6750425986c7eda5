"""Channels between two matrices are scaled by powers of two, so that one scale fits all of them better."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..formats import Format
from ..layers.convolution import Convolve
from ..layers.pooling import AveragePool, MaxPool
from ..layers.rearrange import RealRearrange
from ..layers.scalar import Apply
from ..real import Op, RealGraph, Reals, Weighted
from ..scalar.functions import Affine, LeakyRelu, PRelu
from ..weights.block_circulant import BlockCirculant
from .fit import is_on_lattice
from .quantize import Calibration

__all__ = ["equalise"]

MOST = 3  # a channel is scaled by 2^-3 to 2^3
Index = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Pair:
    """Two matrices, and what scales with the channels between them: each operation with its channels' origins."""

    first: Weighted
    between: tuple[tuple[Op, Index], ...]
    last: Weighted
    channels: Index

    @property
    def names(self) -> list[str]:
        """All that scales."""
        return [self.first.name, *(op.name for op, _ in self.between), self.last.name]


def equalise(graph: RealGraph, calibration: Calibration) -> tuple[RealGraph, Calibration]:
    """The same real function and its values, with channels between two matrices scaled by powers of two.

    A channel's outgoing weights get what its own values lose, so that its share of the range of all channels and of
    all outgoing weights becomes the same. Nothing that a file quantises, a user states a format for, or that has a
    structure to lose (block-circulant, weights on a lattice already) is touched. After Nagel et al., Data-free
    quantization through weight equalization and bias correction, ICCV 2019, section 4.1, with the values' own ranges.
    """
    ops, values = dict(graph.makers), dict(calibration.values)
    stated = {n for m in (calibration.weights, calibration.activations) for n, w in m.items() if isinstance(w, Format)}
    for op in graph.ops:
        pair = find(graph, op)
        if pair is None or not stated.isdisjoint(
            o.name for o in (pair.first, pair.last, *(b for b, _ in pair.between))
        ):
            continue
        first, last = ops[pair.first.name], ops[pair.last.name]
        assert isinstance(first, Weighted)
        assert isinstance(last, Weighted)
        if is_circulant(first) or is_circulant(last) or is_on_lattice(rows(last), calibration.bits):
            continue
        factor = factors(pair, last, values[pair.last.inputs[0]])
        shape = (-1, *[1] * (first.weight.ndim - 1))
        ops[first.name] = replace(first, weight=first.weight * factor.reshape(shape))
        values[first.name] = values[first.name] * factor
        for between, origin in pair.between:
            values[between.name] = values[between.name] * factor[origin]
            if isinstance(between, Apply) and isinstance(f := between.function, Affine):
                intercept = f.intercept.astype(np.float64) * factor[origin]
                ops[between.name] = replace(between, function=Affine(f.slope, intercept))
        ops[last.name] = scaled_columns(last, 1 / factor[pair.channels])
    known = {} if stated else calibration.known
    return graph.replace([ops[op.name] for op in graph.ops]), replace(calibration, values=values, known=known)


def find(graph: RealGraph, first: Op) -> Pair | None:
    """The matrix behind another one, where all between scales with its input and has no other reader."""
    if not isinstance(first, Weighted) or first.scale is not None:
        return None
    origin, between, name = np.arange(len(first.weight)), list[tuple[Op, Index]](), first.name
    while len(readers := graph.readers(name)) == 1 and name not in graph.outputs:
        (op,) = readers
        match op:
            case Weighted() if op.scale is None:
                return Pair(first, tuple(between), op, origin)
            case MaxPool() | AveragePool() | Apply(function=Affine() | LeakyRelu() | PRelu()):
                pass
            case RealRearrange():
                shape = graph.shapes[name]
                moved = origin[op.index % shape[-1]].reshape(-1, op.index.shape[-1])
                if (moved != moved[0]).any():
                    return None
                origin = moved[0]
            case _:
                return None
        between.append((op, origin))
        name = op.name
    return None


def rows(op: Weighted) -> Reals:
    """The weights as a matrix."""
    return op.weight.reshape(len(op.weight), -1)


def is_circulant(op: Weighted) -> bool:
    """Whether scaled columns or rows would cost a matrix its blocks."""
    return BlockCirculant.find(rows(op)) is not None


def factors(pair: Pair, last: Weighted, values: Reals) -> Reals:
    """The power of two of each channel: half of how much more room it has in the values than in the weights."""
    count = len(pair.first.weight)
    room, weight = np.zeros(count), np.zeros(count)
    np.maximum.at(room, pair.channels, np.abs(values.reshape(-1, len(pair.channels))).max(axis=0))
    blocks, channel = columns(last)
    np.maximum.at(weight, pair.channels[channel], np.abs(blocks).max(axis=1))
    used = (room > 0) & (weight > 0)
    if not used.any():
        return np.ones(count)
    share = [np.log2(np.where(used, side, 1) / side.max()) for side in (weight, room)]
    power = np.clip(np.rint((share[0] - share[1]) / 2), -MOST, MOST)
    return 2.0 ** np.where(used, power, 0)


def columns(op: Weighted) -> tuple[Reals, Index]:
    """Weights as (outputs, taps, channels of a group), and the input channel of each (output, channel of a group)."""
    each, groups = op.weight.shape[-1], op.groups if isinstance(op, Convolve) else 1
    group = np.arange(len(op.weight)) // (len(op.weight) // groups)
    return op.weight.reshape(len(op.weight), -1, each), group[:, None] * each + np.arange(each)


def scaled_columns(op: Weighted, factor: Reals) -> Weighted:
    """The matrix for inputs whose channels are divided by ``factor``."""
    blocks, channel = columns(op)
    return replace(op, weight=(blocks * factor[channel][:, None]).reshape(op.weight.shape))
