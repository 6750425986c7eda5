"""Candidates for a target with block RAMs and multipliers: tables, and polynomials whose coefficients or products they
are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..circuit.ir import Bit, Circuit, Concat, Lookup, Range, Value
from .choose import Candidate
from .circuits import begin, word
from .network import Fabric
from .problem import Problem, problems
from .segments import Polynomial, Table, circuit_of, folded_bits, inverted_where, polynomials
from .smooth import FORMATS, MIN_BITS, plain_table, size
from .target import Target

__all__ = ["Blocks", "in_blocks"]

TRIED = 4


@dataclass(frozen=True)
class Blocks:
    """What may be used besides LUTs, and what it is worth in LUTs.

    ``rams(inputs, outputs)`` are block RAMs for a table of so many bits, None where it has too many words; without RAMs
    or multipliers its worth is None.
    """

    rams: Callable[[int, int], int | None]
    ram: float | None
    dsp: float | None


def in_blocks(targets: Sequence[Target], fabric: Fabric, blocks: Blocks, table: Table) -> list[Candidate]:
    """The cheapest table in RAM, and of every mixture of RAM and multipliers that may be used the cheapest polynomial,
    with its coefficients' tables found by ``table`` where they are no RAM.

    Each is proven by its values for all input codes.
    """
    found = [*tables(targets, blocks)] if blocks.ram is not None else []
    smallest = [(t, min(problems(t), key=size)) for t in targets[-FORMATS:] if t.bits >= MIN_BITS]
    shapes = [(t, p) for t, problem in smallest for p in polynomials(problem, fabric)]
    for ram in (False, True)[: 1 + (blocks.ram is not None)]:
        for dsp in (False, True)[: 1 + (blocks.dsp is not None)]:
            if ram or dsp:
                found += first_of(shapes, ram, dsp, blocks, table)
    for candidate in found:
        codes = candidate.target.codes.reshape(-1, 1)
        if not candidate.target.holds(candidate.circuit.evaluate(codes)[:, 0]):
            raise AssertionError(f"{candidate.method}: an output is not allowed")
    return found


def tables(targets: Sequence[Target], blocks: Blocks) -> Iterator[Candidate]:
    """The table with the fewest RAMs, and of such with the fewest inverters, if there is one."""
    fits = [(n, p.turned, t, p) for t in targets for p in problems(t) if (n := blocks.rams(p.inputs, p.outputs))]
    for rams, turned, target, problem in sorted(fits, key=lambda f: f[:2])[:1]:
        circuit = table_circuit(target, problem)
        folded = f", folded {' and '.join(f.value for f in problem.folds)}" if problem.folds else ""
        method = f"table of {problem.inputs} bits in {rams} block RAM{'s' * (rams > 1)}{folded}"
        yield Candidate(method, target, circuit, turned, address_of(circuit))


def table_circuit(target: Target, problem: Problem) -> Circuit:
    """A problem's table of least output words, and what folds need in front of it and behind it."""
    builder, x = begin(target)
    bits = [builder.add(Bit(x, k)) for k in range(problem.dropped, target.bits)]
    bits, signs = folded_bits(builder, bits, problem)
    address = word(builder, bits)
    top = 1 << problem.outputs - 1 if problem.base else 0
    words = builder.add(Lookup(address, 0, tuple((problem.low ^ top).tolist())))
    ends = inverted_where(builder, [builder.add(Bit(words, k)) for k in range(problem.outputs)], signs)
    most = (1 << problem.outputs) - 1
    of = Range(problem.base, -problem.base - 1) if problem.base else Range(0, most)
    return builder.finish([builder.add(Concat(tuple(ends), of))])


def address_of(circuit: Circuit) -> Value:
    """What its first table is looked up by."""
    return next(node.a for node in circuit.nodes if isinstance(node, Lookup))


def first_of(
    shapes: list[tuple[Target, Polynomial]], ram: bool, dsp: bool, blocks: Blocks, table: Table
) -> Iterator[Candidate]:
    """The cheapest polynomial whose coefficients are in RAM, or whose products are multipliers, or both."""

    def worth(p: Polynomial) -> float:
        rams = blocks.rams(p.problem.inputs - p.steps, p.price.bits) if ram else 0
        stored = p.price.tables if not ram else np.inf if rams is None else rams * (blocks.ram or 0)
        return stored + p.price.rest + ((1 + p.bends) * (blocks.dsp or 0) if dsp else p.price.products)

    for target, p in sorted((s for s in shapes if worth(s[1]) < np.inf), key=lambda s: worth(s[1]))[:TRIED]:
        circuit = circuit_of(target, p, plain_table if ram else table)
        if circuit is None:
            continue
        places = [*["coefficients in block RAM"] * ram, *["products by multipliers"] * dsp]
        address = address_of(circuit) if ram else None
        yield Candidate(f"{p.method}, {' and '.join(places)}", target, circuit, round(worth(p)), address, dsp)
        return
