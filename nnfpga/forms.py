"""Which way to write distances takes fewer LUTs: judged by a short search, decided by what is mapped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from nnfpga.compiler.device import Device
from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.functions.lookups import Units
from nnfpga.compiler.graph import Graph
from nnfpga.compiler.passes import Ways
from nnfpga.rtl.unrolled import circuit_of
from nnfpga.tools.recipes import Family

from .max_error import ErrorFound, Task
from .progress import silent
from .units import FABRICS, mapped, rough_units

__all__ = ["FORMS", "Smallest", "smallest"]

FORMS = (Ways(0, 0), Ways(32, 0))
"""By shared squares, or by up to so many functions of one input each; never by products, whose results nothing could
loosen."""
CLEARLY = 1.1
"""What is judged to take so many times the LUTs of the best is out: benchmarks/RESULTS.md."""


@dataclass(frozen=True)
class Smallest:
    """The place of a task, its graph and error, and of each task what it takes, in words."""

    place: int
    graph: Graph
    error: ErrorFound
    taken: tuple[str, ...] = ()


def smallest(tasks: Sequence[Task], units: Units, device: Device, progress: Callable[[str], None]) -> Smallest:
    """The graph that takes the fewest LUTs; what a short search judges to be far from the best one is left out.

    Raises
    ------
    CompileError
        where none keeps the error.
    """
    if len(tasks) == 1:
        return Smallest(0, *tasks[0].found(units, progress))
    rough = [luts(task.roughly(rough_units(device)), device) for task in tasks]
    for place, price in enumerate(rough):
        progress(f"form {place + 1} of {len(tasks)}: roughly {price:.0f} LUTs")
    found: dict[int, tuple[Graph, ErrorFound]] = {}
    refused: dict[int, CompileError] = {}
    for place in np.argsort(rough, kind="stable").tolist():
        if not found or rough[place] <= CLEARLY * min(rough):
            try:
                found[place] = tasks[place].found(units, progress)
            except CompileError as error:
                refused[place] = error
    if not found:
        raise refused[0]
    taken = {place: luts(graph, device) for place, (graph, _) in found.items()}
    best = min(taken, key=lambda place: taken[place])
    words = [
        f"{taken[place]:.0f} LUTs" if place in taken
        else "the error is not kept" if place in refused
        else f"roughly {price:.0f} LUTs"
        for place, price in enumerate(rough)
    ]  # fmt: skip
    return Smallest(best, *found[best], tuple(words))


def luts(graph: Graph | None, device: Device) -> float:
    """What a graph takes, mapped; without one it is too large."""
    if graph is None:
        return np.inf
    family: Family = next(family for family in FABRICS if family == device.family)
    circuit = circuit_of(graph, list(graph.layers), device)
    with TemporaryDirectory(prefix="nnfpga-") as work:
        return mapped(circuit, family, Path(work), silent)[0]["lut"]
