"""Widths by layer, and the names under which a user states them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import CompileError, Problem
from ..layers.scalar import Apply, Quantize
from ..passes import Calibration, Width
from ..passes.turn_input import is_order
from ..real import RealGraph, Weighted

__all__ = ["Stated", "Widths", "layers_of", "resolve"]

SHOWN = 30  # names that an error lists
Stated = Mapping[str, Mapping[str, Width]]
"""``weights`` and ``activations`` by the name of a tensor or a node."""


@dataclass(frozen=True)
class Widths:
    """Widths by layer: of its weights, and of what it gives behind its element-wise functions."""

    weights: Mapping[str, Width] = field(default_factory=dict[str, Width])
    activations: Mapping[str, Width] = field(default_factory=dict[str, Width])

    def calibrate(self, graph: RealGraph, calibration: Calibration) -> Calibration:
        """The calibration with these widths; of two that cover a tensor, the one of the later layer holds."""
        tensors: dict[str, Width] = {}
        for name in sorted(self.activations, key=lambda name: -len(chain(graph, name))):
            tensors |= dict.fromkeys(chain(graph, name), self.activations[name])
        return replace(calibration, weights=self.weights, activations=tensors)

    def to_dict(self) -> dict[str, Any]:
        """The form in which a configuration holds them: what `resolve` reads."""

        def plain(width: Width) -> int | str:
            return width if isinstance(width, int) else str(width)

        return {
            name: {
                key: plain(side[name])
                for key, side in (("weights", self.weights), ("activations", self.activations))
                if name in side
            }
            for name in dict.fromkeys([*self.activations, *self.weights])
        }


def chain(graph: RealGraph, name: str) -> list[str]:
    """A tensor and what element-wise functions make of it."""
    found = [name]
    for tensor in found:
        found += [r.name for r in graph.readers(tensor) if isinstance(r, Apply) and r.name not in found]
    return found


def layers_of(graph: RealGraph, quantised: RealGraph) -> tuple[list[str], list[str]]:
    """What can have a width of its own: the layers with weights, and those that give values of few bits."""
    own = {op.name for op in graph.ops}
    weights = [op.name for op in graph.ops if isinstance(op, Weighted) and op.scale is None]
    givers: dict[str, None] = {}
    for op in quantised.ops:
        if isinstance(op, Quantize) and op.name not in own and op.quantizer.low is not None:
            name = op.inputs[0]
            while isinstance(made := graph.makers.get(name), Apply) or (made is not None and is_order(graph, made)):
                name = made.inputs[0]
            givers[name] = None
    return weights, list(givers)


def resolve(stated: Stated, graph: RealGraph, quantised: RealGraph, onnx_names: Mapping[str, str]) -> Widths:
    """The widths that a user states by our tensor names, the file's, or the names of its nodes.

    ``quantised`` is the network quantised in any way, ``onnx_names`` maps our tensor names to the file's.

    Raises
    ------
    CompileError
        for every name that is not known, or that has not what is stated for it.
    """
    weights, givers = layers_of(graph, quantised)
    narrow = {name for giver in givers for name in chain(graph, giver)}
    problems: list[Problem] = []
    found: dict[str, dict[str, Width]] = {"weights": {}, "activations": {}}
    for wish, widths in stated.items():
        where, names = f"option layers, '{wish}'", matches(wish, graph, onnx_names)
        if not names:
            names_known = sorted({*weights, *givers})
            more = "" if len(names_known) <= SHOWN else f" and {len(names_known) - SHOWN} more"
            remedy = f"choose from {', '.join(names_known[:SHOWN])}{more}"
            problems.append(Problem(where, "is no tensor or node of the model", remedy))
            continue
        places = {
            "weights": [name for name in names if name in weights],
            "activations": [name for name in names if narrow.intersection(chain(graph, name))],
        }
        for kind, width in widths.items():
            if not places[kind]:
                lacks = f"has no weights that could be rounded; layers with weights are {', '.join(weights) or 'none'}"
                exact = "gives sums that are not rounded; state activations for " + (", ".join(givers) or "none")
                what, remedy = (lacks if kind == "weights" else exact).split("; ")
                problems.append(Problem(where, what, remedy))
            found[kind] |= dict.fromkeys(places[kind], width)
    if problems:
        raise CompileError(problems)
    return Widths(found["weights"], found["activations"])


def matches(wish: str, graph: RealGraph, onnx_names: Mapping[str, str]) -> list[str]:
    """Our names of the tensors that a name means."""
    ours = [*(i.name for i in graph.inputs), *(op.name for op in graph.ops)]
    if wish in ours:
        return [wish]
    by_tensor = [name for name in ours if onnx_names.get(name) == wish]
    node = re.compile(rf"'{re.escape(wish)}' \(node \d+\)$")
    return by_tensor or [op.name for op in graph.ops if node.search(op.node)]
