"""What sums stand on their wires as: a distance from a base, which a function that reads their bits can count from."""

from __future__ import annotations

from ..circuit.ir import AtLeast, Builder
from ..circuit.passes import optimise
from ..circuit.wiring import wires_of
from ..graph import Graph
from ..layers.dense import Dense
from ..layers.join import Summation
from ..layers.reduction import SumReduction

__all__ = ["word_bases"]

EFFORT = 4  # of the search for shared sums, as unrolled layers have it


def word_bases(graph: Graph, name: str) -> list[int]:
    """For each element of a tensor of sums what its word counts from; zeros for any other tensor.

    Where the circuit is built in another way in the end, another base costs a sum and no error.
    """
    maker = next((layer for layer in graph.layers if layer.name == name), None)
    if not isinstance(maker, Dense | Summation | SumReduction):
        return [0] * graph.tensors[name].size
    (source,) = graph.inputs
    builder = Builder(tuple(source.number.elements(source.shape)), effort=EFFORT)
    values = {source.name: builder.start()}
    for layer in graph.layers[: graph.layers.index(maker) + 1]:
        values[layer.name] = layer.expand(builder, *(values[n] for n in layer.inputs))
    circuit = optimise(builder.finish(values[name]))
    read = Builder(circuit.inputs, nodes=[*circuit.nodes], ranges=[*circuit.ranges])
    bits = [read.add(AtLeast(o, circuit.ranges[o].low + 1)) for o in circuit.outputs]  # which takes any base
    words = wires_of(read.finish(bits)).words
    return [words[o].positive.base for o in circuit.outputs]
