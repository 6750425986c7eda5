import subprocess
from pathlib import Path

import pytest

from nnfpga.sim.beats import pack_ints
from nnfpga.sim.harness import Verilog
from nnfpga.sim.testbench import write_testbench
from nnfpga.tools.errors import ToolError
from nnfpga.tools.find import find

INVERTER = """module dut(clk, rst, i__payload, i__valid, i__ready, o__payload, o__valid, o__ready);
  input clk, rst, i__valid, o__ready; input [39:0] i__payload;
  output i__ready; output reg o__valid; output reg [39:0] o__payload;
  assign i__ready = o__ready || !o__valid;
  always @(posedge clk) if (rst) o__valid <= 0; else if (i__ready) o__valid <= i__valid;
  always @(posedge clk) if (i__ready) o__payload <= ~i__payload;
endmodule
"""


def result(folder: Path, *options: str) -> str:
    try:
        compiler, runner = find("iverilog"), find("vvp")
    except ToolError as error:
        pytest.skip(str(error))
    subprocess.run([*compiler.command, "-g2001", "-o", "testbench", "testbench.v", "design.v"], cwd=folder, check=True)
    return subprocess.run(
        [*runner.command, "testbench", *options], cwd=folder, check=True, capture_output=True, text=True
    ).stdout


def test_pass_and_fail(tmp_path: Path) -> None:
    design, values = Verilog(INVERTER, "dut", 40, 40), [n * 0x123456789 for n in range(100)]
    expected = [~value & (1 << 40) - 1 for value in values]
    write_testbench(design, pack_ints(values, 40), pack_ints(expected, 40), tmp_path)
    assert "PASS: 100 vectors" in result(tmp_path)
    assert "PASS: 100 vectors" in result(tmp_path, "+nostall")
    expected[42] ^= 1 << 35
    write_testbench(design, pack_ints(values, 40), pack_ints(expected, 40), tmp_path)
    assert f"FAIL at vector 42: expected {expected[42]:010x}, got {expected[42] ^ 1 << 35:010x}" in result(tmp_path)
    write_testbench(design, pack_ints(values[:5], 40), pack_ints(expected[:6], 40), tmp_path, timeout_cycles=50)
    assert "FAIL at vector 5: nothing moved for 50 cycles" in result(tmp_path)


def test_arguments_are_checked(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^Expected beats must have shape \(n > 0, 2\), not \(0, 2\)$"):
        write_testbench(Verilog(INVERTER, "dut", 40, 40), pack_ints([1], 40), pack_ints([], 40), tmp_path)
