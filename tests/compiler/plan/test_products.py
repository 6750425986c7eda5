from __future__ import annotations

from dataclasses import replace

import pytest

from nnfpga.compiler.device import Device, Timing
from nnfpga.compiler.graph import Graph, Layer
from nnfpga.compiler.plan import Cost, Estimate, Folded, Goal, Implementation, Product, allot, make_plan, total_cost

from .test_plan import GRAPH, SMALL
from .test_plan import model as without_products

CHIP = Device("chip", "ice40", 1000, 1000, 16, 4096, 8, Timing(1, 0.2, 2, 3), factor=16)


def test_unsigned_factors_beside_signed_ones_have_a_bit_more() -> None:
    assert Product.of((8, False), (6, True)) == Product(9, 6)
    assert Product.of((8, False), (6, False)) == Product(8, 6, signed=False)
    assert Product.of((4, True), (7, True), 3) == Product(7, 4, count=3)


def test_luts_are_rows_of_sums() -> None:
    """See nnfpga.tools.yosys: signed 8x6 takes 70 LUTs of iCE40, 8x8 takes 100 where there are no signs."""
    assert Product(8, 6).luts == 68
    assert Product(8, 8, signed=False).luts == 97


@pytest.mark.parametrize(
    ("wide", "narrow", "blocks"), [(16, 16, 1), (17, 16, 2), (17, 17, 4), (32, 3, 2), (33, 3, 3), (8, 3, 1), (8, 2, 0)]
)
def test_blocks_of_a_product(wide: int, narrow: int, blocks: int) -> None:
    assert Product(wide, narrow).blocks(CHIP) == blocks


def test_the_largest_get_the_blocks() -> None:
    kinds = [Product(6, 4, count=5), Product(9, 8, count=3), Product(8, 2, count=4), Product(8, 6, count=7)]
    assert allot(kinds, CHIP) == [0, 3, 0, 5]
    assert allot(kinds, replace(CHIP, dsps=12)) == [2, 3, 0, 7]
    assert allot(kinds, replace(CHIP, dsps=0)) == [0, 0, 0, 0]


def test_what_needs_more_blocks_than_are_left_leaves_them_to_smaller_ones() -> None:
    assert allot([Product(32, 32), Product(9, 8), Product(32, 16, count=9)], replace(CHIP, dsps=3)) == [0, 1, 1]


def test_equal_ones_get_them_as_listed() -> None:
    assert allot([Product(8, 8, count=6), Product(8, 8, count=6)], CHIP) == [6, 2]


def test_cost_with_blocks() -> None:
    products = (Product(8, 8, count=6), Product(4, 4, count=6))
    cost = Cost(Estimate(1000.0, 0.2), Estimate(50.0), products=products)
    blocked = cost.with_blocks(CHIP)
    assert blocked.dsp.value == 8
    assert blocked.lut == Estimate(1000 - 6 * Product(8, 8).luts - 2 * Product(4, 4).luts, 0.2)
    assert cost.with_blocks(SMALL) == replace(cost, products=())


def model(graph: Graph, layer: Layer, choice: Implementation, device: Device) -> Cost:
    """The made-up cost, where a multiplier's hundred LUTs are a product's."""
    cost = without_products(graph, layer, choice, device)
    if isinstance(choice, Folded):
        return replace(cost, products=(Product(9, 8, count=choice.pe * choice.simd),))
    return cost


def test_blocks_make_room_for_more_products_a_cycle() -> None:
    """800 LUTs are 6 products of 100; 8 blocks take 89 LUTs of a product each, which leaves room for 12."""
    units: dict[int, int] = {}
    for blocks in (0, 8):
        device = replace(CHIP, dsps=blocks)
        plan = make_plan(GRAPH, device, Goal.THROUGHPUT, 25.0, model)
        cost = total_cost(GRAPH, plan, device, model).with_blocks(device)
        assert cost.lut.value <= 0.8 * device.luts
        assert cost.dsp.value <= blocks
        matrix = plan.choices["fc"]
        assert isinstance(matrix, Folded)
        units[blocks] = matrix.pe * matrix.simd
    assert units == {0: 6, 8: 12}
