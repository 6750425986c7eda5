"""HostAffine: the scaling of the input that the host does in float, before it makes integers."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import CompileError, Problem
from ..graph import Layer, Tensor
from ..real import Op, Reals, Shape
from ..scalar.functions import Affine

__all__ = ["HostAffine"]


@dataclass(frozen=True, eq=False)
class HostAffine(Op):
    """An affine function of the network's input, per feature. No hardware: it becomes part of the host's ``Entry``."""

    function: Affine

    def shape(self, *inputs: Shape) -> Shape:
        return inputs[0]

    def evaluate(self, *inputs: Reals) -> Reals:
        return self.function.evaluate(inputs[0])

    def bounds(self, low: Reals, high: Reals) -> tuple[Reals, Reals]:
        return self.function.bounds(low, high)

    def lower(self, *inputs: Tensor) -> Layer:
        raise CompileError([Problem(self.node, "it reads more than the input", "quantise the model first")])
