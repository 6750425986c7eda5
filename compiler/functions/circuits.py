"""A network of LUTs as a circuit from an input code to an output code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..circuit.ir import Add, Bit, Builder, Circuit, Concat, Constant, Lookup, Range, Value
from ..circuit.logic import logic
from ..number import Number
from .network import Gate, Kind, Network
from .problem import Problem
from .target import Target

__all__ = ["Wires", "begin", "circuit_of", "output", "table_circuit", "word"]

INVERSE = 0b01


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
        (chain,) = (chain for chain in chains(self.network) if gate.operands in chain)
        if chain[0] not in self.sums:
            a, b = (word(self.builder, [self.signal(operands[j]) for operands in chain]) for j in (0, 1))
            self.sums[chain[0]] = self.builder.add(Add(a, b))
        return self.builder.add(Bit(self.sums[chain[0]], chain.index(gate.operands)))


def chains(network: Network) -> list[list[tuple[int, ...]]]:
    """The operands of each bit of each sum, the lowest bit first."""
    positions = dict.fromkeys(gate.operands for gate in network.gates if gate.kind != Kind.LUT)
    carries = {gate.operands: network.inputs + n for n, gate in enumerate(network.gates) if gate.kind == Kind.CARRY}
    after = {operands[2]: operands for operands in positions if len(operands) == 3}
    found: list[list[tuple[int, ...]]] = []
    for first in positions:
        if len(first) == 2:
            chain: list[tuple[int, ...]] = [first]
            while (following := after.get(carries.get(chain[-1], -1))) is not None:
                chain.append(following)
            found.append(chain)
    return found


def word(builder: Builder, bits: Sequence[Value]) -> Value:
    """Bits as an unsigned number, the lowest first."""
    return builder.add(Concat(tuple(bits), Range(0, (1 << len(bits)) - 1)))
