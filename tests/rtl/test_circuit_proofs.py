"""Circuit passes and the logic of circuits, proven by SAT on random circuits: a reference writes each node plainly."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from amaranth.back import rtlil
from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value
from amaranth.lib import wiring

from nnfpga.compiler.circuit.ir import (
    Add,
    Add3,
    AtLeast,
    Bit,
    BitSum,
    Builder,
    Circuit,
    Clamp,
    Concat,
    Constant,
    Greater,
    Input,
    Logic,
    Lookup,
    Multiply,
    Select,
    Shift,
)
from nnfpga.compiler.circuit.passes import CIRCUIT, optimise
from nnfpga.compiler.circuit.passes.ternary import ternary
from nnfpga.compiler.functions.few_inputs import few_inputs
from nnfpga.compiler.functions.network import Fabric
from nnfpga.compiler.number import Number
from nnfpga.rtl.logic import emit
from nnfpga.tools.errors import ToolError
from nnfpga.tools.yosys import yosys

from ..compiler.circuit.samples import random_circuit

Step = Callable[[Circuit], Circuit]


def as_it_is(circuit: Circuit) -> Circuit:
    """No pass: the proof is about the words and carry chains alone."""
    return circuit


def one_more(circuit: Circuit) -> Circuit:
    """A wrong pass: a constant is one too large."""
    at = next((v for v, node in enumerate(circuit.nodes) if isinstance(node, Constant)), None)
    if at is None:
        return circuit
    value = circuit.ranges[at].low + 1
    nodes, ranges = list(circuit.nodes), list(circuit.ranges)
    nodes[at] = Constant(value)
    ranges[at] = nodes[at].range()
    return replace(circuit, nodes=tuple(nodes), ranges=tuple(ranges))


def too_narrow(circuit: Circuit) -> Circuit:
    """A wrong pass: the range of an output ends one below its highest value."""
    o = circuit.outputs[0]
    r = circuit.ranges[o]
    if r.low == r.high or isinstance(circuit.nodes[o], Input):
        return circuit
    return replace(
        circuit, ranges=(*circuit.ranges[:o], r._replace(high=(r.low + r.high) // 2), *circuit.ranges[o + 1 :])
    )


def tables(circuit: Circuit) -> Circuit:
    """Truth tables wherever there can be some."""
    return few_inputs(circuit, Fabric(4, absorbs=False), lambda c: sum(not isinstance(n, Logic) for n in c.nodes) ** 9)


def inverted_table(circuit: Circuit) -> Circuit:
    """Truth tables, one of them wrong."""
    made = tables(circuit)
    nodes = [*made.nodes]
    for v, node in enumerate(nodes):
        if isinstance(node, Logic) and node not in circuit.nodes:
            nodes[v] = replace(node, table=node.table ^ (1 << (1 << len(node.bits))) - 1)
            break
    return replace(made, nodes=tuple(nodes))


class Differ(wiring.Component):
    """An output per pass: 1 where what it makes of circuits gives other outputs; ``chosen`` are the inputs."""

    def __init__(self, circuits: list[Circuit], steps: Sequence[Step]) -> None:
        self.circuits, self.steps = circuits, steps
        self.chosen = [[Signal(4, name=f"x{n}_{i}") for i in range(len(c.inputs))] for n, c in enumerate(circuits)]
        self.found = [Signal(name=step.__name__) for step in steps]
        super().__init__({})

    @property
    def ports(self) -> list[Signal]:
        """Inputs and outputs."""
        return [*(signal for signals in self.chosen for signal in signals), *self.found]

    def elaborate(self, platform: object) -> Module:
        m = Module()
        differ: list[Value] = [Const(0) for _ in self.steps]
        for n, (circuit, chosen) in enumerate(zip(self.circuits, self.chosen, strict=True)):
            inputs = [element(number, k) for number, k in zip(circuit.inputs, chosen, strict=True)]
            before = plain(circuit, inputs)
            for i, step in enumerate(self.steps):
                after = emit(m, step(circuit), inputs, f"{step.__name__}{n}")
                for a, b in zip(before, after, strict=True):
                    differ[i] = differ[i] | (a != b)
        m.d.comb += [found.eq(value) for found, value in zip(self.found, differ, strict=True)]
        return m


def element(number: Number, k: Value) -> Value:
    """Element ``k`` of a lattice; the lowest one where there are not so many."""
    low, high, step = int(number.low), int(number.high), int(number.step)
    count = (high - low) // step if step else 0
    return Mux(k <= count, Const(low) + k * step, low)


def plain(circuit: Circuit, inputs: list[Value]) -> list[Value]:
    """The outputs by Amaranth's own arithmetic, in which no result is too wide; ranges are not used."""
    values: list[Value] = []
    for node in circuit.nodes:
        match node:
            case Input(index):
                value = inputs[index]
            case Constant(number):
                value = Const(number)
            case Add(a, b, up, b_up, subtract):
                x, y = values[a].shift_left(up), values[b].shift_left(b_up)
                value = x - y if subtract else x + y
            case Add3():
                x, y, z = (
                    -values[v].shift_left(up) if minus else values[v].shift_left(up) for v, up, minus in node.terms
                )
                value = x + y + z
            case Multiply(a, b):
                value = values[a] * values[b]
            case Shift(a, right):
                value = values[a].shift_right(right) if right >= 0 else values[a].shift_left(-right)
            case Clamp(a, low, high):
                value = Mux(values[a] < low, low, Mux(values[a] > high, high, values[a]))
            case Lookup(a, start, table):
                value = Array([Const(entry) for entry in table])[(values[a] - start).as_unsigned()]
            case AtLeast(a, bound):
                value = values[a] >= bound
            case Bit(a, index):
                value = Cat(values[a].shift_right(index), Const(0))[0]
            case Greater(a, b):
                value = values[a] > values[b]
            case Select(condition, a, b):
                value = Mux(values[condition] != 0, values[a], values[b])
            case Logic(bits, table):
                value = Array([Const(table >> n & 1) for n in range(1 << len(bits))])[number_of(values, bits)]
            case Concat(bits, of):
                value = number_of(values, bits)
                value = value.as_signed() if of.low < 0 else value
            case BitSum(bits, weights, offset):
                value = Const(offset)
                for bit, weight in zip(bits, weights, strict=True):
                    value = value + weight * values[bit]
            case _:
                raise AssertionError(node)
        values.append(value)
    return [values[o] for o in circuit.outputs]


