"""From a circuit to a smaller one with the same outputs: one pure function per file, in this order."""

from __future__ import annotations

from collections.abc import Callable

from ..circuit import Circuit
from ..counting import build_sums
from .balance import balance
from .simplify import simplify
from .sink_constants import sink_constants
from .tighten import tighten

__all__ = ["CIRCUIT", "optimise"]

CIRCUIT: tuple[Callable[[Circuit], Circuit], ...] = (
    tighten, simplify, build_sums, tighten, sink_constants, balance, tighten,
)  # fmt: skip
"""Nothing here changes an output on inputs of their lattices."""


def optimise(circuit: Circuit) -> Circuit:
    """All passes in order."""
    for step in CIRCUIT:
        circuit = step(circuit)
    return circuit
