"""The choices: frozen values that say how a layer becomes hardware."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from ..errors import CompileError
from ..graph import Graph, Layer
from ..layers.dense import Dense

__all__ = ["Folded", "Implementation", "Lanes", "Unrolled", "lanes_in", "lanes_out"]


@dataclass(frozen=True)
class Implementation:
    """How one layer becomes hardware."""

    def to_dict(self) -> dict[str, Any]:
        """The form in which plan.yaml holds it."""
        return {type(self).__name__.lower(): {f.name: getattr(self, f.name) for f in fields(self)}}

    @staticmethod
    def from_dict(value: Any) -> Implementation:
        """The choice that plan.yaml holds.

        Raises
        ------
        CompileError
            where the name or a parameter is not known, or is no positive integer.
        """
        known = {cls.__name__.lower(): cls for cls in Implementation.__subclasses__()}
        if isinstance(value, dict) and len(value) == 1:
            ((name, parameters),) = value.items()
            cls = known.get(name)
            whole = isinstance(parameters, dict) and all(type(v) is int and v > 0 for v in parameters.values())
            if cls is not None and whole and {*parameters} == {f.name for f in fields(cls)}:
                return cls(**parameters)
        raise CompileError(
            f"plan: {value!r} is no implementation; write one of {', '.join(sorted(known))} with its parameters"
        )


@dataclass(frozen=True)
class Unrolled(Implementation):
    """Spatial: one circuit of scalars, all elements in one beat, a new sample every cycle."""


@dataclass(frozen=True)
class Folded(Implementation):
    """Time-multiplexed matrix: ``pe`` outputs by ``simd`` inputs a cycle, weights in block RAM."""

    pe: int
    simd: int


@dataclass(frozen=True)
class Lanes(Implementation):
    """Element by element: ``lanes`` elements a cycle."""

    lanes: int


def lanes_in(graph: Graph, layer: Layer, choice: Implementation) -> int:
    """Elements a beat on the layer's input stream."""
    match choice:
        case Folded(simd=simd):
            return simd
        case Lanes(lanes=lanes):
            return lanes
        case _:
            return graph.tensors[layer.inputs[0]].size


def lanes_out(graph: Graph, layer: Layer, choice: Implementation) -> int:
    """Elements a beat on the layer's output stream."""
    size = graph.tensors[layer.name].size
    match choice:
        case Folded(pe=pe):
            return pe
        case Lanes(lanes=lanes) if not isinstance(layer, Dense):
            return min(lanes, size)
        case _:
            return size
