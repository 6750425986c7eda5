"""Reductions are done on tensors as they are, without a change of layout in front of them."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from nnfpga.compiler.layers.dense import Linear
from nnfpga.compiler.layers.rearrange import RealRearrange
from nnfpga.compiler.layers.reduction import ReduceExtreme, ReduceSum
from nnfpga.compiler.layers.scalar import Apply
from nnfpga.compiler.passes.fold_layout import fold_layout
from nnfpga.compiler.real import Op, RealGraph, RealInput
from nnfpga.compiler.scalar.functions import Relu

SHAPE = (2, 4, 3)


def turned(*behind: Op, axes: tuple[int, ...] = (2, 0, 1)) -> RealGraph:
    """A ReLU on a tensor, its axes in another order, and operations that read this one."""
    index = np.arange(24).reshape(SHAPE).transpose(axes)
    ops = (Linear("m", ("x",), np.eye(3)), Apply("r", ("m",), Relu()), RealRearrange("t", ("r",), index), *behind)
    return RealGraph((RealInput("x", SHAPE),), ops, (behind[-1].name,))


def test_text() -> None:
    weight = np.arange(6).reshape(2, 3) / 8
    average = turned(
        ReduceSum("avg", ("t",), (1, 2), 8),
        RealRearrange("flat", ("avg",), np.arange(3)),
        Linear("y", ("flat",), weight),
    )
    assert f"{average}becomes\n{fold_layout(average)}" == (
        "input %x: 2x4x3\n"
        "%m: 2x4x3 = linear %x\n"
        "%r: 2x4x3 = apply %m\n"
        "%t: 3x2x4 = realrearrange %r\n"
        "%avg: 3x1x1 = reducesum %t\n"
        "%flat: 3 = realrearrange %avg\n"
        "%y: 2 = linear %flat\n"
        "output %y\n"
        "becomes\n"
        "input %x: 2x4x3\n"
        "%m: 2x4x3 = linear %x\n"
        "%r: 2x4x3 = apply %m\n"
        "%avg_unturned: 1x1x3 = reducesum %r\n"
        "%flat: 3 = realrearrange %avg_unturned\n"
        "%y: 2 = linear %flat\n"
        "output %y\n"
    )


@pytest.mark.parametrize("axes", list(permutations(range(3))))
@pytest.mark.parametrize("over", [(0,), (1,), (2,), (0, 2), (0, 1, 2)])
def test_the_function_stays(axes: tuple[int, ...], over: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).normal(size=(5, *SHAPE))
    for reduction in (ReduceSum("y", ("t",), over, 4), ReduceExtreme("y", ("t",), over, least=True)):
        graph = turned(reduction, axes=axes)
        after = fold_layout(graph)
        was, now = graph.evaluate(x), after.evaluate(x)
        assert np.allclose(was["y"], now["y"], rtol=0, atol=1e-12)
        reduce = next(op for op in after.ops if isinstance(op, ReduceSum | ReduceExtreme))
        assert reduce.inputs == ("r",)
        for layout in after.layouts.get(reduce.name, ()):
            assert np.allclose(
                was[layout.name].reshape(5, -1), now[reduce.name].reshape(5, -1)[:, layout.order.reshape(-1)]
            )


def test_what_is_no_exchange_of_axes_stays_in_front() -> None:
    index = np.arange(24).reshape(4, 6)
    graph = turned(RealRearrange("s", ("t",), index), ReduceSum("y", ("s",), (1,)))
    after = fold_layout(graph)
    x = np.random.default_rng(0).normal(size=(5, *SHAPE))
    assert np.allclose(graph.evaluate(x)["y"], after.evaluate(x)["y"], rtol=0, atol=1e-12)
    assert any(isinstance(op, RealRearrange) and op.index.shape == (4, 6) for op in after.ops)
