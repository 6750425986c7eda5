"""Words stand for their values, and sums give the words, for every circuit: modelled with Python integers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnfpga.compiler.circuit.adders import multiply
from nnfpga.compiler.circuit.chains import Step, needs_guard, steps
from nnfpga.compiler.circuit.ir import Add, Builder, Circuit, Clamp, Constant, Greater, Lookup, Node, Shift
from nnfpga.compiler.circuit.pipeline.delays import corrections, delays
from nnfpga.compiler.circuit.wires import Sum, Word
from nnfpga.compiler.circuit.wiring import Wires, wires_of
from nnfpga.compiler.device import Timing
from nnfpga.compiler.number import Number


def random_circuit(seed: int, size: int = 25) -> Circuit:
    """A circuit of all that words care about, over inputs of all kinds."""
    rng = np.random.default_rng(seed)
    builder = Builder((Number.of(-6, 9), Number.of(0, 5), Number.of(-1, 1, 2), Number.of(3, 11, 4), Number.of(-8, -4)))
    values = builder.start()
    for _ in range(size):
        a, b = (int(v) for v in rng.choice(values[-8:], 2))
        i, j = (int(v) for v in rng.integers(0, 4, 2))
        nodes: list[Node] = [
            Add(a, b, i, 0),
            Add(a, b, 0, j),
            Add(a, b, i, j, subtract=True),
            Add(a, b, 0, j, subtract=True),
            Add(a, builder.add(Constant(int(rng.integers(-40, 40)))), i, 0),
            Clamp(a, int(rng.integers(-9, 3)), int(rng.integers(4, 20))),
            Shift(a, int(rng.integers(-1, 4))),
            Greater(a, b),
        ]
        r = builder.ranges[a]
        if r.high - r.low < 40:
            nodes.append(Lookup(a, r.low, tuple(int(v) for v in rng.integers(-5, 9, r.high - r.low + 1))))
        values.append(builder.add(nodes[rng.integers(len(nodes))]))
        if builder.ranges[values[-1]].width > 30:
            values.pop()
    return builder.finish(values[-4:])


def inputs_of(circuit: Circuit, rng: np.random.Generator, samples: int = 40) -> np.ndarray:
    """Random inputs on their lattices."""
    columns = []
    for n in circuit.inputs:
        step = max(int(n.step), 1)
        columns.append(int(n.low) + step * rng.integers(0, (int(n.high) - int(n.low)) // step + 1, samples))
    return np.stack(columns, axis=1)


def bits_of(word: Word, value: int) -> int:
    """The word's bits of a value, which they must be able to tell."""
    off = word.sign * (value - word.base)
    assert off % (1 << word.shift) == 0
    w = off >> word.shift
    low, high = (-1 << word.width - 1, 1 << word.width - 1) if word.signed else (0, 1 << word.width)
    assert low <= w < high
    return w


def added(s: Sum, a: int, b: int, a_width: int, b_width: int) -> int:
    """The sum of unsigned words as the hardware makes it: what passes, and what a chain adds."""
    if s.subtracts:
        b ^= (1 << b_width) - 1
        assert s.start <= s.b_at
    ends = [at + width for at, width in ((s.a_at, a_width), (s.b_at, b_width))]
    if s.start > 0 and not s.subtracts:
        assert s.constant % (1 << s.start) == 0
    for bit in range(s.width):
        taken = (s.a_at <= bit < ends[0]) + (s.b_at <= bit < ends[1])
        assert not (taken == 2 and s.constant >> bit & 1), "a constant's bit has a place"
        assert not (taken == 2 and bit < s.start), "bits that pass are those of one word"
    total = (a << s.a_at) + (b << s.b_at) + s.constant + (s.subtracts << s.start)
    assert s.wraps or total < 1 << s.width
    return total % (1 << s.width)


