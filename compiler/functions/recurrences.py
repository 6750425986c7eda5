"""Candidates for a target whose intervals follow a law: roots digit by digit, logarithms octave by octave."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from ..circuit.ir import Circuit
from .choose import Candidate
from .logarithms import circuit_of as logarithm_circuit
from .logarithms import logarithms
from .network import Fabric
from .problem import problems
from .roots import circuit_of as root_circuit
from .roots import roots
from .segments import Table
from .smooth import FORMATS, MIN_BITS
from .target import Target

__all__ = ["recurrences", "root_ways"]

TRIED = 2
Way = tuple[float, str, Target, Callable[[], Circuit | None]]
"""A rough count of LUTs, a name, a target, and what makes the circuit."""


def recurrences(
    targets: Sequence[Target], fabric: Fabric, table: Table, below: float, tell: Callable[[str], None]
) -> list[Candidate]:
    """The cheapest root and the cheapest logarithm for one of the targets by rough estimates, ``below`` so many LUTs.

    Each is proven by its values for all input codes.
    """
    found: list[Candidate] = []
    for ways in (root_ways(targets, fabric), logarithm_ways(targets[-FORMATS:], fabric, table)):
        for luts, method, target, make in sorted((w for w in ways if w[0] < below), key=lambda w: w[0])[:TRIED]:
            tell(method)
            circuit = make()
            if circuit is None:
                continue
            if not target.holds(circuit.evaluate(target.codes.reshape(-1, 1))[:, 0]):
                raise AssertionError(f"{method}: an output is not allowed")
            found.append(Candidate(method, target, circuit, round(luts)))
            break
    return found


def root_ways(targets: Sequence[Target], fabric: Fabric) -> Iterator[Way]:
    """Every root."""
    for target in targets:
        for problem in (p for p in problems(target) if p.inputs > fabric.inputs):
            for r in roots(target, problem):
                yield r.price(fabric), r.method, target, partial(root_circuit, target, r, fabric)


def logarithm_ways(targets: Sequence[Target], fabric: Fabric, table: Table) -> Iterator[Way]:
    """Every logarithm."""
    for target in (t for t in targets if t.bits >= MIN_BITS and not t.signed):
        for f in logarithms(problems(target)[0], fabric):
            yield f.luts, f.method, target, partial(logarithm_circuit, target, f, table)
