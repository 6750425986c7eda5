"""From a quantised real network to the integer graph that has its meaning."""

from __future__ import annotations

from ..errors import CompileError, Problem
from ..exact import fractions
from ..graph import Graph, Layer, Tensor
from ..layers.scalar import Apply, Quantize
from ..number import Number
from ..real import RealGraph
from ..scalar.functions import Function

__all__ = ["lower"]


def lower(graph: RealGraph) -> Graph:
    """Integer layers: each chain of element-wise functions up to a quantiser becomes one scalar layer.

    A quantiser of an input, with the affine function before it, becomes the input's format: the host applies both.

    Raises
    ------
    CompileError
        naming every node that has no integer meaning.
    """
    tensors: dict[str, Tensor] = {}
    chains: dict[str, tuple[str, tuple[Function, ...]]] = {i.name: (i.name, ()) for i in graph.inputs}
    inputs: list[Tensor] = []
    layers: list[Layer] = []
    problems: list[Problem] = []
    for op in graph.ops:
        source, functions = chains.get(op.inputs[0], (op.inputs[0], ()))
        if isinstance(op, Apply):
            chains[op.name] = (source, (*functions, op.function))
            continue
        if isinstance(op, Quantize) and source not in tensors:  # what stands before it, the host applies (ends.py)
            q = op.quantizer
            assert q.low is not None
            assert q.high is not None
            number = Number.of(q.low, q.high, q.step)
            tensors[op.name] = Tensor(op.name, graph.shapes[source], number, q.scale, fractions([0]))
            inputs.append(tensors[op.name])
            continue
        try:
            if isinstance(op, Quantize):
                layer: Layer = op.chain(tensors[source], functions)
            elif functions or source not in tensors:
                raise CompileError([Problem(op.node, "its input is not quantised", "quantise the model first")])
            else:
                layer = op.lower(*(tensors[name] for name in op.inputs))
        except CompileError as error:
            problems += error.problems
            continue
        layers.append(layer)
        tensors[layer.name] = layer.infer(*(tensors[name] for name in layer.inputs))
    if problems:
        raise CompileError(problems)
    result = Graph(tuple(inputs), tuple(layers), graph.outputs)
    result.verify()
    return result
