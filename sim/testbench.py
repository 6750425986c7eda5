"""Writes a self-checking Verilog bench, for people who simulate with other tools."""

from dataclasses import dataclass
from pathlib import Path

from nnfpga.tools.cache import atomic_write

from .beats import Words, words
from .harness import Verilog
from .icarus_engine import hex_lines
from .verilog import wrapper


@dataclass(frozen=True)
class Testbench:
    """The files of a bench: compile ``bench`` and ``design`` with any Verilog simulator, run beside the vectors."""

    bench: Path
    design: Path
    vectors_in: Path
    vectors_out: Path

    __test__ = False        # pytest would take the name for a test


def write_testbench(design: Verilog, beats_in: Words, expected: Words, folder: Path, *,
                    timeout_cycles: int = 100_000) -> Testbench:
    """Write ``testbench.v``, ``design.v``, ``vectors_in.hex`` and ``vectors_out.hex`` to a folder.

    The bench is Verilog-2001. It stalls both ends at random (a linear feedback shift register; ``+nostall`` turns that
    off), compares every output beat and ends with ``PASS: n vectors`` or ``FAIL at vector n``, counting output beats.

    Raises ValueError if the arrays do not fit the design or there is nothing to compare.
    """
    for name, beats, width in (("Input", beats_in, design.i_width), ("Expected", expected, design.o_width)):
        if beats.ndim != 2 or beats.shape[1] != words(width) or len(beats) == 0:
            raise ValueError(f"{name} beats must have shape (n > 0, {words(width)}), not {beats.shape}")
    made = Testbench(folder / "testbench.v", folder / "design.v", folder / "vectors_in.hex", folder / "vectors_out.hex")
    atomic_write(made.bench, _bench(design, len(beats_in), len(expected), timeout_cycles) + wrapper(design))
    atomic_write(made.design, design.text)
    atomic_write(made.vectors_in, hex_lines(beats_in))
    atomic_write(made.vectors_out, hex_lines(expected))
    return made


def _bench(design: Verilog, n_in: int, n_out: int, timeout: int) -> str:
    return f"""// Self-checking bench. With Icarus Verilog, in this folder:
//   iverilog -g2001 -o testbench testbench.v design.v && vvp testbench
`timescale 1ns/1ns
module testbench;
  reg clk, rst, offering, ready, held, stall, taken, given;
  reg [{design.i_width - 1}:0] vectors [0:{n_in - 1}];
  reg [{design.o_width - 1}:0] results [0:{n_out - 1}];
  reg [{design.i_width - 1}:0] ip;
  reg [{design.o_width - 1}:0] kept;
  reg [31:0] lfsr;
  wire [{design.o_width - 1}:0] op;
  wire ir, ov;
  integer n_in, n_out, idle;
  harness_top dut(.clk(clk), .rst(rst), .ip(ip), .iv(offering), .ir(ir), .op(op), .ov(ov), .rdy(ready));
  initial begin
    $readmemh("vectors_in.hex", vectors);
    $readmemh("vectors_out.hex", results);
    clk = 0; rst = 1; offering = 0; ready = 0; held = 0; taken = 0; given = 0; ip = 0; kept = 0;
    n_in = 0; n_out = 0; idle = 0; lfsr = 32'h2545f491;
    stall = !$test$plusargs("nostall");
    repeat (4) begin #5 clk = 1; #5 clk = 0; end
    rst = 0;
    while (n_out < {n_out} && idle < {timeout}) begin
      lfsr = {{lfsr[30:0], lfsr[31] ^ lfsr[21] ^ lfsr[1] ^ lfsr[0]}};
      if (!offering && n_in < {n_in} && !(stall && lfsr[3:2] == 0)) begin
        offering = 1;
        ip = vectors[n_in];
      end
      ready = !(stall && lfsr[9:8] == 0);
      #5;
      if (held && (ov !== 1'b1 || op !== kept)) begin
        $display("FAIL at vector %0d: the output changed before it was taken", n_out);
        $finish;
        #10;
      end
      taken = offering && ir === 1'b1;
      given = ov === 1'b1 && ready;
      held = ov === 1'b1 && !ready;
      kept = op;
      idle = (taken || given) ? 0 : idle + 1;
      if (given) begin
        if (op !== results[n_out]) begin
          $display("FAIL at vector %0d: expected %h, got %h", n_out, results[n_out], op);
          $finish;
          #10;
        end
        n_out = n_out + 1;
      end
      #1 clk = 1;
      #4 clk = 0;
      if (taken) begin
        n_in = n_in + 1;
        offering = 0;
      end
    end
    if (n_out == {n_out}) $display("PASS: {n_out} vectors");
    else $display("FAIL at vector %0d: nothing moved for {timeout} cycles", n_out);
    $finish;
  end
endmodule
"""
