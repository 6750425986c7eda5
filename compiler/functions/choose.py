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


@dataclass(frozen=True)
class Effort:
    """Changes that the search tries: ``first`` of each of the cheapest ``starts``, then ``longer`` of those ``kept``,
    and ``last`` of these unfolded."""

    starts: int = 12
    first: int = 3_000
    kept: int = 2
    longer: int = 30_000
    last: int = 60_000


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
        return replace(self, network=improve(self.problem, self.network, fabric, changes, seed))

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

    def price(start: Start) -> int:
        return start.price(fabric)

    found = sorted((s for target in targets for s in starts(target, fabric)), key=price)[: effort.starts]
    if not found:
        return []
    tell(f"{len(found)} starts, the cheapest of {price(found[0])} LUTs")
    found = sorted((s.improved(fabric, effort.first, seed) for s in found), key=price)[: effort.kept]
    result: list[Candidate] = []
    for start in found:
        whole = start.improved(fabric, effort.longer, seed).unfolded()
        last = min((w.improved(fabric, effort.last, seed) for w in whole), key=price)
        tell(f"{start.method}: {price(start)} LUTs, then {price(last)}")
        circuit = circuit_of(last.target, last.problem, last.network)
        if not start.target.holds(circuit.evaluate(start.target.codes.reshape(-1, 1))[:, 0]):
            raise AssertionError(f"{start.method}: an output is not allowed")
        result.append(Candidate(start.method, last.target, circuit, price(last)))
    return sorted(result, key=lambda c: c.luts or 0)


def starts(target: Target, fabric: Fabric) -> Iterator[Start]:
    """Every fold with every method."""
    for problem in (p for p in problems(target) if p.inputs <= MAX_SPLIT):
        folded = f", folded {' and '.join(fold.value for fold in problem.folds)}" if problem.folds else ""
        if problem.inputs <= MAX_TABLE:
            yield Start(f"table of {problem.inputs} bits{folded}", target, problem, table(problem, fabric))
        for widths, network in sums(problem, fabric):
            method = f"sum of tables of {' and '.join(map(str, widths))} bits{folded}"
            yield Start(method, target, problem, network)
