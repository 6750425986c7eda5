"""Functions with freedom: how far they are off, that the circuit has their values, and what is left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nnfpga.compiler.circuit.ir import Builder, Circuit, Lookup
from nnfpga.compiler.exact import fractions
from nnfpga.compiler.functions.choose import Effort, candidates
from nnfpga.compiler.functions.network import Fabric
from nnfpga.compiler.functions.target import Target
from nnfpga.compiler.graph import Graph, Tensor
from nnfpga.compiler.layers.scalar import Quantize, Scalar
from nnfpga.compiler.number import Number
from nnfpga.compiler.passes import choose_functions
from nnfpga.compiler.scalar.functions import Affine, Function, Sigmoid
from nnfpga.compiler.scalar.quantizer import Quantizer

QUICK = Effort(starts=3, first=300, kept=1, longer=600, last=600)
UNIT = fractions([1]) / 64


def quick(target: Target) -> Circuit | None:
    """The best unit of a short search."""
    return candidates([target], Fabric(4, absorbs=False), QUICK, 1, lambda _: None)[0].circuit


def graph_of(freedom: int, *functions: Function) -> Graph:
    """Functions of two numbers, rounded to 64ths."""
    x = Tensor("x", (2,), Number.of(-60, 100), fractions([1]) / 16, fractions([0]))
    layer = Quantize("y", ("x",), Quantizer(UNIT, 0, 63, freedom=freedom)).chain(x, functions)
    return Graph((x,), (layer,), ("y",))


@pytest.mark.parametrize("freedom", [1, 2])
def test_values_are_off_by_the_freedom_at_most(freedom: int) -> None:
    graph = graph_of(freedom, Sigmoid())
    new = choose_functions(graph, quick)
    x = np.repeat(np.arange(-60, 101), 2).reshape(-1, 2)
    old, values = graph.evaluate(x)["y"], new.evaluate(x)["y"]
    assert 0 < abs(values - old).max() <= freedom
    assert values.min() >= old.min()
    assert values.max() <= old.max()
    (layer,) = new.layers
    builder = Builder(tuple(x_i for x_i in graph.inputs[0].number.elements((2,))))
    circuit = builder.finish(layer.expand(builder, builder.start()))
    circuit.verify()
    assert not any(isinstance(node, Lookup) for node in circuit.nodes)
    assert (circuit.evaluate(x) == values).all()
    number = new.tensors["y"].number.union()
    assert [circuit.ranges[o][:2] for o in circuit.outputs] == [(int(number.low), int(number.high))] * 2
    assert f"at most {freedom} off" in str(new)


def test_what_is_rounded_exactly_stays() -> None:
    """Straight functions, quantisers without freedom, functions for which a table is better."""
    straight = graph_of(1, Affine(fractions([3]), fractions([1])))
    for graph, units in ((straight, quick), (graph_of(0, Sigmoid()), quick), (graph_of(1, Sigmoid()), lambda _: None)):
        (before,), (after,) = graph.layers, choose_functions(graph, units).layers
        assert after is before


def test_many_functions_stay() -> None:
    """One of each channel would take minutes."""
    graph = graph_of(1, Sigmoid())
    (layer,) = graph.layers
    assert isinstance(layer, Scalar)
    many = Graph(graph.inputs, (replace(layer, pieces=layer.pieces * 9),), graph.outputs)
    assert choose_functions(many, quick).layers == many.layers
