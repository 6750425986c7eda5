"""The circuit's parts under one name: values and their ranges, nodes, ``Circuit``, ``Builder``."""

from __future__ import annotations

from .add3 import Add3
from .bits import BitSum, Concat, Logic
from .builder import Builder
from .circuit import Circuit
from .nodes import (
    Add,
    AtLeast,
    Bit,
    Clamp,
    Constant,
    Greater,
    Input,
    Lookup,
    Multiply,
    Node,
    Select,
    Shift,
)
from .values import Range, Value

__all__ = [
    "Add", "Add3", "AtLeast", "Bit", "BitSum", "Builder", "Circuit", "Clamp", "Concat", "Constant", "Greater", "Input",
    "Logic", "Lookup", "Multiply", "Node", "Range", "Select", "Shift", "Value",
]  # fmt: skip
