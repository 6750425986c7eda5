"""Schedules against their definition: paths followed one by one, and all stages of tiny circuits tried."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnfpga.compiler.circuit.ir import (
    Add,
    AtLeast,
    Builder,
    Circuit,
    Clamp,
    Constant,
    Greater,
    Input,
    Multiply,
    Node,
    Select,
    Shift,
)
from nnfpga.compiler.circuit.pipeline import (
    MARGIN,
    Delay,
    Schedule,
    delays,
    even_schedule,
    register_bits,
    schedule,
)
from nnfpga.compiler.circuit.pipeline.cut import Network, cut
from nnfpga.compiler.circuit.pipeline.delays import corrections
from nnfpga.compiler.circuit.wiring import wires_of
from nnfpga.compiler.device import GENERIC, Timing
from nnfpga.compiler.number import Number

TIMING = Timing(lut_ns=0.5, carry_ns=0.125, overhead_ns=0.0, ram_ns=2.0, spread_ns=0.25)
NEAR = replace(TIMING, spread_ns=0.0)
A, B, C = Number.of(-8, 7), Number.of(0, 31), Number.of(-100, 3)


def random_circuit(seed: int, size: int, outputs: int) -> Circuit:
    rng = np.random.default_rng(seed)
    builder = Builder((A, B, C))
    values = builder.start()
    for _ in range(size):
        a, b = (int(v) for v in rng.choice(values[-6:], 2))
        condition = builder.add(AtLeast(a, int(rng.integers(-9, 9))))
        nodes: list[Node] = [Add(a, b, 0, 1), Clamp(a, -9, 9), Shift(a, 1), Greater(a, b), Select(condition, a, b)]
        nodes += [Multiply(a, b)] if builder.ranges[a].width + builder.ranges[b].width < 40 else []
        values.append(builder.add([*nodes, Add(a, b, subtract=True)][rng.integers(len(nodes) + 1)]))
    return builder.finish(values[-outputs:])


def longest(circuit: Circuit, stage: list[int], stages: int = 0, timing: Timing = TIMING) -> dict[int, float]:
    """When each value is complete within its stage, bit ends and all, by the definition of `Delay`.

    An output that is corrected is complete in the last of so many stages; without a number, in one of its own.
    """
    ends: dict[int, tuple[float, float]] = {}
    wires = wires_of(circuit)
    found = delays(circuit, wires, timing)

    def end(d: Delay, near: list[int]) -> tuple[float, float]:
        low, top = (max((ends[u][n] for u in near), default=0.0) for n in range(2))
        last = max(top + d.gate, low + d.gate + d.chain)
        return (last if d.whole else low + d.gate, last)

    for v, node in enumerate(circuit.nodes):
        near = [u for u in node.reads if stage[u] == stage[v] and not isinstance(circuit.nodes[u], Constant)]
        ends[v] = end(found[v], near)
    for n, (o, d) in enumerate(corrections(circuit, wires, timing).items()):
        ends[len(stage) + n] = end(d, [o] * (stage[o] == stages - 1))
    return {v: top for v, (_, top) in ends.items()}


def bits(circuit: Circuit, stage: list[int], stages: int, far: bool = False) -> int:
    """Register bits, counted copy by copy; ``far``: each reader has its own."""
    copies: set[tuple[int, int]] = set()
    reads = [(v, u) for v, node in enumerate(circuit.nodes) for u in node.reads]
    ends = [*((u, stage[v]) for v, u in reads), *((o, stages - 1) for o in circuit.outputs)]
    for u, end in ends:
        copies |= {(u, at) for at in range(stage[u], end)}
    words = wires_of(circuit).words
    results = [circuit.ranges[o] for o in circuit.outputs]
    own = {(u, stage[v], v) for v, u in reads if stage[v] > stage[u] and not isinstance(circuit.nodes[u], Constant)}
    further = far * (sum(words[u].width for u, *_ in own) - sum(words[u].width for u, _ in {o[:2] for o in own}))
    return further + sum(words[u].width for u, _ in copies) + sum(r.width - r.zeros for r in results if r.low != r.high)


def valid(circuit: Circuit, plan: list[int], stages: int, period: float) -> bool:
    """Whether no stage takes longer than the period, but for single nodes that do."""
    for v, node in enumerate(circuit.nodes):
        if isinstance(node, Input) and plan[v] != 0:
            return False
        if any(plan[u] > plan[v] for u in node.reads if not isinstance(circuit.nodes[u], Constant)):
            return False
    return all(plan[o] < stages for o in circuit.outputs) and max(longest(circuit, plan, stages).values()) <= period


@given(st.integers(0, 2**32), st.floats(25, 900))
def test_no_stage_is_longer_than_the_period(seed: int, clock: float) -> None:
    circuit = random_circuit(seed, 25, 4)
    plan = schedule(circuit, TIMING, clock)
    assert register_bits(circuit, plan) == bits(circuit, list(plan.stage), plan.stages, plan.far)
    ends = longest(circuit, list(plan.stage), plan.stages, plan.timing)
    if plan.far:
        assert plan.critical_ns == pytest.approx(max(TIMING.spread_ns, *ends.values()))
        assert plan.critical_ns <= 1000 / clock
        return
    alone = longest(circuit, list(range(len(circuit.nodes))))  # every node in a stage of its own
    period = max(1000 / clock, *alone.values())
    assert valid(circuit, list(plan.stage), plan.stages, period + 1e-9)
    assert plan.critical_ns == pytest.approx(max(ends.values()))
    too_long = [d for d in alone.values() if d > 1000 / clock]
    for end in ends.values():  # what is too long shares its stage with wires only
        assert end <= 1000 / clock + 1e-9 or end in too_long


@given(st.integers(0, 2**32), st.integers(0, 3))
def test_wires_get_stages_of_their_own(seed: int, clocks: int) -> None:
    """Where a node is too slow with its wires and fast enough without: twice the stages that near operands take."""
    circuit = random_circuit(seed, 25, 4)
    alone = list(range(len(circuit.nodes)))
    least, most = (max(longest(circuit, alone, timing=timing).values()) for timing in (NEAR, TIMING))
    if least + 0.01 >= most:  # no node that wires make the slowest
        return
    clock = 1000 / (least + 0.005 + clocks * (most - least) / 4)
    plan = schedule(circuit, TIMING, clock)
    short = schedule(circuit, NEAR, clock)
    assert plan.far
    assert plan.timing == NEAR
    assert plan.stages == 2 * short.stages
    assert plan.critical_ns == max(short.critical_ns, TIMING.spread_ns)
    for v, node in enumerate(circuit.nodes):
        for u in node.reads:
            if isinstance(circuit.nodes[u], Input):
                assert plan.stage[v] > 0
            elif not isinstance(circuit.nodes[u], Constant):
                assert plan.stage[v] - plan.stage[u] != 1


@given(st.integers(0, 2**32), st.sampled_from([1.5, 2.0, 2.5, 3.0, 4.5]))
def test_no_other_stages_are_fewer_or_smaller(seed: int, period: float) -> None:
    """Every choice of stages of a tiny circuit is tried."""
    circuit = random_circuit(seed, 4, 2)
    alone = longest(circuit, list(range(len(circuit.nodes))))
    period = max(period, *alone.values())  # else a node alone is too long, and the definition of valid another
    plan = schedule(circuit, TIMING, 1000 / period)
    free = [v for v, node in enumerate(circuit.nodes) if not isinstance(node, (Input, Constant))]
    found: list[tuple[int, float, int]] = []
    if plan.stages ** len(free) > 20_000:
        return
    for choice in product(range(plan.stages), repeat=len(free)):
        stage = [0] * len(circuit.nodes)
        for v, at in zip(free, choice, strict=True):
            stage[v] = at
        for used in range(1, plan.stages + 1):
            if valid(circuit, stage, used, period):
                taken = max(longest(circuit, stage, used).values())
                found.append((used, taken, bits(circuit, stage, used)))
    assert min(used for used, _, _ in found) == plan.stages
    shortest = min(taken for used, taken, _ in found if used == plan.stages)
    allowed = max(shortest, MARGIN * period)
    assert plan.critical_ns <= allowed
    assert register_bits(circuit, plan) == min(n for used, ns, n in found if used == plan.stages and ns <= allowed)


@given(st.integers(0, 2**32), st.integers(1, 6))
def test_even_stages_have_the_shortest_period(seed: int, stages: int) -> None:
    circuit = random_circuit(seed, 15, 3)
    plan = even_schedule(circuit, NEAR, stages)  # near: else the wires of a faster clock get stages of their own
    assert plan.stages <= stages
    shorter = schedule(circuit, NEAR, 1000 / (plan.critical_ns - 0.002))
    assert shorter.stages > stages or shorter.critical_ns >= plan.critical_ns


def test_registers_stand_where_the_bits_are_few() -> None:
    """Sixteen inputs and their sum: the register goes behind the sum, though it could stand before it."""
    builder = Builder((Number.of(0, 255),) * 16)
    values = builder.start()
    while len(values) > 1:
        values = [builder.add(Add(a, b)) for a, b in zip(values[::2], values[1::2], strict=True)]
    late = builder.add(AtLeast(builder.add(Multiply(values[0], values[0])), 1 << 20))
    circuit = builder.finish([late])
    plan = even_schedule(circuit, TIMING, 2)
    assert plan.stages == 2
    assert register_bits(circuit, plan) == 12 + 1


def test_a_value_is_registered_once_for_all_its_readers() -> None:
    builder = Builder((A, A))
    a, b = builder.start()
    total = a
    sums = [total := builder.add(Add(total, b, 0, n)) for n in range(1, 6)]
    circuit = builder.finish([builder.add(Add(s, a)) for s in sums])
    plan = schedule(circuit, NEAR, 1000 / 1.65)
    assert plan.stages > 3
    assert register_bits(circuit, plan) == bits(circuit, list(plan.stage), plan.stages)
    assert register_bits(circuit, plan) < sum(
        (plan.stage[v] - plan.stage[u]) * circuit.ranges[u].width
        for v, node in enumerate(circuit.nodes)
        for u in node.reads
    ) + sum(circuit.ranges[o].width for o in circuit.outputs)


def test_faster_clocks_take_more_stages() -> None:
    builder = Builder((A,) * 16)
    values = builder.start()
    while len(values) > 1:
        values = [builder.add(Add(a, b)) for a, b in zip(values[::2], values[1::2], strict=True)]
    circuit = builder.finish(values)
    stages = [schedule(circuit, GENERIC.timing, mhz).stages for mhz in (50, 150, 250, 400)]
    assert stages == sorted(stages)
    assert stages[0] == 1
    assert stages[-1] == 4
    assert schedule(circuit, GENERIC.timing, 250).critical_ns <= 1000 / 250 - GENERIC.timing.overhead_ns


def test_circuits_of_wires() -> None:
    """Nothing to compute: one stage, whatever the clock."""
    builder = Builder((A, B))
    a, b = builder.start()
    circuit = builder.finish([b, a, builder.add(Constant(3))])
    assert schedule(circuit, GENERIC.timing, 900) == Schedule((0, 0, 0), 1, 0.0, GENERIC.timing)
    assert even_schedule(circuit, GENERIC.timing, 4) == Schedule((0, 0, 0), 1, 0.0, GENERIC.timing)


@given(st.integers(0, 2**32))
def test_minimum_cut(seed: int) -> None:
    """Against every set of nodes: the flow is the least capacity out of one, and the set the smallest of those."""
    rng = np.random.default_rng(seed)
    nodes, arcs = 7, 16
    tails, heads, room = rng.integers(0, nodes, arcs), rng.integers(0, nodes, arcs), rng.integers(0, 9, arcs)
    g = Network.of(nodes, tails, heads)
    g.set(room)
    flow = cut(g)
    found: list[tuple[int, int, frozenset[int]]] = []
    for rest in product((False, True), repeat=nodes - 2):
        inside = np.array([True, False, *rest])
        leaves = int(room[inside[tails] & ~inside[heads]].sum())
        found.append((leaves, int(inside.sum()), frozenset(np.flatnonzero(inside).tolist())))
    least = min(found, key=lambda f: f[:2])
    assert flow == least[0]
    assert frozenset(np.flatnonzero(g.source_side).tolist()) == least[2]


def test_delays_are_those_of_the_words() -> None:
    """A sum: LUT, net, way onto the chain, carries. A clamp: one LUT where few bits decide, else LUTs before it."""
    timing = Timing(lut_ns=1.0, carry_ns=0.01, overhead_ns=0.0, ram_ns=0.0, spread_ns=0.1, chain_ns=0.5)
    builder = Builder((Number.of(0, 255), Number.of(0, 255)))
    a, b = builder.start()
    total = builder.add(Add(a, b, 2))
    few, many = builder.add(Clamp(a, 0, 63)), builder.add(Clamp(a, 0, 100))
    late = builder.add(AtLeast(a, 128))
    circuit = builder.finish([total, few, many, late])
    wires = wires_of(circuit)
    found = delays(circuit, wires, timing)
    assert wires.sums[total].positions == 9  # bits 2 to 10
    assert found[total] == pytest.approx((1.6, 0.09, False))
    assert found[few] == pytest.approx((1.1, 0.0, True))  # bits 6 and 7 and its own
    assert found[many] == pytest.approx((1.1 + 0.1 + 3.0, 0.0, True))  # 8 bits: 100 ends in 00
    assert found[late] == pytest.approx((1.1, 0.0, True))
