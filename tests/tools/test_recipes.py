"""Every recipe keeps the function: netlists of sums are proven by SAT against the vendor cells' models."""

from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from nnfpga.tools.errors import ToolError
from nnfpga.tools.recipes import RECIPES, Family
from nnfpga.tools.yosys import synthesise_verilog

WIDTHS = [(1, 1, 2), (2, 2, 3), (3, 3, 4), (4, 4, 4), (4, 6, 7), (2, 7, 8), (8, 8, 9)]
Prove = Callable[[Family, str, Path], None]


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


@pytest.mark.parametrize("family", RECIPES)
def test_netlists_of_sums_are_sums(family: Family, prove: Prove, tmp_path: Path) -> None:
    made = synthesise_verilog({"gold.v": sums()}, family, "gold", tmp_path)
    assert made.resources["carry"] > 0
    assert made.resources["lut"] > 0
    prove(family, "gold", tmp_path)


def test_the_proof_finds_a_wrong_netlist(prove: Prove, tmp_path: Path) -> None:
    made = synthesise_verilog({"gold.v": sums()}, "xc7", "gold", tmp_path)
    text = made.verilog_path.read_text()
    assert ".INIT(4'h6)" in text
    made.verilog_path.write_text(text.replace(".INIT(4'h6)", ".INIT(4'h7)", 1))
    with pytest.raises(ToolError, match="proof did fail"):
        prove("xc7", "gold", tmp_path)