def number_of(values: list[Value], bits: tuple[int, ...]) -> Value:
    """The number that bits make, the lowest first."""
    return Cat(Cat(values[b], Const(0))[0] for b in bits)


def prove(steps: Sequence[Step], folder: Path, proof: str) -> None:
    """Let Yosys show for each pass that it changes no output of the samples, or ``-falsify`` that it does."""
    differ = Differ(samples(), steps)
    (folder / "design.il").write_text(rtlil.convert(differ, name="top", ports=differ.ports))
    proofs = [f"sat {proof} -prove {step.__name__} 0 top" for step in steps]
    yosys(
        "; ".join(["read_rtlil design.il; hierarchy -top top; proc -norom; flatten; opt", *proofs]), folder, "prove.log"
    )


def samples() -> list[Circuit]:
    """Random circuits of all nodes, clamped sums with a constant behind them, and sums of bits."""
    circuits = [random_circuit(np.random.default_rng(seed), 10, widest=6, most_inputs=3) for seed in range(5)]
    sums = [random_sum(np.random.default_rng(seed)) for seed in range(6)]
    return [*circuits, *sums, *(random_bit_sums(np.random.default_rng(seed)) for seed in range(2))]


def random_sum(rng: np.random.Generator) -> Circuit:
    """A clamped sum of shifted inputs, some of them twice, and a constant, added in a row."""
    builder = Builder(tuple(Number.of(-int(rng.integers(0, 3)), int(rng.integers(1, 8))) for _ in range(3)))
    total, *rest = (int(v) for v in rng.choice(builder.start(), 5))
    for v in [*rest, builder.add(Constant(int(rng.integers(-20, 20))))]:
        total = builder.add(Add(total, v, int(rng.integers(0, 2)), int(rng.integers(0, 3)), bool(rng.integers(0, 2))))
    return builder.finish([builder.add(Clamp(total, -4, 11))])


def random_bit_sums(rng: np.random.Generator) -> Circuit:
    """Two sums of the same bits, of which one is compared."""
    builder = Builder((Number.of(0, 1),) * 5)
    bits = tuple(builder.start())
    first, second = (
        builder.add(BitSum(bits, tuple(int(w) for w in rng.choice([-2, -1, 1, 2], 5)), int(rng.integers(-3, 3))))
        for _ in range(2)
    )
    return builder.finish([first, builder.add(AtLeast(second, 1))])


STEPS = [*dict.fromkeys(CIRCUIT), optimise, ternary, tables]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_there_is_something_to_prove(step: Step) -> None:
    assert any(str(step(circuit)) != str(circuit) for circuit in samples())


def test_no_pass_changes_an_output(tmp_path: Path) -> None:
    prove([as_it_is, *STEPS], tmp_path, "-verify")


def test_wrong_passes_are_noticed(tmp_path: Path) -> None:
    prove([one_more, too_narrow, inverted_table], tmp_path, "-falsify")
    with pytest.raises(ToolError, match="proof did fail"):
        prove([as_it_is, one_more], tmp_path, "-verify")
