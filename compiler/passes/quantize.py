"""Post-training quantisation: quantisers with power-of-two scales where a float network has none.

Ranges come from calibration samples (least squared error over a few scales) or from proven bounds. Weights get a scale
per row, or per block row where the matrix is block-circulant, and stay exact where they already lie on a lattice of
few bits. The bias is left real: it moves into the integer function behind the sum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from ..exact import fractions
from ..formats import Format
from ..layers.arg_max import RealArgMax, RealSign
from ..layers.convolution import Convolve
from ..layers.dense import Linear
from ..layers.scalar import Apply, Quantize
from ..real import Op, RealGraph, Reals
from ..scalar.functions import Affine, Clip, Function, Relu
from ..scalar.quantizer import Quantizer
from ..weights.block_circulant import BlockCirculant

__all__ = ["Calibration", "Width", "quantize"]

Width = int | Format
"""Bits whose scale calibration chooses, or a format that says both."""

EXACT_BITS = 16  # weights that are exactly powers of two or on a lattice this narrow are kept as they are
TABLE_BITS = 2  # a curved function's input gets this many bits more than its output
FIT_VALUES = 1 << 19  # of more, the error of a scale is measured on a sample
SMALLER_SCALES = 4  # how many halvings of the covering scale are tried


@dataclass(frozen=True)
class Calibration:
    """Real values of every tensor: of samples (samples first), or two rows of lower and upper bounds (``proven``).

    ``bits`` is the width of everything but of what ``weights`` (by the name of the matrix) and ``activations`` (by the
    name of the tensor that is quantised) give a width of its own.
    """

    values: Mapping[str, Reals]
    bits: int = 8
    input_format: Format | None = None
    proven: bool = False
    weights: Mapping[str, Width] = field(default_factory=dict[str, Width])
    activations: Mapping[str, Width] = field(default_factory=dict[str, Width])


def quantize(graph: RealGraph, calibration: Calibration) -> RealGraph:
    """The network with a quantiser in front of each matrix, each curved function and each output."""
    return Quantization(graph, calibration).run()


class Quantization:
    """One run of the pass: what is quantised already, and the operations made so far."""

    def __init__(self, graph: RealGraph, calibration: Calibration) -> None:
        self.graph, self.calibration = graph, calibration
        self.ops: list[Op] = []
        self.quantised: dict[str, str] = {}
        self.scale: dict[str, npt.NDArray[Any]] = {}
        self.exact_unit: dict[str, Fraction] = {}
        self.same_unit: set[str] = set()  # sums whose rows all count in one unit

    def run(self) -> RealGraph:
        """The quantised network."""
        for op in self.graph.ops:
            match op:
                case Linear() | Convolve():
                    self.linear(op)
                case Apply():
                    self.apply(op)
                case Quantize():
                    self.ops.append(op)
                    self.quantised[op.name] = op.name
                    self.scale[op.name] = op.quantizer.scale
                case _:
                    self.other(op)
        outputs = tuple(self.output(name) for name in self.graph.outputs)
        return self.graph.replace(self.ops, outputs)

    def linear(self, op: Linear | Convolve) -> None:
        """Quantise the input and the weights."""
        source = self.activation(op.inputs[0])
        if op.scale is None:
            rows = op.weight.reshape(len(op.weight), -1)
            width = self.calibration.weights.get(op.name, self.calibration.bits)
            if isinstance(width, Format):
                weight, scale = in_format(rows, width)
            else:
                weight, scale = quantise_weights(rows, width, together=self.is_last(op.name))
            op = replace(op, weight=weight.reshape(op.weight.shape), scale=scale)
        assert op.scale is not None
        self.ops.append(replace(op, inputs=(source,)))
        units = op.scale * self.scale[source].reshape(-1)[0]
        self.exact_unit[op.name] = min(units.flat)
        if len({*units.flat}) == 1:
            self.same_unit.add(op.name)

    def other(self, op: Op) -> None:
        """Quantise every input; a result that may be wider than these is quantised again by what reads it."""
        decides = isinstance(op, (RealArgMax, RealSign))  # a decision is taken on the sums as they are
        sources = tuple(self.output(name) if decides else self.activation(name) for name in op.inputs)
        self.ops.append(replace(op, inputs=sources))
        scales = [self.scale.get(name, fractions([1])) for name in sources]
        unit = op.unit(*(Fraction(min(scale.flat)) for scale in scales))
        if unit is None:
            self.quantised[op.name] = op.name
            self.scale[op.name] = scales[0]
        else:
            self.exact_unit[op.name] = unit

    def is_last(self, name: str) -> bool:
        """Whether sums leave the network or meet in an arg-max as they are: then all rows need one scale."""
        readers = self.graph.readers(name)
        if any(isinstance(r, RealArgMax) for r in readers) or name in self.graph.outputs:
            return True
        return any(self.is_last(r.name) for r in readers if isinstance(r, Apply) and isinstance(r.function, Affine))

    def apply(self, op: Apply) -> None:
        """Keep the function; a curved one needs a quantised input so that it becomes one small table."""
        source = op.inputs[0]
        simple = isinstance(op.function, (Affine, Clip, Relu))
        decided = any(isinstance(r, Quantize) for r in self.graph.readers(op.name))
        if simple and not decided and source in {i.name for i in self.graph.inputs}:
            source = self.activation(source)  # the host sends integers; what could not be folded works on them
        if not simple and source not in self.quantised and self.is_wide(source):
            source = self.insert(source, self.choose(source, self.calibration.bits + TABLE_BITS, op.function))
        elif not simple:
            source = self.quantised.get(source, source)
        if isinstance(op.function, Affine) and source in self.exact_unit and (op.function.slope == 1).all():
            self.exact_unit[op.name] = self.exact_unit[source]
        self.ops.append(replace(op, inputs=(source,)))

    def is_wide(self, name: str) -> bool:
        """Whether a tensor still carries an accumulator's full width: no quantiser since the last matrix."""
        made = {op.name: op for op in self.ops}
        while (op := made.get(name)) is not None:
            if isinstance(op, Quantize) or name in self.exact_unit:
                return not isinstance(op, Quantize)
            name = op.inputs[0]
        return True

    def activation(self, name: str) -> str:
        """The quantised form of what a matrix reads."""
        if name in self.quantised:
            return self.quantised[name]
        if name in {i.name for i in self.graph.inputs}:
            return self.insert(name, self.input_quantizer(name))
        return self.insert(name, self.choose(name, self.calibration.bits))

    def choose(self, name: str, bits: int, through: Function | None = None) -> Quantizer:
        """The quantiser that the user states for a tensor, or the best one of its width (``bits`` by default)."""
        width = self.calibration.activations.get(name, bits)
        return stated(width) if isinstance(width, Format) else self.fit(name, width, through)

    def output(self, name: str) -> str:
        """The quantised form of an output: sums keep their own unit and never saturate."""
        if name in self.quantised:
            return self.quantised[name]
        if name in self.same_unit:
            return name
        if name in self.exact_unit:
            return self.insert(name, Quantizer(fractions([self.exact_unit[name]]), None, None))
        return self.activation(name)

    def insert(self, name: str, quantizer: Quantizer) -> str:
        """Append a quantiser behind a tensor."""
        node = next((op.node for op in self.graph.ops if op.name == name), f"input '{name}'")
        op = Quantize(f"{name}_q", (name,), quantizer, node=node)
        self.ops.append(op)
        self.quantised[name] = self.quantised[op.name] = op.name
        self.scale[op.name] = quantizer.scale
        return op.name

    def input_quantizer(self, name: str) -> Quantizer:
        """The input's format: the given one, the data's own lattice where it is narrow, or the best fit."""
        width = self.calibration.input_format or self.calibration.activations.get(name, self.calibration.bits)
        if isinstance(width, Format):
            return stated(width)
        own = None if self.calibration.proven else lattice(self.calibration.values[name], width)
        return self.fit(name, width) if own is None else stated(own)

    def fit(self, name: str, bits: int, through: Function | None = None) -> Quantizer:
        """The power-of-two scale with the least squared error, measured behind ``through``."""
        values = self.calibration.values[name].reshape(-1)
        whole = values
        if values.size > FIT_VALUES:
            values = values[np.random.default_rng(0).integers(0, values.size, FIT_VALUES)]
        largest = float(np.abs(whole).max(initial=0.0)) or 1.0
        signed = bool(whole.min(initial=0.0) < 0)
        low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
        top = covering(largest, high)

        def quantizer(exponent: int) -> Quantizer:
            return Quantizer(fractions([Fraction(2) ** exponent]), low, high)

        def seen(x: Reals) -> Reals:
            return x if through is None else through.evaluate(x)

        exponent = best_exponent(top, lambda e: seen(quantizer(e).evaluate(values)) - seen(values))
        return quantizer(exponent)


