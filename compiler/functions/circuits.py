"""A network of LUTs as a circuit from an input code to an output code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from ..circuit.ir import Add, Bit, Builder, Circuit, Concat, Constant, Lookup, Range, Value
from ..circuit.logic import logic
from ..number import Number
from .network import Gate, Kind, Network
from .problem import Problem
from .target import Target

__all__ = ["Wires", "begin", "circuit_of", "output", "table_circuit", "word"]

INVERSE = 0b01
MANY = 99


def circuit_of(target: Target, problem: Problem, network: Network) -> Circuit:
    """The circuit of a network that solves an unfolded problem of the target."""
    builder, x = begin(target)
    inputs = [builder.add(Constant(0)), *(builder.add(Bit(x, problem.dropped + k)) for k in range(problem.inputs))]
    wires = Wires(builder, network, dict(enumerate(inputs)))
    return builder.finish([output(builder, problem, [wires.signal(s) for s in network.outputs])])


def output(builder: Builder, problem: Problem, bits: Sequence[Value]) -> Value:
    """The output code of an output word's bits."""
    if problem.base == 0:
        return word(builder, bits)
    top = logic(builder, bits[-1:], INVERSE)
    return builder.add(Concat((*bits[:-1], top), Range(problem.base, -problem.base - 1)))


def table_circuit(target: Target) -> Circuit:
    """The least allowed outputs as one table."""
    builder, x = begin(target)
    return builder.finish([builder.add(Lookup(x, target.first, tuple(target.low.tolist())))])


def begin(target: Target) -> tuple[Builder, Value]:
    """A circuit of one input, the target's."""
    builder = Builder((Number.of(target.first, target.first + (1 << target.bits) - 1),))
    return builder, builder.start()[0]


@dataclass
class Wires:
    """The values of a network's signals, made when they are asked for."""

    builder: Builder
    network: Network
    made: dict[int, Value]
    sums: dict[tuple[int, ...], Value] = field(default_factory=dict[tuple[int, ...], Value])

    def signal(self, s: int) -> Value:
        """The value of a signal."""
        if s not in self.made:
            gate = self.network.gates[s - self.network.inputs]
            self.made[s] = self.lut(gate) if gate.kind == Kind.LUT else self.bit(gate)
        return self.made[s]

    def lut(self, gate: Gate) -> Value:
        """A LUT."""
        return logic(self.builder, [self.signal(s) for s in gate.operands], gate.table)

    def bit(self, gate: Gate) -> Value:
        """A bit of a sum of words."""
        chain = next(chain for chain in chains(self.network) if gate.operands in chain)
        if chain[-1] not in self.sums:
            pairs = [self.ordered(*operands[:2]) for operands in chain]
            a, b = (word(self.builder, [self.signal(pair[j]) for pair in pairs]) for j in (0, 1))
            self.sums[chain[-1]] = self.builder.add(Add(a, b))
        return self.builder.add(Bit(self.sums[chain[-1]], chain.index(gate.operands)))

    def ordered(self, a: int, b: int) -> tuple[int, int]:
        """Both operands of a bit, last the one whose LUT the sum's own can take in: carry chains take the first operand
        past the LUT, too."""
        return (b, a) if self.needed(a, b) < self.needed(b, a) else (a, b)

    def needed(self, s: int, other: int) -> int:
        """Inputs of a LUT that adds an operand to the other one; many where the operand is wanted elsewhere, too."""
        gate = self.network.gates[s - self.network.inputs] if s >= self.network.inputs else None
        if gate is None or gate.kind != Kind.LUT or self.readers[s] > 1:
            return MANY
        return len({*gate.operands, other})

    @cached_property
    def readers(self) -> Counter[int]:
        """How many read each signal; a carry counts with its sum."""
        return Counter(
            [*self.network.outputs, *(s for g in self.network.gates if g.kind != Kind.CARRY for s in {*g.operands})]
        )


def chains(network: Network) -> list[list[tuple[int, ...]]]:
    """The operands of each bit of each sum, the lowest bit first; sums may have their lowest bits in common."""
    positions = dict.fromkeys(gate.operands for gate in network.gates if gate.kind != Kind.LUT)
    carries = {s: gate.operands for s, gate in enumerate(network.gates, network.inputs) if gate.kind == Kind.CARRY}
    before: dict[tuple[int, ...], tuple[int, ...]] = {o: carries[o[2]] for o in positions if len(o) == 3}
    found: list[list[tuple[int, ...]]] = []
    for last in positions.keys() - {*before.values()}:
        chain = [last]
        while (earlier := before.get(chain[0])) is not None:
            chain.insert(0, earlier)
        found.append(chain)
    return sorted(found)


def word(builder: Builder, bits: Sequence[Value]) -> Value:
    """Bits as an unsigned number, the lowest first."""
    return builder.add(Concat(tuple(bits), Range(0, (1 << len(bits)) - 1)))
