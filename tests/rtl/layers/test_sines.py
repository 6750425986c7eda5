from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from nnfpga.compiler.circuit.ir import Circuit
from nnfpga.compiler.exact import fractions
from nnfpga.compiler.functions.choose import Effort, candidates
from nnfpga.compiler.functions.network import Fabric
from nnfpga.compiler.functions.target import Target
from nnfpga.compiler.graph import Tensor
from nnfpga.compiler.layers.sines import Sines, Waves, table
from nnfpga.compiler.number import Number
from nnfpga.compiler.passes.choose_waves import choose_waves
from nnfpga.rtl.beat import Edge
from nnfpga.rtl.layers.sines import FoldedSines

QUICK = Effort(starts=2, first=200, kept=1, longer=300, last=300)


def layer_and_input(bits: int, outputs: int, inputs: int, low: int = 0) -> tuple[Sines, Tensor, np.ndarray]:
    rng, n = np.random.default_rng(bits), 1 << bits
    angles = rng.integers(-n, n, (outputs, inputs))
    angles[0, 0], angles[-1, -1] = -n, n - 1
    x = Tensor("x", (inputs,), Number.of(low, n - 1), fractions([Fraction(1)]), fractions([0]))
    data = rng.integers(low, n, (7, inputs))
    data[0], data[-1] = low, n - 1
    return Sines("y", ("x",), angles, Waves.of(bits, n), Fraction(1)), x, data


def check(harness: Any, layer: Sines, x: Tensor, data: np.ndarray, pe: int, simd: int, wrong: int = 0) -> Any:
    i, o = Edge.of(x, simd), Edge.of(layer.infer(x), pe)
    return harness.check(lambda: FoldedSines(layer.angles, layer.waves, i, o), i, o, data, layer.evaluate(data) + wrong)


@pytest.mark.parametrize(("pe", "simd"), [(1, 1), (2, 1), (1, 3), (2, 6)])
@pytest.mark.parametrize("bits", [1, 3, 6])
def test_every_fold(harness: Any, bits: int, pe: int, simd: int) -> None:
    check(harness, *layer_and_input(bits, 4, 6), pe, simd)


@pytest.mark.parametrize(("bits", "low"), [(1, 0), (3, 0), (3, 5)])
def test_products_as_one_function(harness: Any, bits: int, low: int) -> None:
    layer, x, data = layer_and_input(bits, 2, 4, low)
    product = table(0, layer.waves.products_within(0.5)[0].tolist())
    check(harness, replace(layer, waves=replace(layer.waves, product=product)), x, data, 1, 2)


@pytest.mark.parametrize("bits", [2, 4])
def test_logic_that_was_chosen(harness: Any, bits: int) -> None:
    def quick(target: Target) -> Circuit:
        return candidates([target], Fabric(4, absorbs=False), QUICK, 1, lambda _: None)[0].circuit

    layer, x, data = layer_and_input(bits, 2, 4)
    check(harness, replace(layer, waves=choose_waves(Waves.of(bits, 7.3), quick)), x, data, 1, 2)


def test_inputs_above_zero(harness: Any) -> None:
    check(harness, *layer_and_input(4, 2, 4, low=3), 1, 2)


def test_the_harness_notices(harness: Any) -> None:
    with pytest.raises(AssertionError, match="first wrong"):
        check(harness, *layer_and_input(3, 2, 4), 1, 1, wrong=1)