def stated(format: Format) -> Quantizer:
    """The quantiser of a format."""
    return Quantizer(fractions([format.scale]), format.low, format.high)


def in_format(weight: Reals, format: Format) -> tuple[Reals, npt.NDArray[Any]]:
    """The matrix rounded to a format, and the exact scale of each row."""
    return stated(format).evaluate(weight), np.full(len(weight), format.scale, dtype=object)


def covering(largest: float, high: int) -> int:
    """The least exponent with ``high * 2^exponent >= largest``, within half a unit."""
    return int(np.ceil(np.log2(largest / (high + 0.5))))


def best_exponent(top: int, error: Callable[[int], Reals]) -> int:
    """The exponent, from ``top`` down, with the least squared error; the larger one of equals."""
    candidates = range(top, top - SMALLER_SCALES, -1)
    return min(candidates, key=lambda e: (float(np.square(error(e)).sum()), -e))


def lattice(values: Reals, bits: int) -> Format | None:
    """The narrowest format that holds every value exactly, if it has at most ``bits`` bits."""
    low, high = float(values.min(initial=0.0)), float(values.max(initial=0.0))
    for fraction in range(bits + 1):
        scaled = values * 2.0**fraction
        if np.array_equal(scaled, np.rint(scaled)):
            a, b = int(low * 2**fraction), int(high * 2**fraction)
            width = max((~a).bit_length() + 1 if a < 0 else 1, b.bit_length() + (a < 0))
            return Format(width, width - fraction, a < 0) if width <= bits else None
    return None


