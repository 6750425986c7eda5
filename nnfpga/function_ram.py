"""A function as a table in block RAM: the fewest RAMs and LUTs for it, to compare with logic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nnfpga.compiler.functions.problem import Problem, problems
from nnfpga.compiler.functions.target import Target
from nnfpga.tools.recipes import Family

__all__ = ["RamTable", "block_rams", "ram_table"]

LARGE = ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16384, 1))
SHAPES: dict[Family, tuple[tuple[int, int], ...]] = {
    "ice40": ((256, 16), (512, 8), (1024, 4), (2048, 2)),
    "ecp5": LARGE,
    "xc7": LARGE,
    "xc3s": LARGE,
}
"""Words and bits of a block RAM in each of its shapes (iCE40: TN1250; ECP5: TN1264; Xilinx: UG473, UG331)."""


@dataclass(frozen=True)
class RamTable:
    """A table of ``inputs`` bits to ``outputs``: its block RAMs, and LUTs that invert bits where it is folded."""

    inputs: int
    outputs: int
    rams: int
    lut: int


def ram_table(targets: Sequence[Target], family: Family) -> RamTable | None:
    """The smallest table of a function; None where each has more words than a block RAM."""
    found = [t for target in targets for p in problems(target) if (t := table_of(p, family)) is not None]
    return min(found, key=lambda t: (t.rams, t.lut), default=None)


def table_of(problem: Problem, family: Family) -> RamTable | None:
    """A problem's table in the shape that takes the fewest RAMs beside each other."""
    rams = block_rams(family, problem.inputs, problem.outputs)
    return None if rams is None else RamTable(problem.inputs, problem.outputs, rams, problem.turned)


def block_rams(family: Family, inputs: int, outputs: int) -> int | None:
    """Block RAMs beside each other for a table of so many bits; None where it has more words than one."""
    widths = [bits for words, bits in SHAPES[family] if words >= 1 << inputs]
    return -(-outputs // max(widths)) if widths else None
