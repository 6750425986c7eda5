"""ECP5 carry chains with open ends give the sum, whatever stands at the open ends: proven by SAT for every input."""

from itertools import product
from pathlib import Path

import pytest

from nnfpga.tools.errors import ToolError
from nnfpga.tools.nextpnr import open_ends
from nnfpga.tools.yosys import TECHMAP, yosys

WIDTHS = [(3, 3, 3), (3, 3, 4), (4, 4, 4), (5, 4, 6), (4, 6, 7), (2, 7, 8), (8, 8, 9)]
MAP = """
read_verilog sums.v
prep -top gold
techmap -autoproc -map adders.v
select -assert-count {sums} a:nnfpga_sum
techmap -autoproc -map ecp5_sums.v a:nnfpga_sum
select -assert-none t:$alu
select -assert-count {sums} a:nnfpga_first=1'1
clean
write_json gate.json
"""
PROVE = """
read_json open.json
setundef -anyconst
read_verilog +/ecp5/common_sim.vh +/ecp5/ccu2c_sim.vh
hierarchy -top gold
proc
flatten
select -assert-none t:CCU2C
rename gold gate
design -stash gate
read_verilog sums.v
prep -top gold
design -copy-from gate gate
miter -equiv -flatten -make_outputs gold gate miter
sat -verify -prove trigger 0 -show-ports miter
"""


def sums() -> tuple[str, int]:
    """Verilog of all sums and differences of `WIDTHS`, signed and unsigned, and how many there are."""
    lines: list[str] = []
    shapes = list(product(WIDTHS, ("", "signed "), "+-"))
    for n, ((a, b, y), sign, operator) in enumerate(shapes):
        x = "$signed" if sign else ""
        lines.append(f"  output {sign}[{y - 1}:0] y{n}; assign y{n} = {x}(a[{a - 1}:0]) {operator} {x}(b[{b - 1}:0]);")
    ports = ", ".join(f"y{n}" for n in range(len(shapes)))
    return "\n".join([f"module gold(a, b, {ports}); input [7:0] a, b;", *lines, "endmodule"]), len(shapes)


def prove(folder: Path) -> None:
    """Map the sums, leave the ends open, and prove what comes out equal to what went in."""
    text, count = sums()
    (folder / "sums.v").write_text(text)
    (folder / "map.ys").write_text(MAP.format(sums=count))
    (folder / "prove.ys").write_text(PROVE)
    yosys("script map.ys", folder, "map.log")
    netlist = open_ends((folder / "gate.json").read_text())
    assert netlist.count('"CIN": ["x"]') == netlist.count('"COUT": ["x"]') == count
    (folder / "open.json").write_text(netlist)
    yosys("script prove.ys", folder, "prove.log")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the mappings."""
    for name in ("adders.v", "ecp5_sums.v"):
        (tmp_path / name).write_text((TECHMAP / name).read_text())
    return tmp_path


def test_sums_with_open_ends_are_sums(folder: Path) -> None:
    prove(folder)


@pytest.mark.parametrize(
    ("right", "wrong"), [("16'h000b : 16'h0008", "16'h000b : 16'h000e"), ("16'h000a :", "16'hf00a :")]
)
def test_the_proof_finds_a_wrong_carry(folder: Path, right: str, wrong: str) -> None:
    text = (folder / "ecp5_sums.v").read_text()
    assert right in text
    (folder / "ecp5_sums.v").write_text(text.replace(right, wrong))
    with pytest.raises(ToolError, match="proof did fail"):
        prove(folder)
