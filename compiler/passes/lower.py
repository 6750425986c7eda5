"""From a quantised real network to the integer graph that has its meaning."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import CompileError, Problem
from ..exact import fractions
from ..graph import Graph, Layer, Tensor
from ..layers.host_affine import HostAffine
from ..layers.rearrange import RealRearrange
from ..layers.scalar import Apply, Quantize, exact_scalar
from ..number import Number
from ..real import Op, RealGraph
from ..scalar.functions import Function, Kinked

__all__ = ["lower"]

MOST_FUNCTIONS = 200
"""Of a chain between two quantisers: each is solved within the next."""


def lower(graph: RealGraph) -> Graph:
    """Integer layers: each chain of element-wise functions up to a quantiser becomes one scalar layer.

    A quantiser of an input, with the change of order and the affine function before it, becomes the input's format: the
    host applies them.

    Raises
    ------
    CompileError
        naming every node that has no integer meaning.
    """
    return Lowering(graph).run()


class Lowering:
    """One run of the pass: the layers made so far, and the chains that wait for a quantiser."""

    def __init__(self, graph: RealGraph) -> None:
        self.graph = graph
        self.tensors: dict[str, Tensor] = {}
        self.chains: dict[str, tuple[str, tuple[Function, ...]]] = {i.name: (i.name, ()) for i in graph.inputs}
        self.inputs: list[Tensor] = []
        self.layers: list[Layer] = []

    def run(self) -> Graph:
        """The integer graph."""
        problems: list[Problem] = []
        missing: set[str] = set()  # what reads these is not reported again
        for op in self.graph.ops:
            if not missing.isdisjoint(op.inputs):
                missing.add(op.name)
                continue
            try:
                self.lower(op)
            except CompileError as error:
                problems += error.problems
                missing.add(op.name)
        if problems:
            raise CompileError(problems)
        for name in self.graph.outputs:
            self.integers(name, name, lambda _: True)
        result = Graph(tuple(self.inputs), tuple(self.layers), self.graph.outputs)
        result.verify()
        return result

    def lower(self, op: Op) -> None:
        """Make an operation's layer, with what must stand before it; an element-wise function waits."""
        source, functions = self.chains.get(op.inputs[0], (op.inputs[0], ()))
        if isinstance(op, Apply):
            if len(functions) == MOST_FUNCTIONS:
                what = f"it is one of more than {MOST_FUNCTIONS} functions on top of each other"
                raise CompileError([Problem(op.node, what, "leave out those that change nothing")])
            self.chains[op.name] = (source, (*functions, op.function))
        elif isinstance(op, RealRearrange) and source in self.chains and source not in self.tensors:
            self.chains[op.name] = (op.name, ())  # the host sends the elements in this order, see ends.py
        elif isinstance(op, HostAffine) and source not in self.tensors:
            self.chains[op.name] = (op.name, ())  # the host applies it, see ends.py
        elif isinstance(op, Quantize) and source not in self.tensors:  # the host applies it, see ends.py
            q = op.quantizer
            if q.low is None or q.high is None:
                raise CompileError([Problem(op.node, "the first quantiser has no bounds", "quantise the input first")])
            number = Number.of(q.low, q.high, q.step)
            self.tensors[op.name] = Tensor(op.name, self.graph.shapes[op.name], number, q.scale, fractions([0]))
            self.inputs.append(self.tensors[op.name])
        elif isinstance(op, Quantize):
            self.append(op.chain(self.tensors[source], functions))
        else:
            self.append(op.lower(*(self.integers(name, op.node, op.accepts) for name in op.inputs)))

    def append(self, layer: Layer) -> Tensor:
        """Add a layer; give its result."""
        self.layers.append(layer)
        self.tensors[layer.name] = layer.infer(*(self.tensors[name] for name in layer.inputs))
        return self.tensors[layer.name]

    def integers(self, name: str, node: str, accepts: Callable[[Tensor], bool]) -> Tensor:
        """A tensor that may be read: a chain that no quantiser ends keeps its exact value, in as many bits as it takes.

        Raises
        ------
        CompileError
            where its value has no exact form.
        """
        if name not in self.tensors:
            source, functions = self.chains.get(name, (name, ()))
            if source not in self.tensors:
                raise CompileError([Problem(node, "its input is not quantised", "quantise the model first")])
            straight = [f for f in functions if isinstance(f, Kinked)]
            if len(straight) < len(functions):
                raise CompileError([Problem(node, "its input is not quantised", "quantise the model first")])
            self.append(exact_scalar(name, self.tensors[source], straight, together=False))
        tensor = self.tensors[name]
        if accepts(tensor):
            return tensor
        aligned = f"{name}_aligned"
        return self.tensors.get(aligned) or self.append(exact_scalar(aligned, tensor, (), together=True))
