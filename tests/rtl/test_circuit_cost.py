"""The estimate from a circuit against what Yosys makes of it; ``benchmarks/corpus.py`` has many more designs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from amaranth.back import rtlil

from nnfpga.boards.devices import LFE5U_85F
from nnfpga.compiler.exact import fractions
from nnfpga.compiler.graph import Graph, Layer, Tensor
from nnfpga.compiler.layers.arg_max import ArgMax
from nnfpga.compiler.layers.dense import Dense
from nnfpga.compiler.layers.scalar import Scalar
from nnfpga.compiler.number import Number
from nnfpga.compiler.plan import Plan, Unrolled
from nnfpga.compiler.scalar.pieces import Line, Pieces
from nnfpga.compiler.weights import detect
from nnfpga.rtl.network import Network
from nnfpga.tools.recipes import RECIPES
from nnfpga.tools.yosys import synthesise

ONE, ZERO = fractions([1]), fractions([0])


def network(number: Number, weights: int) -> Graph:
    """Two matrices with a saturated shift between them, and an arg-max."""
    rng = np.random.default_rng(0)
    x = Tensor("x", (12,), number, ONE, ZERO)
    first = Dense("a", ("x",), detect(rng.integers(-weights, weights + 1, (8, 12))), np.full(8, ONE[0]))
    sums = first.infer(x).number.broadcast((8,))
    pieces = [
        Pieces.of(int(low), int(high), [Line(int(low), 0, 0, 0), Line(0, 1, 0, 3), Line(15 << 3, 0, 15, 0)])
        for low, high in zip(sums.low, sums.high, strict=True)
    ]
    clip = Scalar("b", ("a",), tuple(pieces), ONE)
    last = Dense("c", ("b",), detect(rng.integers(-weights, weights + 1, (4, 8))), np.full(4, ONE[0]))
    layers: list[Layer] = [first, clip, last, ArgMax("d", ("c",))]
    return Graph((x,), tuple(layers), ("d",))


@pytest.mark.parametrize(("number", "weights"), [(Number.bits(5, False), 15), (Number.of(-1, 1, 2), 7)])
def test_estimates_are_near_what_synthesis_gives(number: Number, weights: int, tmp_path: Path) -> None:
    """LUTs, LUTs of carry chains and flip-flops."""
    graph = network(number, weights)
    plan = Plan(LFE5U_85F.name, 60.0, {layer.name: Unrolled() for layer in graph.layers})
    component = Network(graph, plan, LFE5U_85F)
    text = rtlil.convert(component, name="network", emit_src=False)
    cells = synthesise(text, "ecp5", "network", tmp_path, quick=True, progress=lambda _: None).cells
    made = RECIPES["ecp5"].resources(cells)
    cost = component.estimate()
    assert cost.lut.value == pytest.approx(made["lut"], rel=0.15)
    assert cost.carry.value == pytest.approx(2 * made["carry"], rel=0.15)
    assert cost.ff.value == pytest.approx(made["ff"], rel=0.15)
