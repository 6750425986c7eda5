"""The circuit's parts under one name: values and their ranges, nodes, ``Circuit``, ``Builder``."""

from __future__ import annotations

<<<<<<< Updated upstream
from .add3 import Add3
from .bits import BitSum, Concat, Logic
=======
from .bits import BitSum, Logic, Word
>>>>>>> Stashed changes
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
<<<<<<< Updated upstream
    "Add", "Add3", "AtLeast", "Bit", "BitSum", "Builder", "Circuit", "Clamp", "Concat", "Constant", "Greater", "Input",
    "Logic", "Lookup", "Multiply", "Node", "Range", "Select", "Shift", "Value",
=======
    "Add", "AtLeast", "Bit", "BitSum", "Builder", "Circuit", "Clamp", "Constant", "Greater", "Input", "Logic", "Lookup",
    "Multiply", "Node", "Range", "Select", "Shift", "Value", "Word",
>>>>>>> Stashed changes
]  # fmt: skip
