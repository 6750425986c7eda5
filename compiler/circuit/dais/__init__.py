"""DAIS v0, the instruction set in which da4ml keeps circuits, as an interchange form: a peer's interpreter checks ours.

A program is the JSON list that da4ml saves and loads: shape, input shifts, output indices, output shifts, output signs,
operations ``[id0, id1, opcode, data, [min, max, step], latency, cost]``, two sizes for cost estimates, and tables. What
the operations mean is told in docs/dais.md of github.com/calad0i/da4ml. Nothing of da4ml is needed here.
"""

from __future__ import annotations

from .reading import Program, read_dais
from .writing import write_dais

__all__ = ["Program", "read_dais", "write_dais"]
