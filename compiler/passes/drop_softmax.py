"""A classifier's end: softmax and arg-max leave the network; one arg-max comes back where the class is wanted."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeGuard

from ..layers.arg_max import RealArgMax, RealSign
from ..layers.scalar import Apply
from ..layers.softmax import BothClasses, Softmax
from ..real import Op, RealGraph, Shape
from ..scalar.functions import Sigmoid

__all__ = ["Ending", "Want", "drop_softmax"]


class Want(Enum):
    """What the hardware shall give."""

    AUTO = "auto"
    CLASS = "class"
    SCORES = "scores"


@dataclass(frozen=True)
class Ending:
    """What the host needs to know of the network's end.

    ``scores`` names the tensor before the dropped softmax or arg-max; ``softmax`` is what turns the scores into
    probabilities in the file; ``classifies`` says whether the hardware gives the class index.
    """

    scores: str
    softmax: Softmax | None
    classifies: bool


def drop_softmax(graph: RealGraph, want: Want = Want.AUTO) -> tuple[RealGraph, Ending]:
    """Cut the ending off; put one arg-max at the end where the file ends in softmax or arg-max, or one is wanted.

    The softmax is increasing in each score and keeps their order, so the class is the same. Of two classes that one
    sigmoid tells apart, the class is the sign of its argument; ``scores`` then names that argument.
    """
    made = {op.name: op for op in graph.ops}
    softmax: Softmax | None = None
    argmax = binary = False
    scores: list[str] = []
    for name in graph.outputs:
        while isinstance(op := made.get(name), (Softmax, RealArgMax)):
            softmax = op if isinstance(op, Softmax) else softmax
            argmax = argmax or isinstance(op, RealArgMax)
            name = op.inputs[0]
        if isinstance(op, BothClasses) and is_sigmoid(probability := made.get(op.inputs[0])):
            binary, name = True, probability.inputs[0]
        scores.append(name)
    scores = list(dict.fromkeys(scores))
    classifies = want is Want.CLASS or (want is Want.AUTO and (softmax is not None or argmax or binary))
    classifies = classifies and len(scores) == 1 and (binary or is_vector(graph.shapes[scores[0]]))
    needed = reachable(graph, scores)
    ops = [op for op in graph.ops if op.name in needed]
    outputs = tuple(scores)
    if classifies and binary:
        ops.append(RealSign(f"{scores[0]}_class", (scores[0],), node=f"sign of '{scores[0]}'"))
        outputs = (f"{scores[0]}_class",)
    elif classifies:
        ops.append(RealArgMax(f"{scores[0]}_class", (scores[0],), node=f"arg-max of '{scores[0]}'"))
        outputs = (f"{scores[0]}_class",)
    return graph.replace(ops, outputs), Ending(scores[0], softmax, classifies)


def is_vector(shape: Shape) -> bool:
    """Whether there is one score for each class and nothing else."""
    return len(shape) == 1 and shape[0] > 1


def is_sigmoid(op: Op | None) -> TypeGuard[Op]:
    """Whether an operation is a sigmoid."""
    return isinstance(op, Apply) and isinstance(op.function, Sigmoid)


def reachable(graph: RealGraph, outputs: list[str]) -> set[str]:
    """The tensors that the outputs need."""
    needed = set(outputs)
    for op in reversed(graph.ops):
        if op.name in needed:
            needed.update(op.inputs)
    return needed
