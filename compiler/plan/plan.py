"""A plan: the device, the clock, and the choice for each layer; plan.yaml is its text form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from ..errors import CompileError, Problem
from ..graph import Graph
from .implementations import Implementation, Unrolled, lanes_in, lanes_out
from .segments import segments

__all__ = ["Plan"]

FASTEST_MHZ = 1000


@dataclass(frozen=True)
class Plan:
    """What is built: ``choices`` names every layer of the graph."""

    device: str
    clock_mhz: float
    choices: Mapping[str, Implementation]

    def to_yaml(self) -> str:
        """The text of plan.yaml."""
        layers = {name: choice.to_dict() for name, choice in self.choices.items()}
        return yaml.safe_dump({"device": self.device, "clock_mhz": self.clock_mhz, "layers": layers}, sort_keys=False)

    @staticmethod
    def from_yaml(text: str) -> Plan:
        """The plan in a text.

        Raises
        ------
        CompileError
            where it is no plan.
        """
        try:
            value: Any = yaml.safe_load(text)
            layers = {str(k): Implementation.from_dict(v) for k, v in value["layers"].items()}
            device, clock = str(value["device"]), float(value["clock_mhz"])
        except (yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError):
            raise CompileError("plan: the file is no plan; write one with compile and edit it") from None
        if not 0 < clock <= FASTEST_MHZ:
            raise CompileError(f"plan: a clock of {clock:g} MHz is out of range; give up to {FASTEST_MHZ} MHz")
        return Plan(device, clock, layers)

    def check(self, graph: Graph) -> None:
        """Raise CompileError unless it names just the graph's layers, lanes divide them, and branches are unrolled."""
        problems: list[Problem] = []
        names = [layer.name for layer in graph.layers]
        problems += [Problem(f"plan, layer '{n}'", "has no choice", "add it") for n in names if n not in self.choices]
        problems += [
            Problem(f"plan, layer '{n}'", "is not in the model", "remove it") for n in self.choices if n not in names
        ]
        for layer in graph.layers:
            choice = self.choices.get(layer.name)
            if choice is not None:
                sides = (
                    (layer.inputs[0], lanes_in(graph, layer, choice)),
                    (layer.name, lanes_out(graph, layer, choice)),
                )
                for name, lanes in sides:
                    if (size := graph.tensors[name].size) % lanes:
                        what = f"{lanes} lanes do not divide the {size} elements of '{name}'"
                        problems.append(Problem(f"plan, layer '{layer.name}'", what, f"choose a divisor of {size}"))
        for layer in (layer for segment in segments(graph) if len(segment) > 1 for layer in segment):
            if not isinstance(self.choices.get(layer.name), Unrolled | None):
                where = f"plan, layer '{layer.name}'"
                problems.append(Problem(where, "stands between branches, which are built as one", "choose unrolled"))
        if problems:
            raise CompileError(problems)