def check(circuit: Circuit, wires: Wires, x: np.ndarray) -> None:
    """Every sum gives the word of its value."""
    everything = Circuit(circuit.inputs, circuit.nodes, circuit.ranges, tuple(range(len(circuit.nodes))))
    for row in everything.evaluate(x).tolist():
        words = [bits_of(word.unsigned, int(v)) for word, v in zip(wires.words, row, strict=True)]
        for v, s in wires.sums.items():
            widths = [0 if x is None else wires.words[x].width for x in (s.a, s.b)]
            assert added(s, words[s.a], 0 if s.b is None else words[s.b], *widths) == words[v] ^ top(wires.words[v])


def top(word: Word) -> int:
    """What the unsigned word has inverted."""
    return word.signed << word.width - 1 if word.signed else 0


@given(st.integers(0, 2**32))
def test_sums_give_words(seed: int) -> None:
    circuit = random_circuit(seed)
    check(circuit, wires_of(circuit), inputs_of(circuit, np.random.default_rng(seed)))


@given(st.integers(0, 2**32))
def test_sums_of_a_matrix_give_words(seed: int) -> None:
    rng = np.random.default_rng(seed)
    builder = Builder(tuple(Number.of(int(low), int(low) + 15) for low in rng.integers(-16, 4, 4)))
    rows = multiply(builder, builder.start(), rng.integers(-31, 32, (4, 4)))
    ends = [
        builder.add(Shift(builder.add(Add(rows[0], builder.add(Constant(5)))), 3)),
        builder.add(Clamp(builder.add(Shift(rows[1], 2)), 0, 63)),
        *rows[2:],
    ]
    circuit = builder.finish(ends)
    check(circuit, wires_of(circuit), inputs_of(circuit, rng))


def test_the_check_notices_a_wrong_constant() -> None:
    builder = Builder((Number.of(0, 15), Number.of(-4, 3)))
    a, b = builder.start()
    circuit = builder.finish([builder.add(Add(a, b, 0, 1, subtract=True))])
    wires = wires_of(circuit)
    ((v, s),) = wires.sums.items()
    x = inputs_of(circuit, np.random.default_rng(0))
    check(circuit, wires, x)
    wrong = replace(s, start=0, constant=0)
    with pytest.raises(AssertionError):
        check(circuit, Wires(wires.words, {v: wrong}), x)


def test_added_constants_cost_nothing() -> None:
    builder = Builder((Number.of(0, 15), Number.of(0, 15)))
    a, b = builder.start()
    five = builder.add(Constant(5))
    total = builder.add(Add(builder.add(Add(a, five)), b, 0, 2))
    circuit = builder.finish([builder.add(Clamp(total, 7, 8))])
    wires = wires_of(circuit)
    assert [s.positions for s in wires.sums.values()] == [0, 5]
    assert wires.words[total].base == 5


def test_a_shift_reads_bits_that_constants_make_true() -> None:
    builder = Builder((Number.of(0, 15), Number.of(0, 15)))
    a, b = builder.start()
    total = builder.add(Add(builder.add(Add(a, b, 0, 3, subtract=True)), builder.add(Constant(6))))
    circuit = builder.finish([builder.add(Shift(total, 3))])
    wires = wires_of(circuit)
    assert wires.words[total].shows(3)
    assert sum(s.constant for s in wires.sums.values()) > 0


def test_words_are_as_narrow_as_the_range() -> None:
    builder = Builder((Number.of(-100, 27), Number.of(-100, 27)))
    a, b = builder.start()
    circuit = builder.finish([builder.add(Clamp(builder.add(Add(a, b)), -1, 1))])
    assert circuit.ranges[2].width == 9
    assert wires_of(circuit).words[2].width == 9
    builder = Builder((Number.of(-1, 1, 2), Number.of(-1, 1, 2)))
    a, b = builder.start()
    total = builder.add(Add(a, b))
    circuit = builder.finish([builder.add(Clamp(total, 0, 2))])
    assert wires_of(circuit).words[total] == Word(-2, 1, 2)


