"""Candidates for a target that are polynomials in segments, their tables searched for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from ..circuit.ir import Builder, Circuit, Lookup
from ..exact import Ints
from ..number import Number
from .choose import Candidate, Effort, candidates
from .network import Fabric
from .problem import Problem, problems
from .segments import Table, circuit_of, polynomials
from .target import Target

__all__ = ["FORMATS", "MIN_BITS", "smooth", "table_of"]

MIN_BITS = 11
"""Of an input: below, tables are smaller."""
FORMATS = 2  # the finest ones, which leave most freedom
TRIED = 4
LINES = 2  # candidates that are lines: what their tables take differs most from the estimate
PART = 4  # of the usual search for each table of coefficients


def smooth(
    targets: Sequence[Target], fabric: Fabric, effort: Effort, seed: int, below: float, tell: Callable[[str], None]
) -> list[Candidate]:
    """The two cheapest lines and the cheapest parabolas for one of the targets by a rough estimate, which has to be
    ``below`` a number of LUTs.

    Each is proven by its values for all input codes. The same for the same arguments.
    """
    smallest = [(t, min(problems(t), key=size)) for t in targets[-FORMATS:] if t.bits >= MIN_BITS]
    shapes = [(target, p) for target, problem in smallest for p in polynomials(problem, fabric)]
    shapes = sorted((shape for shape in shapes if shape[1].luts < below), key=lambda shape: shape[1].luts)
    table = table_of(fabric, effort, seed)
    found: list[Candidate] = []
    for kind in (False, True):
        for target, polynomial in [(t, p) for t, p in shapes if p.bends == kind][:TRIED]:
            tell(f"{polynomial.method}: looking for the logic of their coefficients")
            circuit = circuit_of(target, polynomial, table)
            if circuit is None:
                continue
            if not target.holds(circuit.evaluate(target.codes.reshape(-1, 1))[:, 0]):
                raise AssertionError(f"{polynomial.method}: an output is not allowed")
            found.append(Candidate(polynomial.method, target, circuit, round(polynomial.luts)))
            if polynomial.bends or len(found) == LINES:
                break
    return found


def size(problem: Problem) -> tuple[int, int]:
    """Inputs, and of equals how seldom it is folded: bits that were left out take freedom from the others."""
    return problem.inputs, -len(problem.folds)


def table_of(fabric: Fabric, effort: Effort, seed: int) -> Table:
    """Looks for the logic of a table."""
    changes = {name: getattr(effort, name) // PART for name in ("first", "longer", "last", "end")}
    less = replace(effort, **changes, kept=1, best=1)

    def table(least: Ints, most: Ints) -> Circuit:
        found = []
        if len(least) > 1 << fabric.inputs:
            found = candidates([Target.of(0, least, most)], fabric, less, seed, lambda _: None)
        return found[0].circuit if found else plain_table(least, most)

    return table


def plain_table(least: Ints, most: Ints) -> Circuit:
    """The allowed numbers nearest to zero, as they are."""
    builder = Builder((Number.of(0, len(least) - 1),))
    numbers = np.clip(0, least, most)
    return builder.finish([builder.add(Lookup(builder.start()[0], 0, tuple(numbers.tolist())))])
