"""What a recipe is: a family's commands of Yosys, as data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

Family = Literal["ice40", "ecp5", "xc7", "xc3s", "gowin", "nexus"]


MARKED = "a:nnfpga_block t:$mul %i"
"""The products whose RTL says that they go to multiplier blocks (`nnfpga.rtl.products`)."""


@dataclass(frozen=True)
class Request:
    """What a synthesis was asked for.

    Members
    -------
    top: the top module.
    flatten: whether the design is one flat module (else it keeps its hierarchy).
    dsp: whether marked products go to multiplier blocks.
    spram: whether memories may go to the large RAMs of the iCE40 UltraPlus.
    quick: one pass of LUT mapping.
    options: more options of the family's command.
    area: whether LUTs are mapped as they are written, for area (iCE40, ECP5, Xilinx).
    """

    top: str
    flatten: bool = True
    dsp: bool = False
    spram: bool = False
    quick: bool = False
    options: tuple[str, ...] = ()
    area: bool = False


@dataclass(frozen=True)
class Recipe:
    """How Yosys makes a family's cells of sums, products and the rest.

    Members
    -------
    family: its name.
    command: Yosys' own command for the family with a request's options, to which ``-run FROM:TO`` can be added.
    commands: the commands from coarse cells to the netlist, after sums and products became ``$alu`` cells.
    sums: commands for modules that hold one sum, which the family makes in a way of its own.
    blocks: commands that put marked products (``MARKED``) into multiplier blocks, and registers beside them, too; a
        family without them leaves such products to its command.
    files: techmap files that ``sums`` and ``commands`` read.
    luts: cell -> how many LUTs of the family it takes; cells that are absent take none.
    ffs, carries, rams, dsps: how the names of such cells begin.
    """

    family: Family
    command: Callable[[Request], str]
    commands: Callable[[Request], list[str]]
    luts: Mapping[str, int]
    ffs: tuple[str, ...]
    carries: tuple[str, ...]
    rams: tuple[str, ...] = ()
    dsps: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    sums: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()

    def resources(self, cells: Mapping[str, int]) -> dict[str, int]:
        """LUTs, flip-flops, carry cells, block RAMs and multipliers among the cells of a netlist."""

        def total(beginnings: tuple[str, ...]) -> int:
            return sum(count for name, count in cells.items() if name.startswith(beginnings))

        return {
            "lut": sum(self.luts.get(name, 0) * count for name, count in cells.items()),
            "ff": total(self.ffs),
            "carry": total(self.carries),
            "bram": total(self.rams) if self.rams else 0,
            "dsp": total(self.dsps) if self.dsps else 0,
        }


def blocks(cells: str, widths: tuple[int, int], name: str, *more: str, pack: str = "") -> tuple[str, ...]:
    """Commands for `Recipe.blocks`: Yosys' maps of a family, without its least widths.

    ``cells`` is the file that makes a family's cells of the cell ``name``, a product of ``widths`` bits; ``more`` are
    options of the map, ``pack`` the command that moves registers into the blocks. A part of a wide product that is too
    small for a block becomes logic.
    """
    a, b = widths
    options = " ".join([f"DSP_A_MAXWIDTH={a}", f"DSP_B_MAXWIDTH={b}", *more, f"DSP_NAME={name}"]).replace(" ", " -D ")
    packing = ["memory_dff", "opt_dff", pack] if pack else []  # registers of memories belong to these
    return (
        f"techmap -map +/mul2dsp.v -map {cells} -D {options} {MARKED}",
        "opt_expr -fine",
        "wreduce",
        "opt_clean",
        *packing,
    )
