"""Synthesis recipes: what each family's commands make of a few circuits, with this compiler's maps and without.

    python benchmarks/recipes.py [--family ice40 ecp5 ...] [--circuit matrix ...] [--variant stock ours ...]

Circuits: ``matrix``, 5 inputs times random 8-bit constants as this compiler unrolls it (for ``xc7`` in sums of three
words), between registers; ``sum``, 32 signed 6-bit words, written as one line of Verilog; ``products``, four signed 8x6
products and their sum; ``bits``, how many of 64 bits are set; ``compare``, sixteen thresholds of a 12-bit word.

Variants: ``stock`` is Yosys' command for the family alone, ``ours`` the recipe of ``nnfpga.tools``, ``quick`` that with
one pass of LUT mapping, the others are options of Yosys' command in our recipe. Printed are LUTs as the recipe counts
them (carry cells that take a LUT's place among them), carry cells, and where nextpnr packs the family, its LUT sites.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from amaranth.back import rtlil
from amaranth.hdl import ClockDomain, Module, Signal, Value
from comparison import ours
from comparison.cases import Matrix
from comparison.synthesis import PACKERS, sites

from nnfpga.boards.devices import LFE5U_85F
from nnfpga.compiler.circuit.ir import Range
from nnfpga.rtl.logic import emit, shape_of
from nnfpga.rtl.unrolled import circuit_of
from nnfpga.tools.errors import ToolError
from nnfpga.tools.nextpnr import open_ends
from nnfpga.tools.recipes import RECIPES, Family
from nnfpga.tools.yosys import Netlist, rtlil_to_verilog, synthesise_verilog

OPTIONS: dict[str, dict[Family, str]] = {
    "no wide LUTs": {"ecp5": "-nowidelut", "gowin": "-nowidelut", "nexus": "-nowidelut", "xc7": "-nowidelut",
                     "xc3s": "-nowidelut"},
    "no carry": {"ice40": "-nocarry", "ecp5": "-noccu2", "gowin": "-noalu", "nexus": "-noccu2", "xc7": "-nocarry",
                 "xc3s": "-nocarry"},
    "dff": {"ice40": "-dff", "ecp5": "-dff", "nexus": "-dff", "xc7": "-dff"},
}  # fmt: skip
"""Options that are tried, by family."""

Text = Callable[[Family, Path], str]


def matrix(family: Family, work: Path) -> str:
    """A product with constants, for a chip of the family."""
    graph = Matrix(5).read().graph
    circuit = circuit_of(graph, list(graph.layers), ours.DEVICES.get(family, LFE5U_85F))
    m = Module()
    domain = ClockDomain("sync", reset_less=True)
    m.domains += domain
    inputs = [Signal(shape_of(Range.of(n)), name=f"x{i}") for i, n in enumerate(circuit.inputs)]
    outputs = [Signal(shape_of(circuit.ranges[o]), name=f"y{i}") for i, o in enumerate(circuit.outputs)]
    held: list[Value] = [Signal.like(x, name=f"{x.name}_held") for x in inputs]
    m.d.sync += [later.eq(x) for later, x in zip(held, inputs, strict=True)]
    m.d.sync += [y.eq(v) for y, v in zip(outputs, emit(m, circuit, held, "v"), strict=True)]
    text = rtlil.convert(m, ports=[domain.clk, *inputs, *outputs], name="top", emit_src=False)
    return rtlil_to_verilog(text, work)


def plain_sum(family: Family, work: Path) -> str:
    """Many words."""
    terms = " + ".join(f"$signed(x[{6 * n + 5}:{6 * n}])" for n in range(32))
    return f"module top(input [191:0] x, output signed [10:0] y); assign y = {terms}; endmodule"


def products(family: Family, work: Path) -> str:
    """Products of variables."""
    terms = " + ".join(f"$signed(a[{8 * n + 7}:{8 * n}]) * $signed(b[{6 * n + 5}:{6 * n}])" for n in range(4))
    return f"module top(input [31:0] a, input [23:0] b, output signed [15:0] y); assign y = {terms}; endmodule"


def bits(family: Family, work: Path) -> str:
    """A population count."""
    terms = " + ".join(f"x[{n}]" for n in range(64))
    return f"module top(input [63:0] x, output [6:0] y); assign y = {terms}; endmodule"


def compare(family: Family, work: Path) -> str:
    """Thresholds."""
    lines = [f"assign y[{n}] = $signed(x) >= {(n * 1237 + 311) % 4096 - 2048};" for n in range(16)]
    return "\n".join(["module top(input signed [11:0] x, output [15:0] y);", *lines, "endmodule"])


CIRCUITS: dict[str, Text] = {
    "matrix": matrix, "sum": plain_sum, "products": products, "bits": bits, "compare": compare,
}  # fmt: skip
VARIANTS = ["stock", "ours", "quick", *OPTIONS]


def made(text: str, family: Family, variant: str, work: Path) -> Netlist:
    """A circuit through one variant."""
    option = OPTIONS.get(variant, {}).get(family)
    netlist = synthesise_verilog(
        {"top.v": text}, family, "top", work, stock=variant == "stock", quick=variant == "quick",
        options=() if option is None else (option,), progress=lambda _: None,
    )  # fmt: skip
    if family == "ecp5":
        netlist.json_path.write_text(open_ends(netlist.json_path.read_text()))
    return netlist


def row(circuit: str, family: Family, variant: str, work: Path) -> str:
    """One line of the table."""
    work.mkdir(parents=True)
    text = CIRCUITS[circuit](family, work)
    start = time.perf_counter()
    try:
        netlist = made(text, family, variant, work)
    except ToolError as error:
        return f"| {family} | {circuit} | {variant} | fails: {str(error).splitlines()[0][:60]} | | | |"
    seconds = time.perf_counter() - start
    found = netlist.resources
    packed = sites(family, work, 300.0) if family in PACKERS else ""
    return f"| {family} | {circuit} | {variant} | {found['lut']} | {found['carry']} | {packed} | {seconds:.1f} |"


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--family", nargs="+", default=[*RECIPES], choices=[*RECIPES])
    parser.add_argument("--circuit", nargs="+", default=[*CIRCUITS], choices=[*CIRCUITS])
    parser.add_argument("--variant", nargs="+", default=VARIANTS, choices=VARIANTS)
    options = parser.parse_args()
    print("| family | circuit | variant | LUT | carry cells | LUT sites | seconds |\n|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory(prefix="nnfpga-recipes-") as folder:
        for family in options.family:
            for circuit in options.circuit:
                for n, variant in enumerate(options.variant):
                    if variant == "dff" and circuit != "matrix":
                        continue
                    if variant not in OPTIONS or family in OPTIONS[variant]:
                        print(row(circuit, family, variant, Path(folder) / f"{family}-{circuit}-{n}"), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
