"""A design as Verilog text, and what its top module's header says."""

import re
from pathlib import Path

from nnfpga.rtl.rtlil import to_rtlil
from nnfpga.tools.yosys import rtlil_to_verilog

from .harness import Source, Verilog, widths


def to_verilog(source: Source, work: Path) -> Verilog:
    """Return a design's Verilog; a component goes through RTLIL and Yosys, Verilog is returned as it is."""
    if isinstance(source, Verilog):
        return source
    i_width, o_width = widths(source)
    text = rtlil_to_verilog(to_rtlil(source, "dut"), work)
    return Verilog(text, "dut", i_width, o_width)


def port_names(text: str, top: str) -> tuple[str, ...]:
    """Return the ports of a module that Yosys wrote, in order. Raises ValueError if the text has no such module."""
    found = re.search(rf"^module \\?{re.escape(top)}\s*\(([^)]*)\)\s*;", text, re.MULTILINE)
    if found is None:
        raise ValueError(f"Verilog must have a module {top!r}")
    return tuple(name.strip() for name in found.group(1).split(",") if name.strip())


def wrapper(design: Verilog) -> str:
    """Return a module ``harness_top`` with short port names around a design (clk, rst, ip, iv, ir, op, ov, rdy)."""
    clocks = "".join(f".{name}({name}), " for name in ("clk", "rst") if name in port_names(design.text, design.top))
    return f"""module harness_top(clk, rst, ip, iv, ir, op, ov, rdy);
  input clk, rst, iv, rdy;
  input [{design.i_width - 1}:0] ip;
  output [{design.o_width - 1}:0] op;
  output ir, ov;
  {design.top} dut({clocks}.i__payload(ip), .i__valid(iv), .i__ready(ir),
    .o__payload(op), .o__valid(ov), .o__ready(rdy));
endmodule
"""


def port_width(text: str, top: str, port: str) -> int:
    """Return the width of a port of a module that Yosys wrote. Raises ValueError if the module or port is missing."""
    found = re.search(rf"^module \\?{re.escape(top)}\s*\(.*?^endmodule", text, re.MULTILINE | re.DOTALL)
    line = found and re.search(rf"^  (?:input|output) (?:\[(\d+):0\] )?{re.escape(port)};", found[0], re.MULTILINE)
    if not line:
        raise ValueError(f"Verilog must have a module {top!r} with a port {port!r}")
    return int(line[1] or 0) + 1
