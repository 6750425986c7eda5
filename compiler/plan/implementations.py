"""The choices: frozen values that say how a layer becomes hardware."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from typing import Any

from ..errors import CompileError
from ..graph import Graph, Layer
from ..layers.dense import Dense

__all__ = ["Folded", "Implementation", "Lanes", "Turns", "Unrolled", "lanes_in", "lanes_out"]


@dataclass(frozen=True)
class Implementation:
    """How one layer becomes hardware."""

    @property
    def given(self) -> dict[str, Any]:
        """The parameters that are not as usual."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}

    def to_dict(self) -> dict[str, Any]:
        """The form in which plan.yaml holds it."""
        return {type(self).__name__.lower(): self.given}

    def __str__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value}' for name, value in self.given.items())})"

    @staticmethod
    def from_dict(value: Any) -> Implementation:
        """The choice that plan.yaml holds.

        Raises
        ------
        CompileError
            where the name or a parameter is not known, a parameter is missing, or is no positive integer (``slack``
            may be 0).
        """
        known = {cls.__name__.lower(): cls for cls in Implementation.__subclasses__()}
        if isinstance(value, dict) and len(value) == 1:
            ((name, parameters),) = value.items()
            cls = known.get(name)
            whole = isinstance(parameters, dict) and all(
                type(v) is int and v >= (name != "slack") for name, v in parameters.items()
            )
            if cls is not None and whole:
                needed = {f.name for f in fields(cls) if f.default is MISSING}
                if needed <= {*parameters} <= {f.name for f in fields(cls)}:
                    return cls(**parameters)
        raise CompileError(
            f"plan: {value!r} is no implementation; write one of {', '.join(sorted(known))} with its parameters"
        )


@dataclass(frozen=True)
class Unrolled(Implementation):
    """Spatial: one circuit of scalars, all elements in one beat, a new sample every cycle.

    Products by constant matrices are ``slack`` levels of adders deeper than need be at most: more of them save logic
    where weights are alike, and take time. ``effort`` is how long to search for fewer adders: a matrix of some thousand
    digits takes 1 to 3 s for each.
    """

    slack: int = 1
    effort: int = 4


@dataclass(frozen=True)
class Folded(Implementation):
    """Time-multiplexed matrix: ``pe`` outputs by ``simd`` inputs a cycle, weights in block RAM."""

    pe: int
    simd: int


@dataclass(frozen=True)
class Turns(Implementation):
    """Time-multiplexed matrix of sines: ``pe`` outputs by ``simd`` inputs a cycle from their angles, no multipliers."""

    pe: int
    simd: int


@dataclass(frozen=True)
class Lanes(Implementation):
    """Element by element: ``lanes`` elements a cycle."""

    lanes: int


def lanes_in(graph: Graph, layer: Layer, choice: Implementation) -> int:
    """Elements a beat on the layer's input stream."""
    match choice:
        case Folded(simd=simd) | Turns(simd=simd):
            return simd
        case Lanes(lanes=lanes):
            return lanes
        case _:
            return graph.tensors[layer.inputs[0]].size


def lanes_out(graph: Graph, layer: Layer, choice: Implementation) -> int:
    """Elements a beat on the layer's output stream."""
    size = graph.tensors[layer.name].size
    match choice:
        case Folded(pe=pe) | Turns(pe=pe):
            return pe
        case Lanes(lanes=lanes) if not isinstance(layer, Dense):
            return min(lanes, size)
        case _:
            return size
