"""The real-valued network: what an ONNX file means, quantisers included, before it becomes integers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from .exact import fractions, ints

if TYPE_CHECKING:
    from .graph import Layer, Tensor

__all__ = ["Layout", "Op", "RealGraph", "RealInput", "Reals", "Shape", "Units", "Weighted"]

Reals = npt.NDArray[np.float64]
Shape = tuple[int, ...]
Units = npt.NDArray[Any]
"""Exact fractions."""


@dataclass(frozen=True, eq=False)
class Op(ABC):
    """One real-valued operation; its result carries its name, ``node`` the ONNX node it came from."""

    decides: ClassVar[bool] = False
    """Whether it compares sums: post-training quantisation leaves these as wide as they are, all in one unit."""

    moves: ClassVar[bool] = False
    """Whether it only moves elements: sums pass it as they are on their way out of the network."""

    name: str
    inputs: tuple[str, ...]
    node: str = field(default="", kw_only=True)

    @abstractmethod
    def shape(self, *inputs: Shape) -> Shape:
        """The result's shape without the batch."""

    @abstractmethod
    def evaluate(self, *inputs: Reals) -> Reals:
        """The result for a batch in float64: for calibration, never for the exact meaning."""

    @abstractmethod
    def bounds(self, low: Reals, high: Reals) -> tuple[Reals, Reals]:
        """Bounds of each result element from bounds of each input element (float64, for choosing formats only)."""

    def bounds_of(self, *inputs: tuple[Reals, Reals]) -> tuple[Reals, Reals]:
        """Bounds of each result element from those of every input; a join of several inputs has its own."""
        return self.bounds(*single(inputs))

    def unit(self, *units: Fraction) -> Fraction | None:
        """What a unit of the exact result is worth, from those of the inputs, where the result may be wider than these.

        None where it is no wider than the input and in its unit.
        """
        return None

    def accepts(self, x: Tensor) -> bool:
        """Whether its integer layer takes an input with these scales and offsets; others are brought to one unit."""
        return x.uniform

    @abstractmethod
    def lower(self, *inputs: Tensor) -> Layer:
        """The same operation on the integers that stand for the inputs."""


@dataclass(frozen=True, eq=False)
class Weighted(Op):
    """A linear operation with constant weights, outputs first; the bias is an ``Apply(Affine)`` of its own.

    ``scale`` (one exact fraction per output, or None where the weights are not quantised) divides each output's
    weights into integers.
    """

    weight: npt.NDArray[np.float64]
    scale: Units | None = field(default=None, kw_only=True)

    @property
    def integers(self) -> npt.NDArray[Any]:
        """The weights divided by their outputs' scales.

        Raises
        ------
        ValueError
            where a weight is no multiple of its output's scale.
        """
        if self.scale is None:
            raise ValueError(f"the weights of '{self.name}' are not quantised")
        rows: npt.NDArray[Any] = fractions(self.weight.reshape(len(self.weight), -1)) / self.scale[:, None]
        if any(q.denominator != 1 for q in rows.flat):
            raise ValueError(f"the weights of '{self.name}' are no multiples of their scales")
        whole = ints(np.vectorize(int, otypes=[object])(rows)) if rows.size else np.zeros(rows.shape, np.int64)
        return whole.reshape(self.weight.shape)


@dataclass(frozen=True)
class RealInput:
    """A network input: name and shape without the batch."""

    name: str
    shape: Shape


class Layout(NamedTuple):
    """Where a tensor's elements stand in the file: the imported tensor ``name`` is ``tensor.flat[order]``."""

    name: str
    order: npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class RealGraph:
    """Operations in order, from inputs to named outputs.

    ``layouts`` holds what a pass has turned or renamed: each of the file's tensors that one of ours stands for.
    """

    inputs: tuple[RealInput, ...]
    ops: tuple[Op, ...]
    outputs: tuple[str, ...]
    layouts: Mapping[str, tuple[Layout, ...]] = field(default_factory=dict[str, tuple[Layout, ...]])

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """The shape of every tensor without the batch."""
        known = {i.name: i.shape for i in self.inputs}
        for op in self.ops:
            known[op.name] = op.shape(*(known[name] for name in op.inputs))
        return known

    def evaluate(self, *inputs: npt.ArrayLike) -> dict[str, Reals]:
        """Every tensor for a batch, in float64."""
        values = {i.name: np.asarray(x, dtype=np.float64) for i, x in zip(self.inputs, inputs, strict=True)}
        for op in self.ops:
            values[op.name] = op.evaluate(*(values[name] for name in op.inputs))
        return values

    def bounds(self, low: float, high: float) -> dict[str, tuple[Reals, Reals]]:
        """Bounds of every tensor's elements when each input element lies in ``low .. high``."""
        known: dict[str, tuple[Reals, Reals]] = {
            i.name: (np.full(i.shape, low), np.full(i.shape, high)) for i in self.inputs
        }
        for op in self.ops:
            known[op.name] = op.bounds_of(*(known[name] for name in op.inputs))
        return known

    @cached_property
    def makers(self) -> dict[str, Op]:
        """The operation that makes each tensor, inputs left out."""
        return {op.name: op for op in self.ops}

    @cached_property
    def reading(self) -> dict[str, list[Op]]:
        """The operations that read each tensor, in order."""
        known: dict[str, list[Op]] = {}
        for op in self.ops:
            for name in dict.fromkeys(op.inputs):
                known.setdefault(name, []).append(op)
        return known

    def readers(self, name: str) -> list[Op]:
        """The operations that read a tensor."""
        return self.reading.get(name, [])

    def replace(self, ops: Sequence[Op], outputs: tuple[str, ...] | None = None) -> RealGraph:
        """The same inputs with other operations (and outputs)."""
        return RealGraph(self.inputs, tuple(ops), self.outputs if outputs is None else outputs, self.layouts)

    def __str__(self) -> str:
        def line(op: Op) -> str:
            shape = "x".join(map(str, self.shapes[op.name])) or "1"
            return f"%{op.name}: {shape} = {type(op).__name__.lower()} {', '.join('%' + n for n in op.inputs)}"

        lines = [f"input %{i.name}: {'x'.join(map(str, i.shape))}" for i in self.inputs]
        return "\n".join([*lines, *map(line, self.ops), "output " + ", ".join(f"%{o}" for o in self.outputs)]) + "\n"


def single(values: tuple[Any, ...]) -> Any:
    """The only element of a tuple of one."""
    (value,) = values
    return value
