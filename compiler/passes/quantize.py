"""Post-training quantisation: quantisers with power-of-two scales where a float network has none.

Ranges come from calibration samples (least squared error over a few scales) or from proven bounds. Weights get a scale
per row, or per block row where the matrix is block-circulant, and stay exact where they already lie on a lattice of
few bits. The bias is left real: it moves into the integer function behind the sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from ..errors import CompileError, Problem
from ..exact import fractions
from ..formats import Format, Ranges
from ..functions.lookups import Units as Logic
from ..layers.host_affine import HostAffine
from ..layers.join import Concatenate
from ..layers.pooling import MaxPool
from ..layers.product import RealProduct
from ..layers.rearrange import RealRearrange
from ..layers.reduction import ReduceSum
from ..layers.scalar import Apply, Quantize
from ..layers.sines import QUARTER, RealSines
from ..real import Op, RealGraph, Reals, Units, Weighted
from ..scalar.functions import Affine, Function, Kinked
from ..scalar.quantizer import Quantizer, Rounding
from .choose_waves import choose_waves
from .fit import Chain, fit, in_format, lattice, quantise_weights, stated
from .given import given, is_quantised
from .quotients import quotient_bits
from .turn_input import is_order

__all__ = ["Calibration", "Width", "quantize"]

Width = int | Format
"""Bits whose scale calibration chooses, or a format that says both."""

TABLE_INPUT = 16  # bits: sums of no more than these, and a sign, are a table's input as they are
TABLE_BITS = 2  # a curved function's input gets this many bits more than its output
STEEP, STEEP_BITS = 3, 2  # an error of more steps of the output makes it steep, which gets so many bits more


@dataclass(frozen=True)
class Calibration:
    """Real values of every tensor: of samples (samples first), or two rows of lower and upper bounds (``proven``).

    ``bits`` is the width of everything but of what ``weights`` (by the name of the matrix) and ``activations`` (by the
    name of the tensor that is quantised) give a width of its own. What a curved function reads has more bits than that.
    ``ranges`` says which values each format of an activation covers.
    ``freedom`` is how many units the values of curved functions may be off.
    ``angles`` asks for matrices of sines on angles (see ``by_angles``): a full turn has as many bits as weights have.
    ``units`` finds the logic of their functions.
    ``samples`` of the input are what biases are corrected on afterwards (None: they stay).
    ``known`` remembers quantisers, as searching a scale takes time; copies on the same values share it.
    """

    values: Mapping[str, Reals]
    bits: int = 8
    input_format: Format | None = None
    proven: bool = False
    weights: Mapping[str, Width] = field(default_factory=dict[str, Width])
    activations: Mapping[str, Width] = field(default_factory=dict[str, Width])
    ranges: Ranges = Ranges.MSE
    freedom: int = 0
    angles: bool = False
    units: Logic | None = None
    samples: Reals | None = None
    known: dict[tuple[str, int], Quantizer] = field(default_factory=dict[tuple[str, int], Quantizer])


def quantize(graph: RealGraph, calibration: Calibration) -> RealGraph:
    """The network with a quantiser in front of each matrix, each curved function and each output."""
    return Quantization(graph, calibration).run()


class Quantization:
    """One run of the pass: the operations made so far, and what is known of their results."""

    def __init__(self, graph: RealGraph, calibration: Calibration) -> None:
        self.graph, self.calibration = graph, calibration
        self.given = given(graph)
        self.ops: list[Op] = []
        self.inputs = {i.name: i.name for i in graph.inputs}  # and what only has another order, to its input
        self.narrow: dict[str, str] = {}  # the form with few bits of a tensor
        self.units: dict[str, Units] = {}  # of results that are integers
        self.behind: dict[str, Units] = {}  # of the sums that a real tensor is but for a constant
        self.cut: dict[str, str] = {}  # the highest bits of an input in a wide format
        self.wide: set[str] = set(self.inputs)  # accumulators, and functions of them

    def run(self) -> RealGraph:
        """The quantised network."""
        for op in self.graph.ops:
            if op.name in self.given or self.awaits(op):
                self.keep(op)
            elif isinstance(op, Apply):
                self.apply(op)
            elif isinstance(op, RealSines):
                self.sines(op)
            elif is_order(self.graph, op):
                self.inputs[op.name] = op.inputs[0]  # the host applies it
                self.wide.add(op.name)
                self.ops.append(op)
            elif isinstance(op, HostAffine):
                self.inputs[op.name] = op.name  # the host applies it, and sends integers of its result
                self.wide.add(op.name)
                self.ops.append(op)
            else:
                self.layer(op)
        outputs = tuple(self.sums(name) for name in self.graph.outputs)
        return self.graph.replace(self.ops, outputs)

    def add(self, op: Op, units: Units, wide: bool = False) -> None:
        """Append an operation that gives integers."""
        self.ops.append(op)
        self.units[op.name] = units
        if wide:
            self.wide.add(op.name)
        else:
            self.narrow[op.name] = op.name

    def keep(self, op: Op) -> None:
        """Leave an operation as the file gives it."""
        if isinstance(op, Quantize):
            if op.inputs[0] in self.inputs and not op.quantizer.bounded:
                op = replace(op, inputs=(self.few_bits(op.inputs[0]),))
            self.add(op, op.quantizer.scale)
        elif (
            not isinstance(op, Apply | Weighted)
            and op.unit(*[Fraction(1)] * len(op.inputs)) is None
            and all(name in self.narrow for name in op.inputs)
        ):
            self.add(op, self.units[op.inputs[0]])
        else:
            self.ops.append(op)
            if not isinstance(op, Apply) or op.inputs[0] in self.wide:
                self.wide.add(op.name)

    def awaits(self, op: Op) -> bool:
        """Whether an operation compares exact sums, or lines of them, that the file quantises behind it."""
        name = op.inputs[0]
        while name not in self.units and isinstance(made := self.graph.makers.get(name), Apply):
            if not isinstance(made.function, Kinked):
                return False
            name = made.inputs[0]
        return isinstance(op, MaxPool) and name in self.units and is_quantised(self.graph, op.name)

    def layer(self, op: Op) -> None:
        """Quantise what the operation reads, and its weights; what reads a result that is wider quantises it again."""
        curved = op.moves and self.meets_curves(op.name)
        whole = op.decides or (op.moves and op.name in self.graph.outputs) or curved
        read = self.sums if whole else self.operand if isinstance(op, RealProduct | Concatenate) else self.few_bits
        sources = tuple(read(name) for name in op.inputs)
        units = [Fraction(min(self.units[name].flat)) for name in sources]
        if isinstance(op, Weighted):
            op = op if op.scale is not None else self.weights(op)
            assert op.scale is not None
            self.add(replace(op, inputs=sources), op.scale * units[0], wide=True)
        else:
            unit = op.unit(*units)
            one = self.units[sources[0]] if unit is None else fractions([unit])
            self.add(replace(op, inputs=sources), one, wide=unit is not None or (curved and sources[0] in self.wide))

    def sines(self, op: RealSines) -> None:
        """Quantise both sides' angles; sums count in what makes the function behind them a shift."""
        bits, (name,) = self.turn_bits(op), op.inputs
        steps = Quantizer(fractions([QUARTER / 2**bits]), 0, (1 << bits) - 1)
        units = self.calibration.units
        waves = op.quantised(bits, self.unit_behind(op), lambda w: w if units is None else choose_waves(w, units))
        made = replace(waves, inputs=(self.insert(name, steps),))
        self.add(made, fractions([made.scale]), wide=True)

    def turn_bits(self, op: RealSines) -> int:
        """Bits of an angle within a quarter turn."""
        width = self.calibration.weights.get(op.name, self.calibration.bits)
        return max((width.width if isinstance(width, Format) else width) - 2, 1)

    def unit_behind(self, op: Op) -> Fraction:
        """A step of the angle that sums become, as far as one slope for all leads there; else 1."""
        unit = Fraction(1)
        while len(readers := self.graph.readers(op.name)) == 1 and isinstance(reader := readers[0], Apply):
            if isinstance(f := reader.function, Affine):
                slopes = {*fractions(f.slope).flat}
                if len(slopes) > 1 or 0 in slopes:
                    return Fraction(1)
                unit /= abs(slopes.pop())
            op = reader
        behind = [r for r in readers if isinstance(r, RealSines)]
        return unit * QUARTER / 2 ** self.turn_bits(behind[0]) if behind else unit

    def meets_curves(self, name: str) -> bool:
        """Whether only curved functions read a tensor: they have a quantiser of their own."""
        readers = self.graph.readers(name)
        curved = all(
            isinstance(r, Apply) and (not isinstance(r.function, Kinked) or self.meets_curves(r.name)) for r in readers
        )
        return bool(readers) and curved and name not in self.graph.outputs

    def weights(self, op: Weighted) -> Weighted:
        """The operation with quantised weights."""
        rows = op.weight.reshape(len(op.weight), -1)
        width = self.calibration.weights.get(op.name, self.calibration.bits)
        if isinstance(width, Format):
            weight, scale = in_format(rows, width)
        else:
            weight, scale = quantise_weights(rows, width, together=self.is_last(op.name))
        return replace(op, weight=weight.reshape(op.weight.shape), scale=scale)

    def is_last(self, name: str) -> bool:
        """Whether sums leave the network or are compared as they are: then all rows need one scale."""
        readers = self.graph.readers(name)
        if any(r.decides for r in readers) or name in self.graph.outputs:
            return True
        passing = [r for r in readers if r.moves or (isinstance(r, Apply) and isinstance(r.function, Affine))]
        return any(self.is_last(r.name) for r in passing)

    def apply(self, op: Apply) -> None:
        """Keep the function; a curved one needs a quantised input so that it becomes one small table."""
        source = op.inputs[0]
        straight = isinstance(op.function, Kinked)
        decided = any(
            (isinstance(r, Quantize) and r.quantizer.bounded)
            or (isinstance(r, RealSines) and self.calibration.input_format is None)
            for r in self.graph.readers(op.name)
        )
        if straight and source in self.inputs and not (decided and isinstance(op.function, Affine)):
            source = self.few_bits(source)  # the host sends integers; what could not be folded works on them
        if not straight and source not in self.narrow and source in self.wide:
            chosen = self.choose(source, self.chain(op), TABLE_BITS)
            if not self.is_coarser(source, chosen):
                source = self.insert(source, chosen)
        elif not straight:
            source = self.narrow.get(source, source)
        below = self.units.get(source, self.behind.get(source))
        if isinstance(op.function, Affine) and below is not None and (abs(op.function.slope) == 1).all():
            self.behind[op.name] = below
        if source in self.wide:
            self.wide.add(op.name)
        self.ops.append(replace(op, inputs=(source,)))

    def is_coarser(self, name: str, chosen: Quantizer) -> bool:
        """Whether a tensor is made of integers already that count in no finer unit, and are not much wider."""
        unit = self.units.get(name, self.behind.get(name))
        if unit is None or unit.size > 1 or self.calibration.activations.get(name) is not None:
            return False
        largest = float(np.abs(self.calibration.values[name]).max(initial=0.0))
        return unit[0] >= chosen.scale[0] and largest < float(unit[0]) * 2**TABLE_INPUT

    def operand(self, name: str) -> str:
        """The form of a tensor that is multiplied: of an input in a wide format only the highest bits."""
        whole, own = self.few_bits(name), self.inputs.get(name)
        width = self.calibration.input_format
        if own is None or width is None or width.width <= self.calibration.bits:
            return whole
        if name not in self.cut:
            quantizer = replace(self.best(own, self.calibration.bits), rounding=Rounding.FLOOR)
            op = Quantize(f"{own}_high", (whole,), quantizer, node=f"input '{own}'")
            self.ops.append(op)
            self.units[op.name], self.cut[name], self.narrow[op.name] = quantizer.scale, op.name, op.name
        return self.cut[name]

    def few_bits(self, name: str) -> str:
        """The form of a tensor that a layer reads."""
        if name in self.narrow:
            return self.narrow[name]
        chosen = (
            self.input_quantizer(self.inputs[name]) if name in self.inputs else self.choose(name, self.kernel(name))
        )
        return self.insert(name, chosen)

    def kernel(self, name: str) -> Chain | None:
        """The curved function of sums alone that a tensor's elements are terms of: far from a centre few bits do."""
        functions: list[Function] = []
        summed = False
        while len(readers := self.graph.readers(name)) == 1 and name not in self.graph.outputs:
            (reader,) = readers
            match reader:
                case ReduceSum():
                    summed = True
                case Apply() if summed and reader.function.channels == 1:
                    functions.append(reader.function)
                    if not isinstance(reader.function, Kinked):
                        return Chain(tuple(functions))
                case RealRearrange():
                    pass
                case _:
                    return None
            name = reader.name
        return None

    def chain(self, op: Apply) -> Chain:
        """A curved function and those behind it that read nothing else, while all channels have the same one."""
        functions = [op.function]
        while op.name not in self.graph.outputs and len(readers := self.graph.readers(op.name)) == 1:
            (reader,) = readers
            if not isinstance(reader, Apply) or reader.function.channels > 1:
                break
            functions.append(reader.function)
            op = reader
        return Chain(tuple(functions))

    def choose(self, name: str, through: Chain | None = None, more: int = 0) -> Quantizer:
        """The quantiser that the user states for a tensor, or the best one of its width and ``more`` bits.

        Where functions behind it are too steep for that width, and nobody stated one, it has some more.
        """
        given = self.calibration.activations.get(name)
        width = self.calibration.bits + quotient_bits(self.graph, name) if given is None else given
        if isinstance(width, Format):
            if not more:
                return stated(width)
            width = width.width
        width += more
        chosen = self.best(name, width, through)
        if through is not None and given is None:
            for bits in range(width + 1, width + STEEP_BITS + 1):
                if through.error(self.calibration.values[name], chosen) <= STEEP / 2**self.calibration.bits:
                    break
                chosen = self.best(name, bits, through)
        return chosen

    def best(self, name: str, bits: int, through: Chain | None = None) -> Quantizer:
        """The quantiser of a width with the least error; searched once."""
        if not np.isfinite(self.calibration.values[name]).all():
            made = self.graph.makers.get(name)
            where = f"input '{name}'" if made is None else made.node
            what = "its values are beyond the range of float64"
            raise CompileError([Problem(where, what, "train with normalisation, or state a smaller input range")])
        if (name, bits) not in self.calibration.known:
            self.calibration.known[name, bits] = fit(
                self.calibration.values[name], bits, through, self.calibration.ranges
            )
        return self.calibration.known[name, bits]

    def sums(self, name: str) -> str:
        """The form of a tensor that leaves the network or is compared: sums keep their own unit, never saturate."""
        if name in self.narrow:
            return self.narrow[name]
        if name in self.given or (name in self.units and len({*self.units[name].flat}) == 1):
            return name
        below = self.units.get(name, self.behind.get(name))
        if below is not None:
            return self.insert(name, Quantizer(fractions([self.fine(name, min(below.flat))]), None, None))
        return self.few_bits(name)

    def fine(self, name: str, unit: Fraction) -> Fraction:
        """The unit of sums, halved until no format of the common width is finer: a constant was added to them."""
        largest = Fraction(float(np.abs(self.calibration.values[name]).max(initial=0.0)))
        while unit * 2 ** (self.calibration.bits - 1) > largest > 0:
            unit /= 2
        return unit

    def insert(self, name: str, quantizer: Quantizer) -> str:
        """Append a quantiser behind a tensor."""
        own = self.inputs.get(name, name)
        made = self.graph.makers.get(own)
        node = f"input '{own}'" if made is None else made.node
        op = Quantize(f"{own}_q", (name,), replace(quantizer, freedom=self.calibration.freedom), node=node)
        self.add(op, quantizer.scale)
        self.narrow[name] = op.name
        return op.name

    def input_quantizer(self, name: str) -> Quantizer:
        """The input's format: the given one, the data's own lattice where it is narrow, or the best fit."""
        width = self.calibration.input_format or self.calibration.activations.get(name, self.calibration.bits)
        if isinstance(width, Format):
            return stated(width)
        own = None if self.calibration.proven else lattice(self.calibration.values[name], width)
        return self.best(name, width) if own is None else stated(own)
