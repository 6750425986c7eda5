"""Breaks a design on purpose, so that tests can show that a comparison notices."""

import random
import re

_SWAPS = {"+": "-", "-": "+", "&": "|", "|": "&", "^": "&", "==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=",
          "<=": ">", "*": "+"}
_ASSIGN = re.compile(r"^(\s*assign [^=\n]+ = [^;\n]*? )(==|!=|>=|<=|[-+&|^<>*])( [^;\n]*;)", re.MULTILINE)


def mutants(verilog: str) -> int:
    """Return how many different mutants `mutate` knows of a Verilog text that Yosys wrote."""
    return len(_ASSIGN.findall(verilog))


def mutate(verilog: str, seed: int) -> str:
    """Return Verilog with the operator of one continuous assignment swapped, ``+`` for ``-`` and so on.

    Raises ValueError if there is no such operator.
    """
    found = list(_ASSIGN.finditer(verilog))
    if not found:
        raise ValueError("Verilog must have an assignment with a binary operator")
    match = random.Random(seed).choice(found)
    return verilog[:match.start(2)] + _SWAPS[match.group(2)] + verilog[match.end(2):]
