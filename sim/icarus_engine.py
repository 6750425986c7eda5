"""Icarus Verilog: builds in a second, runs some ten thousand cycles per second, and knows undefined values."""

from dataclasses import dataclass

import numpy as np

from nnfpga.tools.find import find
from nnfpga.tools.run import run

from .beats import Words, pack_ints
from .harness import (
    RESET_CYCLES,
    SURPLUS_CYCLES,
    Job,
    Run,
    protocol_error,
    standstill,
    surplus_error,
    undefined_error,
)
from .verilog import to_verilog, wrapper


@dataclass(frozen=True)
class IcarusEngine:
    """Simulates Verilog through a generated bench that reads vectors with ``$readmemh`` and writes events.

    Unlike the other engines it tells 0 and 1 from undefined, so it finds what was never reset.
    """

    def run(self, job: Job) -> Run:
        """See `nnfpga.sim.harness.Engine`."""
        compiler, runner = find("iverilog"), find("vvp")
        design = to_verilog(job.source, job.work)
        work = job.work
        (work / "dut.v").write_text(design.text)
        (work / "bench.v").write_text(_bench(job) + wrapper(design))
        (work / "vectors.hex").write_text(hex_lines(job.beats_in))
        (work / "stalls.hex").write_text("".join(
            f"{int(i) | int(o) << 1}\n" for i, o in zip(job.stall_in, job.stall_out, strict=True)))
        run(compiler, ["-g2005", "-o", "bench.vvp", "bench.v", "dut.v"], work, "iverilog.log")
        run(runner, ["-n", "bench.vvp"], work, "vvp.log")
        return _read(job, (work / "events.txt").read_text())


def hex_lines(beats: Words) -> str:
    """Return beats as ``$readmemh`` reads them, one a line."""
    big_endian = np.ascontiguousarray(beats[:, ::-1]).astype(">u4")
    return "".join(row.tobytes().hex() + "\n" for row in big_endian)


def _read(job: Job, events: str) -> Run:
    outputs: list[int] = []
    accepted: list[int] = []
    delivered: list[int] = []
    for line in events.splitlines():
        kind, cycle, *rest = line.split()
        if kind == "A":
            accepted.append(int(cycle))
        elif kind == "D":
            if set(rest[0]) & set("xXzZ"):
                raise undefined_error(len(outputs), int(cycle))
            outputs.append(int(rest[0], 16))
            delivered.append(int(cycle))
        elif kind == "P":
            raise protocol_error(int(cycle))
        elif kind == "S":
            raise surplus_error(job, int(cycle))
        elif kind == "U":
            raise undefined_error(len(outputs), int(cycle))
        elif kind == "T":
            raise standstill(job, int(cycle), len(accepted), len(delivered))
    return Run(pack_ints(outputs, job.o_width), np.array(accepted, np.int64), np.array(delivered, np.int64))


def _bench(job: Job) -> str:
    count = len(job.beats_in)
    last = len(job.stall_in) - 1
    return f"""`timescale 1ns/1ns
module bench;
  reg clk = 0, rst = 1, offering = 0, ready = 0, held = 0;
  reg [{job.i_width - 1}:0] vectors [0:{max(count - 1, 0)}];
  reg [1:0] stalls [0:{last}];
  reg [{job.i_width - 1}:0] ip = 0;
  reg [{job.o_width - 1}:0] kept = 0;
  wire [{job.o_width - 1}:0] op;
  wire ir, ov;
  integer events, cycle = 0, moved = 0, taken = 0, given = 0, done;
  harness_top dut(.clk(clk), .rst(rst), .ip(ip), .iv(offering), .ir(ir), .op(op), .ov(ov), .rdy(ready));
  initial begin
    events = $fopen("events.txt", "w");
    if ({count} != 0) $readmemh("vectors.hex", vectors);
    $readmemh("stalls.hex", stalls);
    repeat ({RESET_CYCLES}) begin #5 clk = 1; #5 clk = 0; end
    rst = 0;
    done = {count} == 0 && {job.n_out} == 0;
    while (cycle - moved < (done ? {SURPLUS_CYCLES} : {job.timeout_cycles})) begin
      if (!offering && taken < {count} && !stalls[cycle & {last}][0]) begin
        offering = 1;
        ip = vectors[taken];
      end
      ready = !stalls[cycle & {last}][1];
      #5;
      if (ov !== 1'b0 && ov !== 1'b1 || ir !== 1'b0 && ir !== 1'b1) begin
        $fdisplay(events, "U %0d", cycle); $fclose(events); $finish;
      end
      if (held && (!ov || op !== kept)) begin
        $fdisplay(events, "P %0d", cycle); $fclose(events); $finish;
      end
      held = ov && !ready;
      kept = op;
      if (ov && ready) begin
        if (given == {job.n_out}) begin
          $fdisplay(events, "S %0d", cycle); $fclose(events); $finish;
        end
        $fdisplay(events, "D %0d %h", cycle, op);
        given = given + 1;
        moved = cycle;
      end
      done = offering && ir;
      if (done) begin
        $fdisplay(events, "A %0d", cycle);
        taken = taken + 1;
        moved = cycle;
      end
      #0 clk = 1;
      #4 clk = 0;
      if (done) offering = 0;
      done = taken == {count} && given == {job.n_out};
      cycle = cycle + 1;
    end
    $fdisplay(events, "%s %0d", done ? "E" : "T", cycle);
    $fclose(events);
    $finish;
  end
endmodule
"""
