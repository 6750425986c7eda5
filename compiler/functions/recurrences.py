"""Candidates for a target that are computed digit by digit, where its intervals follow such a law."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .choose import Candidate
from .network import Fabric
from .problem import problems
from .roots import circuit_of, roots
from .target import Target

__all__ = ["recurrences"]


def recurrences(
    targets: Sequence[Target], fabric: Fabric, below: float, tell: Callable[[str], None]
) -> list[Candidate]:
    """The cheapest root for one of the targets by a rough estimate, which has to be ``below`` a number of LUTs.

    It is proven by its values for all input codes.
    """
    found = [(t, r) for t in targets for p in problems(t) if p.inputs > fabric.inputs for r in roots(t, p)]
    if not found:
        return []
    target, root = min(found, key=lambda f: f[1].price(fabric))
    if root.price(fabric) >= below:
        return []
    tell(root.method)
    circuit = circuit_of(target, root, fabric)
    if not target.holds(circuit.evaluate(target.codes.reshape(-1, 1))[:, 0]):
        raise AssertionError(f"{root.method}: an output is not allowed")
    return [Candidate(root.method, target, circuit, root.price(fabric))]
