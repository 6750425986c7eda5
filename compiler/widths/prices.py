"""What a choice of widths costs, from a table: layers are priced one by one, not network by network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

from ..graph import Graph, Layer
from ..passes import lower
from ..real import RealGraph, Weighted

__all__ = ["Choice", "Knob", "Price", "Prices"]


class Knob(NamedTuple):
    """Something that has a width: the weights of a layer, or what a layer gives."""

    layer: str
    weights: bool


Choice = Mapping[Knob, int]
"""Bits of every knob."""

Price = Callable[[Graph, Layer], float]
"""What a layer costs."""


@dataclass(frozen=True, eq=False)
class Prices:
    """Costs from the quantised networks that have one width everywhere (``uniform``, by bits).

    A layer with weights costs what it does with its weights and its input at their own widths. Any other layer costs
    what it does in the network that has everywhere the width of the nearest knob upstream. ``knobs`` maps weighted
    layers and quantised tensors to their knobs.
    """

    uniform: Mapping[int, RealGraph]
    knobs: Mapping[str, Knob]
    price: Price

    def total(self, choice: Choice) -> float:
        """The whole network's cost."""
        return sum(self.cost(name, choice) for name in self.roles)

    def around(self, knobs: tuple[Knob, ...], choice: Choice) -> float:
        """The cost of the layers that some knobs touch."""
        return sum(self.cost(name, choice) for name, role in self.roles.items() if not {*role}.isdisjoint(knobs))

    def cost(self, name: str, choice: Choice) -> float:
        """The cost of a layer."""
        bits = tuple(choice[knob] for knob in self.roles[name])
        if (name, bits) not in self.known:
            self.known[name, bits] = self.measure(name, bits)
        return self.known[name, bits]

    @cached_property
    def known(self) -> dict[tuple[str, tuple[int, ...]], float]:
        """Costs by layer and the bits of its knobs."""
        return {}

    @cached_property
    def lowered(self) -> dict[int, Graph]:
        """The integer networks."""
        return {bits: lower(graph) for bits, graph in self.uniform.items()}

    @cached_property
    def roles(self) -> dict[str, tuple[Knob, ...]]:
        """The knobs on which each layer's cost depends: one, or those of its weights and its input."""
        layers = {layer.name: layer for layer in next(iter(self.lowered.values())).layers}

        def upstream(name: str) -> tuple[Knob, ...]:
            while name not in self.knobs:
                if name not in layers:
                    return ()
                name = layers[name].inputs[0]
            return (self.knobs[name],)

        return {
            name: ((self.knobs[name], *upstream(layer.inputs[0])) if self.is_weighted(name) else upstream(name))
            for name, layer in layers.items()
        }

    def is_weighted(self, name: str) -> bool:
        """Whether a layer has weights of its own width."""
        return name in self.knobs and self.knobs[name].weights

    def measure(self, name: str, bits: tuple[int, ...]) -> float:
        """The cost of a layer where its knobs have some widths."""
        first = bits[0] if bits else next(iter(self.lowered))
        if len(bits) < 2 or bits[0] == bits[1]:
            graph = self.lowered[first]
            return self.price(graph, next(layer for layer in graph.layers if layer.name == name))
        op = self.uniform[first].makers[name]
        assert isinstance(op, Weighted)
        source = self.lowered[bits[1]].tensors[op.inputs[0]]
        layer = replace(op, inputs=(source.name,)).lower(source)
        return self.price(Graph((source,), (layer,), (name,)), layer)
