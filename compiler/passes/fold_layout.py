"""Layout changes go into the weights behind them, or into the order in which the host sends the input.

A layout change is not made where it stands: it waits until something reads the tensor in a way that it cannot follow.
Element-wise operations and joins of equal layouts are done on the tensor as it is, so changes meet and cancel.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import permutations

import numpy as np
import numpy.typing as npt

from ..layers.dense import Linear
from ..layers.join import Sum
from ..layers.rearrange import RealRearrange
from ..layers.reduction import Reduce
from ..layers.scalar import Apply, Quantize
from ..real import Layout, Op, RealGraph, RealInput, Shape

__all__ = ["fold_layout"]

MOST_AXES = 4  # whose orders are tried
Index = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Pending:
    """A tensor that is known as ``source.flat[index]`` of one that has been made."""

    source: str
    index: Index
    node: str


def fold_layout(graph: RealGraph) -> RealGraph:
    """Remove what only reshapes the input, and changes of layout between operations that can do without."""
    return Folding(graph).run()


class Folding:
    """One run of the pass: operations made so far, their shapes, and the changes that wait."""

    def __init__(self, graph: RealGraph) -> None:
        self.graph = graph
        self.inputs = list(graph.inputs)
        self.shapes: dict[str, Shape] = {i.name: i.shape for i in graph.inputs}
        self.ops: list[Op] = []
        self.making: dict[str, Op] = {}
        self.pending: dict[str, Pending] = {}
        self.made: dict[str, str] = {}
        self.layouts: dict[str, tuple[Layout, ...]] = dict(graph.layouts)

    def run(self) -> RealGraph:
        """The graph with the changes that are left."""
        for op in self.graph.ops:
            output = op.name in self.graph.outputs
            match op:
                case RealRearrange():
                    self.rearrange(op, output)
                case Apply() | Quantize() if self.follows(op):
                    self.elementwise(op, output)
                case Sum() if not output and self.together(op):
                    waits = self.known(op.inputs[0])
                    self.append(replace(op, inputs=tuple(self.known(n).source for n in op.inputs)))
                    if not same(waits.index, self.shapes[op.name]):
                        self.pending[op.name] = Pending(op.name, waits.index, waits.node)
                case Linear():
                    self.linear(op)
                case Reduce() if (axes := self.transposed(op.inputs[0])) is not None:
                    self.reduce(op, axes, output)
                case _:
                    self.append(replace(op, inputs=tuple(self.actual(n) for n in op.inputs)))
        return RealGraph(tuple(self.inputs), tuple(self.ops), self.graph.outputs, self.layouts)

    def append(self, op: Op) -> None:
        """Make an operation."""
        self.ops.append(op)
        self.making[op.name] = op
        self.shapes[op.name] = op.shape(*(self.shapes[n] for n in op.inputs))

    def stands_for(self, tensor: str, name: str, order: Index) -> None:
        """Note that a tensor holds another one of the file."""
        self.layouts[tensor] = (*self.layouts.get(tensor, ()), Layout(name, order))

    def known(self, name: str) -> Pending:
        """A tensor as a layout of one that has been made."""
        shape = self.shapes.get(name, ())
        index = np.arange(int(np.prod(shape))).reshape(shape)
        return self.pending.get(name) or Pending(name, index, "")

    def rearrange(self, op: RealRearrange, output: bool) -> None:
        """Let a change wait, merged with the one before; a reshape that alone reads the input changes its shape."""
        before = self.known(op.inputs[0])
        index = before.index.reshape(-1)[op.index]
        source = before.source
        if permutes(index, self.shapes[source]):
            self.stands_for(source, op.name, index)
        place = next((i for i, v in enumerate(self.inputs) if v.name == source), None)
        if place is not None and self.alone(op.inputs[0]) and ordered(index, self.shapes[source]):
            self.inputs[place] = RealInput(source, index.shape)
            self.shapes[source] = index.shape
        if output:
            self.append(replace(op, inputs=(source,), index=index))
        else:
            self.pending[op.name] = Pending(source, index, op.node)

    def alone(self, name: str) -> bool:
        """Whether a tensor has one reader, and so have the layout changes that made it from an input."""
        made = {op.name: op for op in self.graph.ops}
        while len(self.graph.readers(name)) == 1:
            if name not in made:
                return True
            name = made[name].inputs[0]
        return False

    def follows(self, op: Apply | Quantize) -> bool:
        """Whether an element-wise operation can be done before the change that waits on its input."""
        waits = self.known(op.inputs[0])
        source = self.shapes[waits.source]
        channels = op.function.channels if isinstance(op, Apply) else op.quantizer.channels
        if op.inputs[0] not in self.pending or not permutes(waits.index, source):
            return False
        if channels == 1:
            return True
        return waits.index.shape[-1:] == source[-1:] and bool(
            (waits.index % source[-1] == np.arange(source[-1])).all()  # the channels stay what they are
        )

    def together(self, op: Sum) -> bool:
        """Whether the same change waits on every input."""
        first, *rest = (self.known(n) for n in op.inputs)
        shape = self.shapes[first.source]
        alike = all(self.shapes[r.source] == shape and np.array_equal(r.index, first.index) for r in rest)
        return alike and permutes(first.index, shape)

    def elementwise(self, op: Apply | Quantize, output: bool) -> None:
        """Do it on the tensor as it is; the change waits behind it, or is made where the result is an output."""
        waits = self.known(op.inputs[0])
        moves = not same(waits.index, self.shapes[waits.source])
        early = replace(op, name=f"{op.name}_unturned" if output and moves else op.name, inputs=(waits.source,))
        self.append(early)
        if not moves:
            return
        self.stands_for(early.name, op.name, waits.index)
        if output:
            self.append(RealRearrange(op.name, (early.name,), waits.index, node=waits.node))
        else:
            self.pending[op.name] = Pending(op.name, waits.index, waits.node)

    def linear(self, op: Linear) -> None:
        """Permute the columns of a matrix that reads a flattened tensor."""
        waits = self.known(op.inputs[0])
        shape = self.shapes[waits.source]
        if waits.index.ndim != 1 or not permutes(waits.index, shape) or ordered(waits.index, shape):
            return self.append(replace(op, inputs=(self.actual(op.inputs[0]),)))
        weight = np.empty_like(op.weight)
        weight[:, waits.index] = op.weight
        source = waits.source
        if len(shape) != 1:
            source = self.materialise(f"{waits.source}_flat", replace(waits, index=np.sort(waits.index)))
        return self.append(replace(op, inputs=(source,), weight=weight))

    def transposed(self, name: str) -> tuple[int, ...] | None:
        """The order of the source's axes that waits on a tensor; None where the change is no exchange of axes."""
        waits = self.pending.get(name)
        shape = () if waits is None else self.shapes[waits.source]
        if waits is None or len(shape) > MOST_AXES or not permutes(waits.index, shape):
            return None
        for axes in permutations(range(len(shape))):
            turned = np.arange(waits.index.size).reshape(shape).transpose(axes)
            if np.array_equal(turned, waits.index):
                return axes
        return None

    def reduce(self, op: Reduce, axes: tuple[int, ...], output: bool) -> None:
        """Reduce the tensor as it is, over the axes that the file's ones are of it; the change waits behind it."""
        waits = self.known(op.inputs[0])
        over = tuple(sorted(axes[a] for a in op.axes))
        early = replace(op, name=f"{op.name}_unturned", inputs=(waits.source,), axes=over)
        self.append(early)
        shape = self.shapes[early.name]
        index = np.arange(int(np.prod(shape))).reshape(shape).transpose(axes)
        self.stands_for(early.name, op.name, index)
        if output:
            self.append(RealRearrange(op.name, (early.name,), index, node=waits.node))
        else:
            self.pending[op.name] = Pending(early.name, index, waits.node)

    def actual(self, name: str) -> str:
        """The tensor in the layout that the file gives it."""
        waits = self.pending.get(name)
        if waits is None or same(waits.index, self.shapes[waits.source]):
            return name if waits is None else waits.source
        return self.materialise(name, waits)

    def materialise(self, name: str, change: Pending) -> str:
        """Make a change of layout, once; an element-wise operation's own name stands for it without the change."""
        if name not in self.made:
            made = f"{name}_turned" if name in self.shapes else name
            self.made[name] = made
            self.append(RealRearrange(made, (change.source,), change.index, node=change.node))
            self.stands_for(made, name, np.arange(change.index.size))
        return self.made[name]


def ordered(index: Index, shape: Shape) -> bool:
    """Whether all elements stay in their order."""
    return index.size == np.prod(shape) and np.array_equal(index.reshape(-1), np.arange(index.size))


def same(index: Index, shape: Shape) -> bool:
    """Whether nothing changes."""
    return index.shape == shape and ordered(index, shape)


def permutes(index: Index, shape: Shape) -> bool:
    """Whether every element is there once."""
    return index.size == np.prod(shape) and np.array_equal(np.sort(index, axis=None), np.arange(index.size))
