"""Two scalar layers as one: the same integers, one layer less, never where the first has another reader."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nnfpga.compiler.exact import fractions
from nnfpga.compiler.graph import Graph, Tensor
from nnfpga.compiler.layers.rearrange import Rearrange
from nnfpga.compiler.layers.scalar import Scalar
from nnfpga.compiler.number import Number
from nnfpga.compiler.passes.compose_scalars import compose_scalars
from nnfpga.compiler.scalar.functions import Affine, Relu
from nnfpga.compiler.scalar.pieces import Pieces
from nnfpga.compiler.scalar.quantizer import Quantizer, Rounding
from nnfpga.compiler.scalar.solve import solve

UNITS = st.fractions(Fraction(1, 50), Fraction(3), max_denominator=1000)


def quantised(high: int, unit: Fraction, shift: float = 0.0) -> Pieces:
    q = Quantizer(fractions([unit]), -128, 127, Rounding.HALF_EVEN)
    chain = (Affine(np.array([1.0]), np.array([shift])), Relu())
    return solve(chain, q, -high, high, Fraction(1), Fraction(0), 0)


def graph_of(outputs: tuple[str, ...], high: int, first: list[Pieces], second: list[Pieces]) -> Graph:
    x = Tensor("x", (2,), Number.of(-high, high), fractions([1]), fractions([0]))
    layers = (
        Scalar("a", ("x",), tuple(first), fractions([1])),
        Scalar("b", ("a",), tuple(second), fractions([1])),
        Rearrange("c", ("b",), np.array([1, 0])),
    )
    return Graph((x,), layers, outputs)


@given(st.sampled_from([100, 5000]), UNITS, UNITS, st.booleans(), st.booleans())
def test_the_same_integers(high: int, inner: Fraction, outer: Fraction, first_one: bool, second_one: bool) -> None:
    first = [quantised(high, inner), quantised(high, inner + 1, 0.3)][: 2 - first_one]
    second = [quantised(128, outer), quantised(128, outer / 2, -3.7)][: 2 - second_one]
    graph = graph_of(("c",), high, first, second)
    composed = compose_scalars(graph)
    composed.verify()
    x = np.stack([np.arange(-high, high + 1), np.arange(high, -high - 1, -1)], axis=-1)
    assert np.array_equal(composed.evaluate(x)["c"], graph.evaluate(x)["c"])


def test_steps_compose_and_other_readers_stay() -> None:
    first, second = [quantised(5000, Fraction(317, 10))], [quantised(128, Fraction(5, 3))]
    assert [layer.name for layer in compose_scalars(graph_of(("c",), 5000, first, second)).layers] == ["b", "c"]
    assert len(compose_scalars(graph_of(("c", "a"), 5000, first, second)).layers) == 3
    assert len(compose_scalars(graph_of(("b",), 5000, first, second)).layers) == 3