def quantise_weights(
    weight: npt.NDArray[np.float64], bits: int, together: bool = False
) -> tuple[npt.NDArray[np.float64], npt.NDArray[Any]]:
    """The matrix rounded to ``bits`` bits, and the exact scale of each row; one scale for all rows ``together``."""
    circulant = BlockCirculant.find(weight)
    group = len(weight) if together else 1 if circulant is None else circulant.columns.shape[2]
    result, scales = np.empty_like(weight), np.empty(len(weight), dtype=object)
    for start in range(0, len(weight), group):
        rows = weight[start : start + group]
        exponent = row_exponent(rows, bits)
        unit = 2.0**exponent
        limit = (1 << (bits - 1)) - 1 if not is_exact(rows, exponent) else np.inf
        result[start : start + group] = unit * np.clip(np.floor(rows / unit + 0.5), -limit, limit)
        scales[start : start + group] = Fraction(2) ** exponent
    return result, scales


def is_exact(rows: npt.NDArray[np.float64], exponent: int) -> bool:
    """Whether every weight is a multiple of 2^exponent."""
    return bool((rows / 2.0**exponent == np.rint(rows / 2.0**exponent)).all())


def row_exponent(rows: npt.NDArray[np.float64], bits: int) -> int:
    """The scale's exponent: the weights' own lattice where that is narrow, else the least squared error."""
    magnitude = np.abs(rows[rows != 0])
    if magnitude.size == 0:
        return 0
    mantissa, exponents = np.frexp(magnitude)
    whole = (mantissa * 2.0**53).astype(np.int64)
    finest = int((exponents - 53 + np.log2(whole & -whole).astype(np.int64)).min())
    span = int(np.ceil(np.log2(magnitude.max() / 2.0**finest + 1)))
    if span <= bits - 1 or (span <= EXACT_BITS and bool((mantissa == 0.5).all())):
        return finest
    limit = (1 << (bits - 1)) - 1

    def error(e: int) -> Reals:
        return 2.0**e * np.clip(np.floor(rows / 2.0**e + 0.5), -limit, limit) - rows

    return best_exponent(covering(float(magnitude.max()), limit), error)
