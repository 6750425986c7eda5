"""Graph, Tensor, Layer: the integer network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from .exact import Ints
from .number import Number

if TYPE_CHECKING:
    from .circuit.ir import Builder, Value

__all__ = ["Graph", "Layer", "Tensor"]

HELD = 1 << 24  # elements of all tensors that an evaluation holds at once, kept ones aside


@dataclass(frozen=True, eq=False)
class Tensor:
    """A tensor of integers ``v`` that stand for the real numbers ``scale * v + offset``.

    ``shape`` is without the batch, channel last. ``scale`` and ``offset`` are arrays of exact fractions that broadcast
    to it; they never enter the hardware.
    """

    name: str
    shape: tuple[int, ...]
    number: Number
    scale: npt.NDArray[Any]
    offset: npt.NDArray[Any]

    @property
    def size(self) -> int:
        """Elements per sample."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def uniform(self) -> bool:
        """Whether all elements count in one unit, from zero."""
        return len({*self.scale.flat}) == 1 and not any(self.offset.flat)

    def real(self, values: Ints) -> npt.NDArray[np.float64]:
        """The real values of a batch of integers, rounded once to float64 where scale and offset allow."""
        shaped = values.astype(np.float64).reshape(-1, *self.shape)  # a batch may come flattened
        return (shaped * self.scale.astype(np.float64) + self.offset.astype(np.float64)).reshape(values.shape)


@dataclass(frozen=True, eq=False)
class Layer(ABC):
    """One operation on integers; its result carries its name."""

    name: str
    inputs: tuple[str, ...]

    @abstractmethod
    def infer(self, *inputs: Tensor) -> Tensor:
        """The result's shape, scale and proven lattice: sound, and tight where the input elements are independent."""

    @abstractmethod
    def evaluate(self, *inputs: Ints) -> Ints:
        """The exact result for a batch; arrays are (samples, *shape)."""

    @abstractmethod
    def expand(self, builder: Builder, *inputs: list[Value]) -> list[Value]:
        """The same function on scalars, elements in C order, as nodes of an unrolled circuit."""

    def describe(self) -> str:
        """Its parameters for the graph's text form."""
        return ""


@dataclass(frozen=True, eq=False)
class Graph:
    """Layers in an order in which each comes after what it reads.

    ``verify`` says whether that holds; ``tensors`` holds every input and result by name.
    """

    inputs: tuple[Tensor, ...]
    layers: tuple[Layer, ...]
    outputs: tuple[str, ...]
    notes: Mapping[str, str] = field(default_factory=dict[str, str])

    @cached_property
    def tensors(self) -> Mapping[str, Tensor]:
        """Every tensor of the graph by name, inferred once."""
        known = {tensor.name: tensor for tensor in self.inputs}
        for layer in self.layers:
            known[layer.name] = layer.infer(*(known[name] for name in layer.inputs))
        return known

    def verify(self) -> None:
        """Raise ValueError unless names are unique, defined before use, and every output exists."""
        known = {tensor.name for tensor in self.inputs}
        for layer in self.layers:
            if missing := [name for name in layer.inputs if name not in known]:
                raise ValueError(f"layer '{layer.name}' reads {missing}, which no earlier layer makes")
            if layer.name in known:
                raise ValueError(f"'{layer.name}' is made twice")
            known.add(layer.name)
        if missing := [name for name in self.outputs if name not in known]:
            raise ValueError(f"no layer makes the output {missing}")

    def evaluate(self, *inputs: Ints, keep: bool | Collection[str] = False) -> dict[str, Ints]:
        """The integers of every output for a batch of integer inputs; of the tensors in ``keep`` too (True: of all).

        The batch is taken in parts that bound the memory of what is not kept.
        """
        arrays = [np.asarray(x) for x in inputs]
        names = self.tensors if keep is True else dict.fromkeys([*self.outputs, *(keep or ())])
        count = max(1, HELD // max(1, sum(t.size for t in self.tensors.values())))
        starts = range(0, max(1, len(arrays[0])), count)
        parts = [self.evaluate_part([x[i : i + count] for x in arrays], names) for i in starts]
        return parts[0] if len(parts) == 1 else {name: np.concatenate([p[name] for p in parts]) for name in names}

    def evaluate_part(self, inputs: Sequence[Ints], names: Collection[str]) -> dict[str, Ints]:
        """The named tensors' integers for samples that are evaluated at once."""
        values = {t.name: x for t, x in zip(self.inputs, inputs, strict=True)}
        last_use = {name: i for i, layer in enumerate(self.layers) for name in layer.inputs}
        for i, layer in enumerate(self.layers):
            values[layer.name] = layer.evaluate(*(values[name] for name in layer.inputs))
            for name in layer.inputs:
                if last_use[name] == i and name not in names:
                    values.pop(name, None)
        return {name: values[name] for name in names}

    def __str__(self) -> str:
        def typed(name: str) -> str:
            t = self.tensors[name]
            return f"%{name}: {'x'.join(map(str, t.shape)) or '1'} {t.number}"

        lines = [f"input {typed(t.name)}" for t in self.inputs]
        for layer in self.layers:
            args = ", ".join(f"%{name}" for name in layer.inputs)
            kind, detail = type(layer).__name__.lower(), layer.describe()
            lines.append(f"{typed(layer.name)} = {kind} {args}" + (f" {{{detail}}}" if detail else ""))
        return "\n".join([*lines, "output " + ", ".join(f"%{name}" for name in self.outputs)]) + "\n"