@given(st.integers(0, 2**32), st.integers(1, 3), st.integers(1, 60))
def test_chains_hold_sums_of_one_kind_that_are_ready(seed: int, stages: int, longest: int) -> None:
    circuit = random_circuit(seed)
    wires = wires_of(circuit)
    stage: list[int] = []
    rng = np.random.default_rng(seed)
    for node in circuit.nodes:
        stage.append(min(max((stage[v] for v in node.reads), default=0) + int(rng.integers(2)), stages - 1))
    order = steps(circuit, wires, stage, longest=longest)
    assert sorted(v for step in order for v in step) == list(range(len(circuit.nodes)))
    done: set[int] = set()
    for step in order:
        assert done.issuperset(x for v in step for x in circuit.nodes[v].reads)
        done.update(step)
        if len(step) > 1:
            chain = [wires.sums[v] for v in step]
            assert len({s.subtracts for s in chain}) == 1
            assert len({stage[v] for v in step}) == 1
            assert sum(s.positions + needs_guard(s) for s in chain[:-1]) + chain[-1].positions <= longest


TIMING = Timing(lut_ns=0.5, carry_ns=0.125, overhead_ns=0.0, ram_ns=2.0, spread_ns=0.25, chain_ns=0.25)


def latest(circuit: Circuit, wires: Wires, stage: list[int], order: list[Step]) -> float:
    """When the last value is there if a chain is one long path: a carry goes through all that stands above it."""
    found = delays(circuit, wires, TIMING)
    low: dict[int, float] = {}
    high: dict[int, float] = {}
    for step in order:
        carry = 0.0
        for v in step:
            node = circuit.nodes[v]
            before = [x for x in node.reads if stage[x] == stage[v]]
            gate, chain, whole = found[v]
            low[v] = max((low[x] for x in before), default=0.0) + gate
            high[v] = max(max((high[x] for x in before), default=0.0) + gate, max(low[v], carry) + chain)
            low[v] = high[v] if whole else max(low[v], carry)
            carry = high[v]
    last = max(stage[o] for o in circuit.outputs)
    for o, (gate, *_) in corrections(circuit, wires, TIMING).items():
        if stage[o] == last:
            high[o] += gate
    return max(high.values())


@given(st.integers(0, 2**32), st.integers(1, 3))
def test_a_shared_chain_is_no_longer_path(seed: int, stages: int) -> None:
    circuit = random_circuit(seed)
    wires = wires_of(circuit)
    stage = [0] * len(circuit.nodes)
    for v, node in enumerate(circuit.nodes):
        stage[v] = min(max((stage[x] for x in node.reads), default=0) + (v % 7 == 0), stages - 1)
    alone = latest(circuit, wires, stage, steps(circuit, wires, stage, longest=0))
    assert latest(circuit, wires, stage, steps(circuit, wires, stage, TIMING)) <= alone + 1e-9


def test_chains_without_times_are_longer_paths() -> None:
    """So the test above can fail."""
    builder = Builder(tuple(Number.of(0, 255) for _ in range(32)))
    circuit = row_and_tree(builder, builder.start())
    wires = wires_of(circuit)
    stage = [0] * len(circuit.nodes)
    packed = steps(circuit, wires, stage, TIMING)
    assert any(len(step) > 1 for step in packed)
    times = [latest(circuit, wires, stage, o) for o in (steps(circuit, wires, stage, longest=0), packed)]
    assert times[0] == times[1] < latest(circuit, wires, stage, steps(circuit, wires, stage))


def row_and_tree(builder: Builder, values: list[int]) -> Circuit:
    """The sum of all values as a tree, and of some one after the other."""
    tree = values
    while len(tree) > 1:
        tree = [builder.add(Add(a, b)) for a, b in zip(tree[::2], tree[1::2], strict=True)]
    row = values[0]
    for v in values[1:16]:
        row = builder.add(Add(row, v))
    return builder.finish([row, *tree])
