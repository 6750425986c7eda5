"""Every recipe keeps the function: netlists of sums are proven by SAT against the vendor cells' models."""

from itertools import product
from pathlib import Path

import pytest

from nnfpga.tools.errors import ToolError
from nnfpga.tools.recipes import RECIPES, Family
from nnfpga.tools.yosys import Netlist, synthesise_verilog, yosys

MODELS: dict[Family, str] = {
    "ice40": "+/ice40/cells_sim.v",
    "ecp5": "+/ecp5/common_sim.vh +/ecp5/ccu2c_sim.vh",
    "xc7": "+/xilinx/cells_sim.v",
    "xc3s": "+/xilinx/cells_sim.v",
    "gowin": "+/gowin/cells_sim.v",
    "nexus": "+/lattice/cells_sim_nexus.v",
}
"""Yosys' own models of the cells."""

WIDTHS = [(1, 1, 2), (2, 2, 3), (3, 3, 4), (4, 4, 4), (4, 6, 7), (2, 7, 8), (8, 8, 9)]
PROVE = """
read_verilog -defer {models}
read_verilog -overwrite netlist.v
hierarchy -top gold
proc
flatten
opt_clean
rename gold gate
design -stash gate
read_verilog gold.v
prep -top gold
design -copy-from gate gate
miter -equiv -flatten -make_outputs gold gate miter
sat -verify -prove trigger 0 -show-ports miter
"""


def sums() -> str:
    """Verilog of sums and differences of all `WIDTHS`, signed and unsigned, of trees of them, and of comparisons."""
    lines: list[str] = []
    for n, ((a, b, y), sign, operator) in enumerate(product(WIDTHS, ("", "signed "), "+-")):
        x = "$signed" if sign else ""
        lines.append(f"output {sign}[{y - 1}:0] y{n}; assign y{n} = {x}(a[{a - 1}:0]) {operator} {x}(b[{b - 1}:0]);")
    lines.append(
        "output signed [7:0] t0; assign t0 = $signed(a[4:0]) + $signed(b[3:0]) - $signed(a[2:0]) - $signed(b[4:1]);"
    )
    lines.append(
        "output signed [8:0] t1; assign t1 = ($signed(a[3:0]) <<< 3) - $signed(b[4:0]) + (($signed(b[3:0]) <<< 1) - 7);"
    )
    lines.append("output g0; assign g0 = $signed(a) > $signed(b);")
    names = ", ".join([*(f"y{n}" for n in range(len(lines) - 3)), "t0", "t1", "g0"])
    return "\n".join([f"module gold(a, b, {names}); input [7:0] a, b;", *lines, "endmodule"])


def prove(netlist: Netlist, folder: Path) -> None:
    """Prove the netlist in a folder equal to ``gold.v`` there."""
    (folder / "prove.ys").write_text(PROVE.format(models=MODELS[netlist.family]))
    yosys("script prove.ys", folder, "prove.log")


@pytest.mark.parametrize("family", RECIPES)
def test_netlists_of_sums_are_sums(family: Family, tmp_path: Path) -> None:
    made = synthesise_verilog({"gold.v": sums()}, family, "gold", tmp_path)
    assert made.resources["carry"] > 0
    assert made.resources["lut"] > 0
    prove(made, tmp_path)


def test_the_proof_finds_a_wrong_netlist(tmp_path: Path) -> None:
    made = synthesise_verilog({"gold.v": sums()}, "xc7", "gold", tmp_path)
    text = made.verilog_path.read_text()
    assert ".INIT(4'h6)" in text
    made.verilog_path.write_text(text.replace(".INIT(4'h6)", ".INIT(4'h7)", 1))
    with pytest.raises(ToolError, match="proof did fail"):
        prove(made, tmp_path)
