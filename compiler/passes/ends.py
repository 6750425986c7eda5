"""What the host does at both ends of a network: the way to its first integers, and from its last ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import CompileError, Problem
from ..exact import Ints, fractions
from ..layers.arg_max import RealArgMax
from ..layers.dense import Linear
from ..layers.host_affine import HostAffine
from ..layers.rearrange import RealRearrange
from ..layers.scalar import Apply, Quantize
from ..real import RealGraph, Reals
from ..scalar.functions import Affine
from ..scalar.quantizer import Quantizer, Rounding

__all__ = ["Entry", "entry", "split_exit"]


@dataclass(frozen=True, eq=False)
class Entry:
    """What makes integers of a real sample: ``quantizer(slope * x.flat[order] + intercept)``, in float64.

    ``order`` has the shape of the integers; ``slope``, ``intercept`` and the quantiser's unit are one number or one per
    element of its last axis.
    """

    slope: Reals
    intercept: Reals
    quantizer: Quantizer
    order: npt.NDArray[np.int64]

    def integers(self, x: npt.ArrayLike) -> Ints:
        """The integers for a batch of real samples, (samples, *shape of the integers)."""
        samples = np.asarray(x, dtype=np.float64)
        values = samples.reshape(len(samples), -1)[:, self.order] * self.slope + self.intercept
        return self.quantizer.codes(values).astype(np.int64)

    def to_json(self) -> dict[str, Any]:
        """The same in JSON's types; numbers are exact as floats."""
        q = self.quantizer
        flat = self.order.reshape(-1).tolist()
        return {
            "order": None if flat == [*range(len(flat))] else flat, "shape": list(self.order.shape),
            "slope": self.slope.reshape(-1).tolist(), "intercept": self.intercept.reshape(-1).tolist(),
            "unit": [str(u) for u in q.scale.flat], "low": q.low, "high": q.high, "rounding": q.rounding.value,
            "zero": q.zero, "bipolar": q.bipolar,
        }  # fmt: skip

    @staticmethod
    def of(data: Mapping[str, Any]) -> Entry:
        """From `to_json`."""
        scale = fractions([Fraction(u) for u in data["unit"]])
        rounding = Rounding(data["rounding"])
        quantizer = Quantizer(scale, data["low"], data["high"], rounding, data["zero"], data["bipolar"])
        order = np.arange(prod(data["shape"])) if data["order"] is None else np.array(data["order"], dtype=np.int64)
        return Entry(np.array(data["slope"]), np.array(data["intercept"]), quantizer, order.reshape(data["shape"]))


def entry(graph: RealGraph) -> Entry:
    """What stands between the input of a quantised network and its first quantiser.

    Raises
    ------
    CompileError
        where that is more than a change of order, one affine function and one quantiser.
    """
    chains: dict[str, Affine | None] = {i.name: None for i in graph.inputs}
    orders = {i.name: np.arange(prod(i.shape)).reshape(i.shape) for i in graph.inputs}
    found: dict[str, Entry] = {}
    for op in graph.ops:
        if op.inputs[0] not in chains:
            continue
        before = chains[op.inputs[0]]
        if isinstance(op, Quantize):
            affine = before or Affine(np.ones(1), np.zeros(1))
            slope, intercept = affine.slope.astype(np.float64), affine.intercept.astype(np.float64)
            found[op.node] = Entry(slope, intercept, op.quantizer, orders[op.inputs[0]])
        elif isinstance(op, Apply | HostAffine) and isinstance(op.function, Affine) and before is None:
            chains[op.name], orders[op.name] = op.function, orders[op.inputs[0]]
        elif isinstance(op, RealRearrange) and before is None:
            chains[op.name], orders[op.name] = None, orders[op.inputs[0]].reshape(-1)[op.index]
        else:
            what = "only an affine function may stand before the first quantiser"
            raise CompileError([Problem(op.node, what, "quantise the input first")])
    if len(found) != 1:
        raise CompileError([Problem("the input", f"it is quantised in {len(found)} ways", "quantise it once")])
    return next(iter(found.values()))


def split_exit(graph: RealGraph) -> tuple[RealGraph, Affine | None]:
    """The network that ends in the sums of its last matrix, or their arg-max, where the file quantised that.

    The second result is what follows the sums.

    An affine function behind exact sums costs hardware and accuracy; the host applies it to the integers instead.
    """
    made = {op.name: op for op in graph.ops}
    if len(graph.outputs) != 1:
        return graph, None
    end = made.get(graph.outputs[0])
    chooser = end if isinstance(end, RealArgMax) else None
    last = made.get(chooser.inputs[0]) if chooser is not None else end
    if not isinstance(last, Apply) or not isinstance(last.function, Affine):
        return graph, None
    sums = made.get(last.inputs[0])
    if not isinstance(sums, Linear) or sums.scale is None or len(graph.readers(sums.name)) > 1:
        return graph, None
    if chooser is None:
        return graph.replace([op for op in graph.ops if op is not last], last.inputs), last.function
    if not keeps_order(last.function) or len(graph.readers(last.name)) > 1:
        return graph, None
    moved = replace(chooser, inputs=last.inputs)
    ops = [moved if op is chooser else op for op in graph.ops if op is not last]
    return graph.replace(ops), last.function


def keeps_order(function: Affine) -> bool:
    """Whether the greatest of several numbers stays the greatest, ties included: one rising line for all."""
    slopes, intercepts = {*function.slope.flat}, {*function.intercept.flat}
    return len(slopes) == len(intercepts) == 1 and min(slopes) > 0
