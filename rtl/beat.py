"""Beats: how a tensor travels over a stream."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from amaranth.hdl import Cat, Const, Value
from amaranth.lib import data, stream

from nnfpga.compiler.exact import Ints
from nnfpga.compiler.graph import Tensor
from nnfpga.compiler.number import Number, Wire

__all__ = ["Edge", "decode", "encode", "fit"]


@dataclass(frozen=True)
class Edge:
    """A tensor on a stream: ``beats`` beats of ``lanes`` elements, C order, all in one wire format.

    ``number`` is the scalar lattice that holds every element.
    """

    number: Number
    lanes: int
    beats: int

    @staticmethod
    def of(tensor: Tensor, lanes: int) -> Edge:
        """The edge that carries a tensor with that many elements a beat.

        Raises
        ------
        ValueError
            where the lanes do not divide the tensor.
        """
        if tensor.size % lanes:
            raise ValueError(f"lanes must divide the {tensor.size} elements of '{tensor.name}', not {lanes}")
        return Edge(tensor.number.union(), lanes, tensor.size // lanes)

    @property
    def wire(self) -> Wire:
        """The wire format of one element."""
        return self.number.wire

    @property
    def width(self) -> int:
        """Bits of one lane (a constant still takes one)."""
        return max(self.wire.width, 1)

    @property
    def signature(self) -> stream.Signature:
        """The stream: an array of lane words."""
        return stream.Signature(data.ArrayLayout(self.width, self.lanes))

    def pack(self, values: Ints) -> Ints:
        """Lane words of tensors: (samples, elements) to (samples * beats, lanes) of non-negative integers."""
        return self.wire.encode(values.reshape(-1, self.lanes))

    def unpack(self, words: npt.NDArray[np.int64]) -> Ints:
        """Tensors from lane words: (samples * beats, lanes) to (samples, elements)."""
        return self.wire.decode(words).reshape(-1, self.lanes * self.beats)


def decode(word: Value, wire: Wire) -> Value:
    """The integer that a lane word stands for, as a signed or unsigned value."""
    if wire.width == 0:
        return Const(wire.base)
    w = word[: wire.width]
    w = w.as_signed() if wire.signed else w
    if wire.shift:
        shifted = Cat(Const(wire.base, wire.shift), w)  # base < 2^shift stands where the shift leaves zeros
        return shifted.as_signed() if wire.signed else shifted
    return w


def encode(value: Value, wire: Wire) -> Value:
    """The lane word of an integer on the lattice: its bits from ``shift`` on (the base is below them)."""
    if wire.width == 0:
        return Const(0, 1)
    return fit(value, wire.shift + wire.width)[wire.shift :]


def fit(value: Value, width: int) -> Value:
    """The low ``width`` bits, sign- or zero-extended where the value is narrower."""
    if len(value) >= width:
        return value[:width]
    extension = value[-1].replicate(width - len(value)) if value.shape().signed else Const(0, width - len(value))
    return Cat(value, extension)
