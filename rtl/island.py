"""An unrolled island: a circuit of scalars, cut into pipeline stages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cache
from itertools import compress, pairwise

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from nnfpga.compiler.circuit.chains import steps
from nnfpga.compiler.circuit.ir import Circuit, Input
from nnfpga.compiler.circuit.pipeline import Schedule, readers
from nnfpga.compiler.circuit.wiring import Wires, wires_of
from nnfpga.compiler.plan import Product

from .beat import Edge, decode, encode
from .credits import CreditQueue
from .logic import Wired, input_bits, step_logic, word_shape
from .products import multiplications, products_of

__all__ = ["Island"]

APART = "nnfpga_apart"
"""Marks a register that synthesis must not merge with an equal one."""


class Island(wiring.Component):
    """A circuit that takes and gives all its elements in one beat.

    Throughput: one beat a cycle. Latency: ``latency`` cycles. Back-pressure: one enable for all stages, so that a
    result that is not taken stops the island; or, ``free_running``, a queue for the results of all stages
    (`CreditQueue`), so that no net goes to every register. A reset makes what the island holds invalid and leaves it
    there.

    Members
    -------
    i, o : streams of lane words
    """

    def __init__(
        self, circuit: Circuit, plan: Schedule, i_edge: Edge, o_edge: Edge, *, free_running: bool = False
    ) -> None:
        if i_edge.beats != 1 or o_edge.beats != 1:
            raise ValueError(f"edges of an island must have one beat, not {i_edge.beats} and {o_edge.beats}")
        self.circuit, self.plan, self.i_edge, self.o_edge = circuit, plan, i_edge, o_edge
        self.free_running = free_running
        self.in_blocks: Sequence[int] = ()
        super().__init__({"i": In(i_edge.signature), "o": Out(o_edge.signature)})

    @property
    def latency(self) -> int:
        """Cycles from a beat in to its result out: one per stage, and one more through the queue."""
        return self.plan.stages + self.free_running

    @property
    def products(self) -> list[Product]:
        """The circuit's products of variables."""
        return products_of(self.circuit)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        if self.free_running:
            self._run(m)
        else:
            self._stop(m)
        return m

    def _stop(self, m: Module) -> None:
        """All stages under one enable."""
        enable, result = Signal(), Signal(self.o.payload.as_value().shape(), reset_less=True)
        valid = [self.i.valid, *self._valid(), self.o.valid]
        m.d.comb += [
            enable.eq(~self.o.valid | self.o.ready),
            self.i.ready.eq(enable),
            self.o.payload.as_value().eq(result),
        ]
        words = self._words(m, enable)
        with m.If(enable):
            m.d.sync += [later.eq(earlier) for earlier, later in pairwise(valid)]
            m.d.sync += result.eq(words)

    def _run(self, m: Module) -> None:
        """Stages that never stop, before a queue."""
        words = self._words(m, Const(1))
        m.submodules.queue = queue = CreditQueue(len(words), self.plan.stages - 1)
        start = Signal()
        valid = [start, *self._valid()]
        m.d.sync += [later.eq(earlier) for earlier, later in pairwise(valid)]
        m.d.comb += [
            start.eq(self.i.valid & self.i.ready),
            queue.valid.eq(self.i.valid),
            self.i.ready.eq(queue.ready),
            queue.done.eq(valid[-1]),
            queue.result.eq(words),
            self.o.payload.as_value().eq(queue.o.payload),
            self.o.valid.eq(queue.o.valid),
            queue.o.ready.eq(self.o.ready),
        ]

    def _valid(self) -> list[Signal]:
        """Whether the registers behind each stage but the last hold something."""
        return [Signal(name=f"valid_{n}") for n in range(self.plan.stages - 1)]

    def _words(self, m: Module, enable: Value) -> Value:
        """The last stage's results."""
        delayed = self._values(m, enable)
        last = self.plan.stages - 1
        return Cat(encode(delayed.wired(o, last).integer, self.o_edge.wire) for o in self.circuit.outputs)

    def _values(self, m: Module, enable: Value) -> Delayed:
        circuit, wires = self.circuit, wires_of(self.circuit)
        delayed = Delayed(m, enable, circuit, wires, self.plan)
        blocks = {*compress(multiplications(circuit), self.in_blocks)}
        for step in steps(circuit, wires, self.plan.stage, self.plan.timing):
            node, stage = circuit.nodes[step[0]], self.plan.stage[step[0]]
            into = [Signal(word_shape(wires.words[v]), name=f"v{v}") for v in step]
            if isinstance(node, Input):
                given = decode(self.i.payload[node.index], self.i_edge.wire)
                m.d.comb += into[0].eq(input_bits(given, wires.words[step[0]]))
            else:
                step_logic(m, circuit, wires, step, delayed.reader(stage), into, blocks)
            for v, signal in zip(step, into, strict=True):
                delayed.add(v, signal)
        return delayed


class Delayed:
    """The words of values and their copies in later stages, made as they are asked for.

    Registers hold words without a sign, as sums want them. Where wires have stages of their own, each reader of a value
    in a stage has a register for itself, which can stand near it.
    """

    def __init__(self, m: Module, enable: Value, circuit: Circuit, wires: Wires, plan: Schedule) -> None:
        self.m, self.enable, self.circuit, self.wires, self.plan = m, enable, circuit, wires, plan
        self.copies: dict[tuple[int, int], Value] = {}
        self.readers = readers(circuit, plan)
        self.read: Counter[tuple[int, int]] = Counter()

    def add(self, value: int, signal: Value) -> None:
        """Note a value's word in the stage that computes it."""
        self.copies[value, self.plan.stage[value]] = Wired(
            self.circuit.ranges[value], self.wires.words[value], signal
        ).unsigned

    def wired(self, value: int, stage: int) -> Wired:
        """A value as it stands in a stage."""
        return self._wired(value, self._copy(value, stage))

    def reader(self, stage: int) -> Callable[[int], Wired]:
        """Values as one reader in a stage sees them."""

        @cache
        def wired(value: int) -> Wired:
            if not self.wires.words[value].width or self.readers[value, stage] < 2:
                return self.wired(value, stage)
            self.read[value, stage] += 1
            name = f"v{value}_s{stage}_r{self.read[value, stage]}"
            return self._wired(value, self._register(self._copy(value, stage - 1), name, apart=True))

        return wired

    def _wired(self, value: int, unsigned: Value) -> Wired:
        word = self.wires.words[value]
        bits = Cat(unsigned[:-1], ~unsigned[-1]) if word.signed else unsigned
        return Wired(self.circuit.ranges[value], word, bits)

    def _copy(self, value: int, stage: int) -> Value:
        if not self.wires.words[value].width:
            return Const(0, 0)
        if (value, stage) not in self.copies:
            self.copies[value, stage] = self._register(self._copy(value, stage - 1), f"v{value}_s{stage}", apart=False)
        return self.copies[value, stage]

    def _register(self, before: Value, name: str, apart: bool) -> Signal:
        copy = Signal(len(before), name=name, reset_less=True, attrs={APART: 1} if apart else {})
        with self.m.If(self.enable):
            self.m.d.sync += copy.eq(before)
        return copy
