"""Two linear layers become one, neurons that are constant leave; the real function stays."""

from __future__ import annotations

import numpy as np
import pytest

from nnfpga.compiler.exact import fractions
from nnfpga.compiler.layers.convolution import Convolve
from nnfpga.compiler.layers.dense import Linear
from nnfpga.compiler.layers.pooling import MaxPool
from nnfpga.compiler.layers.scalar import Apply
from nnfpga.compiler.layers.window import Window
from nnfpga.compiler.passes import simplify, within
from nnfpga.compiler.passes.collapse import collapse
from nnfpga.compiler.real import Op, RealGraph, RealInput
from nnfpga.compiler.scalar.functions import Affine, Clip, Relu

RNG = np.random.default_rng(0)
POINT = Window((1, 1), (1, 1), (0, 0), (0, 0), (1, 1))
SQUARE = Window((3, 3), (1, 1), (1, 1), (1, 1), (1, 1))


def bias(name: str, source: str, *values: float) -> Apply:
    return Apply(name, (source,), Affine(np.ones(1), np.array(values)))


def weights(*shape: int) -> np.ndarray:
    return RNG.integers(1, 9, shape) / 8


def network(shape: tuple[int, ...], *ops: Op) -> RealGraph:
    return RealGraph((RealInput("x", shape),), ops, (ops[-1].name,))


def same(before: RealGraph, after: RealGraph, x: np.ndarray) -> None:
    (end,), y = before.outputs, after.evaluate(x)
    assert after.outputs == (end,)
    assert np.allclose(before.evaluate(x)[end], y[end], rtol=0, atol=1e-9)


def test_text_of_matrices() -> None:
    graph = network(
        (6,),
        Linear("a", ("x",), weights(4, 6)),
        bias("ab", "a", 1, 2, 3, 4),
        Linear("b", ("ab",), weights(3, 4)),
        bias("y", "b", 5, 6, 7),
    )
    after = simplify(graph)
    assert f"{graph}becomes\n{after}" == (
        "input %x: 6\n%a: 4 = linear %x\n%ab: 4 = apply %a\n%b: 3 = linear %ab\n%y: 3 = apply %b\noutput %y\n"
        "becomes\n"
        "input %x: 6\n%b_sum: 3 = linear %x\n%y: 3 = apply %b_sum\noutput %y\n"
    )
    same(graph, after, RNG.normal(size=(20, 6)))


def test_what_would_enlarge_or_is_coded_or_read_twice_stays() -> None:
    wide = network((9,), Linear("a", ("x",), weights(2, 9)), Linear("y", ("a",), weights(9, 2)))
    assert collapse(wide) is wide
    sparse = weights(9, 2)
    sparse[2:] = 0  # the product has as many zero rows
    thin = network((9,), Linear("a", ("x",), weights(2, 9)), Linear("y", ("a",), sparse))
    assert len(collapse(thin).ops) == 1
    coded = Linear("y", ("a",), weights(3, 4), scale=fractions(np.full(3, 0.125)))
    for last in (coded, Linear("y", ("a",), weights(3, 4))):
        graph = network((6,), Linear("a", ("x",), weights(4, 6)), last)
        assert len(collapse(graph).ops) == (2 if last is coded else 1)
        assert collapse(graph.replace(graph.ops, ("y", "a"))).ops == graph.ops


@pytest.mark.parametrize("point_first", [False, True])
def test_convolutions(point_first: bool) -> None:
    spatial, point = (
        Convolve("a", ("x",), weights(8, 3, 3, 2), SQUARE, 1),
        Convolve("y", ("a",), weights(2, 1, 1, 8), POINT, 1),
    )
    if point_first:
        spatial = Convolve("y", ("a",), weights(2, 3, 3, 8), SQUARE, 1)
        point = Convolve("a", ("x",), weights(8, 1, 1, 2), POINT, 1)
    graph = network((5, 4, 2), *((point, spatial) if point_first else (spatial, point)))
    after = collapse(graph)
    assert str(after) == "input %x: 5x4x2\n%y: 5x4x2 = convolve %x\noutput %y\n"
    same(graph, after, RNG.normal(size=(6, 5, 4, 2)))


def test_a_convolution_that_would_hardly_shrink_stays() -> None:
    graph = network(
        (5, 4, 2),
        Convolve("a", ("x",), weights(3, 3, 3, 2), SQUARE, 1),
        Convolve("y", ("a",), weights(3, 1, 1, 3), POINT, 1),
    )
    assert collapse(graph) is graph  # 54 weights for 63


def test_text_of_a_constant_neuron() -> None:
    first = weights(4, 3)
    first[[1, 2]] = 0
    graph = network(
        (3,),
        Linear("a", ("x",), first),
        bias("ab", "a", 1, 2, -3, 4),
        Apply("r", ("ab",), Relu()),
        Linear("y", ("r",), weights(5, 4)),
    )
    after = simplify(graph)
    assert str(after) == (
        "input %x: 3\n%a: 2 = linear %x\n%ab: 2 = apply %a\n%r: 2 = apply %ab\n"
        "%y_sum: 5 = linear %r\n%y: 5 = apply %y_sum\noutput %y\n"
    )
    same(graph, after, RNG.normal(size=(20, 3)))


@pytest.mark.parametrize(("constant", "left"), [(0.0, 2), (1.0, 3)])
def test_a_constant_channel_in_front_of_padding(constant: float, left: int) -> None:
    first = weights(3, 1, 1, 2)
    first[1] = 0
    graph = network(
        (4, 4, 2),
        Convolve("a", ("x",), first, POINT, 1),
        bias("ab", "a", 1, constant, 2),
        Apply("r", ("ab",), Relu()),
        MaxPool("p", ("r",), Window((2, 2), (1, 1), (0, 0), (0, 0), (1, 1))),
        Convolve("y", ("p",), weights(4, 3, 3, 3), SQUARE, 1),
    )
    after = simplify(graph)
    assert after.shapes["a" if "a" in after.shapes else "a_sum"][-1] == left
    same(graph, after, RNG.normal(size=(6, 4, 4, 2)))


def test_a_stated_range_makes_branches_constant() -> None:
    first = np.array([[1.0, 1.0], [1.0, -1.0], [2.0, 2.0], [-1.0, -1.0]])
    graph = network(
        (2,),
        Linear("a", ("x",), first),
        bias("ab", "a", 0, 0, 4, -1),  # the third is at least 4, where the clip ends, the fourth below zero
        Apply("r", ("ab",), Clip(0.0, 4.0)),
        Linear("y", ("r",), weights(3, 4)),
    )
    after = within(graph, 0.0, 1.0)
    assert (graph.shapes["a"], after.shapes["a"]) == ((4,), (2,))
    same(graph, after, RNG.random((50, 2)))
    assert within(graph, -4.0, 4.0).shapes["a"] == (4,)
