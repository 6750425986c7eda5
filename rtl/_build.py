"""From a layer and the choice of its hardware to a component, and to what it costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from amaranth.lib import wiring

from nnfpga.compiler.device import Device
from nnfpga.compiler.errors import CompileError, Problem
from nnfpga.compiler.graph import Graph, Layer
from nnfpga.compiler.plan import Cost, Implementation, Unrolled

from .beat import Edge
from .unrolled_cost import unrolled_cost

__all__ = ["Site", "build", "costs", "hardware", "ways"]


@dataclass(frozen=True)
class Site:
    """Where a unit stands: its layer in its graph, the choice for it, and the streams on both sides."""

    graph: Graph
    layer: Layer
    choice: Implementation
    i: Edge
    o: Edge
    device: Device
    clock_mhz: float


Build = Callable[[Site], wiring.Component]
Estimate = Callable[[Graph, Any, Any, Device], Cost]

_units: dict[tuple[type[Layer], type[Implementation]], tuple[Build, Estimate]] = {}


def hardware(layer: type[Layer], choice: type[Implementation], cost: Estimate) -> Callable[[Build], Build]:
    """Decorator: the function that makes the unit of a layer in one implementation, and what it costs."""

    def register(function: Build) -> Build:
        _units[layer, choice] = (function, cost)
        return function

    return register


def build(site: Site) -> wiring.Component:
    """The unit at a site: a component with the streams ``i`` and ``o``.

    Raises
    ------
    CompileError
        where no unit does this layer in this way.
    """
    unit = _units.get((type(site.layer), type(site.choice)))
    if unit is None:
        raise CompileError([lacking(site.layer, site.choice)])
    return unit[0](site)


def costs(graph: Graph, layer: Layer, choice: Implementation, device: Device) -> Cost:
    """The estimated cost of a layer in one implementation: the compiler's cost model.

    Raises
    ------
    CompileError
        where no unit does this layer in this way.
    """
    if isinstance(choice, Unrolled):
        return unrolled_cost(graph, layer, device)
    unit = _units.get((type(layer), type(choice)))
    if unit is None:
        raise CompileError([lacking(layer, choice)])
    return unit[1](graph, layer, choice, device)


def lacking(layer: Layer, choice: Implementation) -> Problem:
    """The problem of a layer without hardware."""
    what = f"{type(layer).__name__} has no hardware in the form {choice}"
    return Problem(f"layer '{layer.name}'", what, f"choose one of: {', '.join(ways(layer))}")


def ways(layer: Layer) -> tuple[str, ...]:
    """The implementations that a layer can have, by name: unrolled always, others where there is a unit."""
    return tuple(sorted({Unrolled.__name__, *(c.__name__ for t, c in _units if t is type(layer))}))
