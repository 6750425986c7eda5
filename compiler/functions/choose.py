"""Candidates for a target: every fold and start is searched for a while, the best ones longer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from ..circuit.ir import Circuit, Value
from .circuits import circuit_of, table_circuit
from .network import Fabric, Network
from .problem import Fold, Problem, problems, unfolded
from .search import improve
from .starts import MAX_SPLIT, MAX_TABLE, sums, table
from .target import Target

__all__ = ["Candidate", "Effort", "candidates", "plain"]

FEW = 1 << 11
"""Patterns of which a change takes about twice the time that it takes of very few: half as many changes are tried."""


@dataclass(frozen=True)
class Effort:
    """Changes that the search tries: ``first`` of each of the cheapest ``starts``, then ``longer`` of those ``kept``,
    ``last`` of these unfolded, and ``end`` of the ``best`` of these; fewer of networks of many patterns (`FEW`)."""

    starts: int = 12
    first: int = 5_000
    kept: int = 2
    longer: int = 50_000
    last: int = 100_000
    best: int = 2
    end: int = 0


@dataclass(frozen=True, eq=False)
class Candidate:
    """A circuit for a target: how it came about, and LUTs as the search counts them (none for a plain table).

    What is looked up by the value ``address`` comes from block RAM, a clock cycle later. With ``dsp`` products are
    multiplier blocks.
    """

    method: str
    target: Target
    circuit: Circuit
    luts: int | None = None
    address: Value | None = None
    dsp: bool = False

    @property
    def latency(self) -> int:
        """Clock cycles from an input to its output."""
        return 0 if self.address is None else 1


@dataclass(frozen=True, eq=False)
class Start:
    """A network that solves a problem of a target."""

    method: str
    target: Target
    problem: Problem
    network: Network

    def price(self, fabric: Fabric) -> int:
        """Its LUTs, and those that inverted bits take where it is folded."""
        return self.network.price(fabric) + self.problem.turned

    def improved(self, fabric: Fabric, changes: int, seed: int) -> Start:
        """The same after a search."""
        tried = changes * FEW // (FEW + (1 << self.problem.inputs))
        return replace(self, network=improve(self.problem, self.network, fabric, tried, seed))

    def unfolded(self) -> list[Start]:
        """The same on all inputs, each odd fold in one or two ways."""
        if not self.problem.folds:
            return [self]
        ways = [unfolded(self.problem, self.network, inside) for inside in (False, True)]
        if self.problem.folds[-1] != Fold.ODD or len(ways[0][1].gates) == len(ways[1][1].gates):
            ways = ways[:1]
        once = [replace(self, problem=problem, network=network) for problem, network in ways]
        return [start for way in once for start in way.unfolded()]


def plain(target: Target) -> Candidate:
    """The table of the least allowed outputs, left to the tools."""
    return Candidate("table as it is", target, table_circuit(target))


def candidates(
    targets: Iterable[Target], fabric: Fabric, effort: Effort, seed: int, tell: Callable[[str], None]
) -> list[Candidate]:
    """Circuits for one of the targets, which differ in the format of the output, cheapest first.

    Each is proven by its values for all input codes. The same for the same arguments.
    """

    def cheapest(found: Iterable[Start], kept: int) -> list[Start]:
        return sorted(found, key=lambda start: start.price(fabric))[:kept]

    found = cheapest((s for target in targets for s in starts(target, fabric)), effort.starts)
    if not found:
        return []
    tell(f"{len(found)} starts, the cheapest of {found[0].price(fabric)} LUTs")
    found = cheapest((s.improved(fabric, effort.first, seed) for s in found), effort.kept)
    longer = [s.improved(fabric, effort.longer, seed) for s in found]
    whole = [w.improved(fabric, effort.last, seed) for s in longer for w in s.unfolded()]
    tell(f"{len(whole)} of them on all inputs, the cheapest of {min(s.price(fabric) for s in whole)} LUTs")
    best = [s.improved(fabric, effort.end, seed) for s in cheapest(whole, effort.best)]
    result: list[Candidate] = []
    for start in cheapest(best, effort.best):
        tell(f"{start.method}: {start.price(fabric)} LUTs")
        circuit = circuit_of(start.target, start.problem, start.network)
        if not start.target.holds(circuit.evaluate(start.target.codes.reshape(-1, 1))[:, 0]):
            raise AssertionError(f"{start.method}: an output is not allowed")
        result.append(Candidate(start.method, start.target, circuit, start.price(fabric)))
    return result


def starts(target: Target, fabric: Fabric) -> Iterator[Start]:
    """Every fold with every method."""
    for problem in (p for p in problems(target) if p.inputs <= MAX_SPLIT):
        folded = f", folded {' and '.join(fold.value for fold in problem.folds)}" if problem.folds else ""
        if problem.inputs <= MAX_TABLE:
            yield Start(f"table of {problem.inputs} bits{folded}", target, problem, table(problem, fabric))
        for widths, network in sums(problem, fabric):
            method = f"sum of tables of {' and '.join(map(str, widths))} bits{folded}"
            yield Start(method, target, problem, network)
