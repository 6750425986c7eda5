from __future__ import annotations

import numpy as np
import pytest

from nnfpga.compiler.circuit.ir import (
    Add,
    AtLeast,
    Bit,
    Builder,
    Clamp,
    Constant,
    Greater,
    Lookup,
    Multiply,
    Node,
    Range,
    Select,
    Shift,
)
from nnfpga.compiler.number import Number

NODES: list[Node] = [
    Add(0, 1), Add(0, 1, 2, 0), Add(0, 1, 0, 3, subtract=True), Shift(0, 2), Shift(0, -2), Clamp(0, -3, 4),
    Lookup(0, -6, tuple(v * v for v in range(-6, 10))), AtLeast(0, 2), Greater(0, 1), Select(2, 0, 1),
    Multiply(0, 1), Multiply(0, 0), Bit(0, 0), Bit(0, 3), Bit(1, 2),
]  # fmt: skip
A, B, C = Number.of(-6, 9), Number.of(0, 5), Number.of(0, 1)


@pytest.mark.parametrize("node", NODES, ids=lambda n: type(n).__name__)
def test_range_is_sound_and_tight(node: Node) -> None:
    builder = Builder((A, B, C))
    builder.start()
    circuit = builder.finish([builder.add(node)])
    x = np.array([[a, b, c] for a in range(-6, 10) for b in range(6) for c in range(2)])
    y = circuit.evaluate(x)
    r = circuit.ranges[circuit.outputs[0]]
    assert (r.low, r.high) == (y.min(), y.max())
    assert (y % (1 << r.zeros) == 0).all()
    assert r.low >= -(1 << r.width - 1) if r.signed else r.high < 1 << r.width


def test_the_same_node_is_made_once() -> None:
    builder = Builder((A, B))
    a, b = builder.start()
    assert builder.add(Add(a, b)) == builder.add(Add(a, b))
    assert builder.add(Add(a, b)) != builder.add(Add(b, a, subtract=True))


def test_constants_are_folded() -> None:
    builder = Builder((A,))
    (a,) = builder.start()
    three, four = builder.add(Constant(3)), builder.add(Constant(4))
    assert builder.nodes[builder.add(Add(three, four, 1, 0))] == Constant(10)
    assert builder.nodes[builder.add(Lookup(three, 0, (5, 6, 7, 8)))] == Constant(8)
    assert builder.nodes[builder.add(Select(builder.add(AtLeast(four, 4)), three, four))] == Constant(3)
    assert builder.nodes[builder.add(Add(builder.add(Constant(2**70)), three))] == Constant(2**70 + 3)
    assert builder.nodes[builder.add(Add(a, three))] == Add(a, three)


def test_finish_drops_what_no_output_needs() -> None:
    builder = Builder((A, B))
    a, b = builder.start()
    builder.add(Add(a, b))
    kept = builder.add(Clamp(b, 1, 2))
    circuit = builder.finish([kept, kept])
    assert [type(n).__name__ for n in circuit.nodes] == ["Input", "Clamp"]
    assert circuit.evaluate(np.array([[0, 5]])).tolist() == [[2, 2]]
    assert str(circuit) == (
        "inputs [-6..9], [0..5]\n%0 [0..5] = input index=1\n%1 [1..2] = clamp %0, low=1, high=2\noutput %1, %1\n"
    )


def test_constant_output() -> None:
    builder = Builder((A,))
    builder.start()
    circuit = builder.finish([builder.add(Constant(7))])
    assert circuit.evaluate(np.zeros((3, 1), np.int64)).tolist() == [[7]] * 3


@pytest.mark.parametrize(("low", "high", "width"), [(0, 0, 0), (0, 7, 3), (-1, 0, 1), (-8, 7, 4), (-8, 8, 5)])
def test_width(low: int, high: int, width: int) -> None:
    assert Range(low, high).width == width
