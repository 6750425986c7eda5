"""Functions that read sums count from what these count from: no sum is made once more for its constant."""

from __future__ import annotations

from importlib import import_module

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnfpga.compiler.circuit.ir import Builder, Circuit, Lookup
from nnfpga.compiler.circuit.passes import optimise
from nnfpga.compiler.circuit.wiring import shown, wires_of
from nnfpga.compiler.exact import fractions
from nnfpga.compiler.functions.choose import Effort, candidates
from nnfpga.compiler.functions.network import Fabric
from nnfpga.compiler.functions.target import Target
from nnfpga.compiler.graph import Graph, Tensor
from nnfpga.compiler.layers.dense import Dense
from nnfpga.compiler.layers.scalar import Quantize
from nnfpga.compiler.number import Number
from nnfpga.compiler.passes import loosen
from nnfpga.compiler.passes.entries import Entries
from nnfpga.compiler.passes.word_bases import word_bases
from nnfpga.compiler.scalar.functions import Sigmoid
from nnfpga.compiler.scalar.quantizer import Quantizer
from nnfpga.compiler.weights.dense import Dense as Matrix

X = np.stack(np.meshgrid(np.arange(-64, 64, 3), np.arange(-64, 64, 5)), axis=-1).reshape(-1, 2)
WEIGHTS = np.array([[7, -12], [-20, 9]])


def quick(target: Target) -> Circuit | None:
    """The best unit of a short search."""
    found = candidates([target], Fabric(4, absorbs=False), Effort(3, 300, 1, 600, 600), 1, lambda _: None)
    return found[0].circuit if found else None


def graph_of() -> Graph:
    """Sigmoids of two sums of two numbers in -1 .. 1."""
    x = Tensor("x", (2,), Number.of(-64, 63), fractions([1]) / 64, fractions([0]))
    sums = Dense("s", ("x",), Matrix(WEIGHTS), fractions([1, 1]) / 8)
    middle = Graph((x,), (sums,), ("s",)).tensors["s"]
    last = Quantize("y", ("s",), Quantizer(fractions([1]) / 256, 0, 255)).chain(middle, (Sigmoid(),))
    return Graph((x,), (sums, last), ("y",))


def circuit_of(graph: Graph) -> Circuit:
    """The graph as an optimised circuit."""
    builder = Builder(tuple(graph.inputs[0].number.elements(graph.inputs[0].shape)))
    values = {"x": builder.start()}
    for layer in graph.layers:
        values[layer.name] = layer.expand(builder, *(values[n] for n in layer.inputs))
    return optimise(builder.finish(values[graph.outputs[0]]))


def constants(circuit: Circuit) -> int:
    """Sums whose bits are read and that need a constant first."""
    wires = wires_of(circuit)
    return sum(wires.words[v].missing(s.bits, s.residue) != 0 for v, s in shown(circuit).items() if v in wires.sums)


def test_no_constant_is_added_before_a_function(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = graph_of()
    expected = 1 / (1 + np.exp(-(X / 64) @ (WEIGHTS / 8).T))
    found = loosen(graph, X, expected, 0.03, quick).graph
    circuit = circuit_of(found)
    assert np.abs(found.tensors["y"].real(found.evaluate(X)["y"]) - expected).max() <= 0.03
    assert (circuit.evaluate(X) == found.evaluate(X)["y"]).all()
    assert constants(circuit) == 0
    module = import_module("nnfpga.compiler.passes.loosen")
    monkeypatch.setattr(module, "word_bases", lambda graph, name: [0] * graph.tensors[name].size)
    assert constants(circuit_of(loosen(graph, X, expected, 0.03, quick).graph)) > 0


def test_only_sums_have_bases() -> None:
    graph = graph_of()
    assert word_bases(graph, "x") == word_bases(graph, "y") == [0, 0]
    assert all(word_bases(graph, "s"))


@given(st.integers(-99, 99), st.integers(1, 60), st.integers(1, 3), st.integers(0, 4), st.integers(-70, 70))
def test_entries_count_from_their_base(low: int, span: int, step: int, more: int, base: int) -> None:
    """Circuit, table and index agree; each integer is in the entry whose middle is nearest, and middles are integers
    of the domain."""
    high = low + span * step
    tensor = Tensor("v", (2,), Number.of([low, low], [high, high], [step, step]), fractions([1]), fractions([0]))
    (entries, other) = (e.coarser(more) for e in Entries.of(tensor, 2, [base, base + 1]))
    assert (entries.base, other.base) == (base, base + 1)
    values, outputs = np.arange(low, high + 1, step), np.arange(entries.count) * 3 % 7
    index = entries.index(values)
    assert index.min() >= 0
    assert index.max() < entries.count
    assert (entries.table(outputs)(values) == outputs[index]).all()
    unit = Builder((Number.of(entries.first, entries.first + entries.count - 1),))
    read = unit.add(Lookup(unit.start()[0], entries.first, tuple(outputs.tolist())))
    circuit = entries.circuit(unit.finish([read]))
    assert (circuit.evaluate(values[:, None])[:, 0] == outputs[index]).all()
    assert (np.abs(entries.values[index] - values) < 1 << entries.zeros).all()
    assert ((entries.values >= low) & (entries.values <= high)).all()
