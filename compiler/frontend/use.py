"""What becomes of each node of the file during import."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..errors import Problem

__all__ = ["Outcome", "Use"]


class Outcome(Enum):
    """The ways in which a node can end."""

    OPERATIONS = "operations"
    """It became operations of the real-valued network."""
    CONSTANT = "constant"
    """Its results are known without the input."""
    ALIAS = "alias"
    """Its result is a tensor that was there before."""
    REFUSED = "refused"
    """It has a problem of its own."""
    UNREACHED = "unreached"
    """It reads the result of a node that was refused."""


@dataclass(frozen=True)
class Use:
    """One node, by its place in the file, and what became of it.

    ``label`` is the node's name in problems and in ``Op.node``; ``tensors`` are our names of the operations' results,
    or of the tensor that stands for an alias.
    """

    number: int
    label: str
    operator: str
    name: str
    domain: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    outcome: Outcome
    tensors: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()
