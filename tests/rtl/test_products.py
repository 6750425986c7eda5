"""Products in multiplier blocks: which are marked, and that the logic is the same."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from nnfpga.boards.devices import UP5K
from nnfpga.compiler.circuit.ir import Builder, Circuit, Multiply
from nnfpga.compiler.circuit.pipeline import schedule
from nnfpga.compiler.exact import fractions
from nnfpga.compiler.graph import Tensor
from nnfpga.compiler.number import Number
from nnfpga.compiler.plan import Product
from nnfpga.rtl.beat import Edge
from nnfpga.rtl.island import Island
from nnfpga.rtl.layers.dense import FoldedMatrix
from nnfpga.rtl.products import BLOCK, give_blocks, multiplications, products_of
from nnfpga.rtl.rtlil import to_rtlil

WEIGHTS = np.random.default_rng(0).integers(-8, 8, (4, 6))


def edge(number: Number, size: int, lanes: int) -> Edge:
    return Edge.of(Tensor("x", (size,), number, fractions([1]), fractions([0])), lanes)


def matrix(pe: int, simd: int) -> FoldedMatrix:
    sums = int(np.abs(WEIGHTS).sum(axis=1).max()) * 32
    return FoldedMatrix(WEIGHTS, edge(Number.of(-32, 31), 6, simd), edge(Number.of(-sums, sums), 4, pe))


def products() -> Circuit:
    """Of 3 x 4, 8 x 8 and 9 x 6 bits; the second is of unsigned values."""
    builder = Builder((Number.of(-4, 3), Number.of(0, 15), Number.of(0, 255), Number.of(0, 200), Number.of(-256, 255)))
    a, b, c, d, e = builder.start()
    pairs = [(a, b), (c, d), (e, builder.add(Multiply(a, b)))]
    return builder.finish([builder.add(Multiply(x, y)) for x, y in pairs])


def island() -> Island:
    circuit = products()
    outputs = [circuit.ranges[o] for o in circuit.outputs]
    result = Number.of(min(r.low for r in outputs), max(r.high for r in outputs))
    source = Number.of(-256, 255)
    return Island(circuit, schedule(circuit, UP5K.timing, 24.0), edge(source, 5, 5), edge(result, 3, 3))


def marked(unit: Any) -> int:
    """Wires that hold a whole product; the same bits under another name have the attribute, too."""
    return len(re.findall(rf"attribute \\{BLOCK} 1\n +wire .*(?:_product|block_\d+_\d+)\n", to_rtlil(unit, "unit")))


def test_products_of_a_circuit() -> None:
    circuit = products()
    assert products_of(circuit) == [Product(5, 3), Product(8, 8, signed=False), Product(9, 7)]
    assert len(multiplications(circuit)) == 3


def test_products_of_a_folded_matrix() -> None:
    assert list(matrix(2, 3).products) == [Product(6, 4, count=6)]


@pytest.mark.parametrize(
    ("blocks", "shares"),
    [(0, [(0,), (0, 0, 0)]), (2, [(0,), (0, 1, 1)]), (5, [(3,), (0, 1, 1)]), (99, [(6,), (1, 1, 1)])],
)
def test_the_largest_of_all_units_are_marked(blocks: int, shares: list[tuple[int, ...]]) -> None:
    units = [matrix(2, 3), island()]
    assert give_blocks(units, replace(UP5K, dsps=blocks)) == min(blocks, 9)
    assert [tuple(unit.in_blocks) for unit in units] == shares
    assert [marked(unit) for unit in units] == [sum(share) for share in shares]


def test_a_matrix_with_blocks_is_the_same(harness: Any) -> None:
    x = np.random.default_rng(1).integers(-32, 32, (7, 6))
    unit = matrix(2, 3)

    def made() -> FoldedMatrix:
        fresh = matrix(2, 3)
        fresh.in_blocks = [4]
        return fresh

    harness.check(made, unit.i_edge, unit.o_edge, x, x @ WEIGHTS.T)


def test_an_island_with_blocks_is_the_same(harness: Any) -> None:
    circuit, unit = products(), island()
    rng = np.random.default_rng(1)
    x = np.stack([rng.integers(n.low, n.high + 1, 9) for n in circuit.inputs], axis=1)

    def made() -> Island:
        fresh = island()
        fresh.in_blocks = [0, 1, 1]
        return fresh

    harness.check(made, unit.i_edge, unit.o_edge, x, circuit.evaluate(x))
