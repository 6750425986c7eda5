"""Functions that share an error budget: the bound holds, the circuit has their values, logic is saved."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnfpga.compiler.circuit.ir import Builder, Circuit, Lookup
from nnfpga.compiler.exact import Ints, fractions
from nnfpga.compiler.functions.choose import Effort, candidates
from nnfpga.compiler.functions.network import Fabric
from nnfpga.compiler.functions.target import Target
from nnfpga.compiler.graph import Graph, Tensor
from nnfpga.compiler.layers.reduction import SumReduction
from nnfpga.compiler.layers.scalar import Quantize
from nnfpga.compiler.number import Number
from nnfpga.compiler.passes import cut_input, loosen
from nnfpga.compiler.real import Reals
from nnfpga.compiler.scalar.functions import Sigmoid
from nnfpga.compiler.scalar.quantizer import Quantizer
from nnfpga.compiler.scalar.rational import PerChannel, Quadratic

QUICK = Effort(starts=3, first=300, kept=1, longer=600, last=600)
X = np.stack(np.meshgrid(np.arange(-128, 128), np.arange(-128, 128, 15)), axis=-1).reshape(-1, 2)
SQUARES = PerChannel((Quadratic(1.0, 0.5, 0.0), Quadratic(0.75, -1.0, 0.0)))


def quick(target: Target) -> Circuit | None:
    """The best unit of a short search."""
    found = candidates([target], Fabric(4, absorbs=False), QUICK, 1, lambda _: None)
    return found[0].circuit if found else None


def graph_of() -> Graph:
    """``sigmoid(x0^2 + x0/2 + 3/4 x1^2 - x1)`` of two numbers in -1 .. 1, inside with 10 bits."""
    x = Tensor("x", (2,), Number.of(-128, 127), fractions([1]) / 128, fractions([0]))
    squares = Quantize("q", ("x",), Quantizer(fractions([1]) / 256, -512, 511)).chain(x, (SQUARES,))
    total = SumReduction("s", ("q",), (0,), (2,), 1)
    middle = Graph((x,), (squares, total), ("s",)).tensors["s"]
    last = Quantize("y", ("s",), Quantizer(fractions([1]) / 1024, 0, 1023)).chain(middle, (Sigmoid(),))
    return Graph((x,), (squares, total, last), ("y",))


def expected(x: Ints) -> Reals:
    """The function in float64."""
    real = x / 128
    return 1 / (1 + np.exp(-(real**2 @ [1, 0.75] + real @ [0.5, -1]))).reshape(-1, 1)


def circuit_of(graph: Graph) -> Circuit:
    """The graph as scalars."""
    builder = Builder(tuple(graph.inputs[0].number.elements(graph.inputs[0].shape)))
    values = {"x": builder.start()}
    for layer in graph.layers:
        values[layer.name] = layer.expand(builder, *(values[n] for n in layer.inputs))
    return builder.finish(values[graph.outputs[0]])


def error(graph: Graph, x: Ints) -> float:
    """The greatest error."""
    return float(np.abs(graph.tensors["y"].real(graph.evaluate(x)["y"]) - expected(x)).max())


@settings(deadline=None, max_examples=4)
@given(st.floats(0.004, 0.05), st.integers(6, 8))
def test_results_are_within_the_error_and_equal_the_circuit(budget: float, bits: int) -> None:
    graph = cut_input(graph_of(), bits)
    before = error(graph, X)
    if before > budget:
        with pytest.raises(ValueError, match="error must be within"):
            loosen(graph, X, expected(X), budget, quick)
        return
    found = loosen(graph, X, expected(X), budget, quick)
    assert found.error == error(found.graph, X) <= budget
    circuit = circuit_of(found.graph)
    circuit.verify()
    every = np.stack(np.meshgrid(np.arange(-128, 128), np.arange(-128, 128)), axis=-1).reshape(-1, 2)
    assert (circuit.evaluate(every) == found.graph.evaluate(every)["y"]).all()


def test_a_greater_error_takes_less_logic() -> None:
    sizes = [len(circuit_of(loosen(graph_of(), X, expected(X), e, quick).graph).nodes) for e in (0.005, 0.02, 0.08)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 1.5 * sizes[-1]


def test_where_there_is_no_unit_the_table_stays() -> None:
    found = loosen(graph_of(), X, expected(X), 0.02, lambda _: None)
    circuit = circuit_of(found.graph)
    assert sum(isinstance(node, Lookup) for node in circuit.nodes) == 3
    assert (circuit.evaluate(X) == found.graph.evaluate(X)["y"]).all()
    assert error(found.graph, X) <= 0.02


def test_a_cut_input_is_read_in_the_middle() -> None:
    graph = graph_of()
    cut = cut_input(graph, 5)
    middle = (X >> 3 << 3) + 4
    assert (cut.evaluate(X)["y"] == graph.evaluate(middle)["y"]).all()
    assert cut_input(graph, 8) is graph
