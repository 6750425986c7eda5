"""Verilator: some seconds to build, then hundreds of thousands to millions of cycles per second."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from .beats import words
from .harness import (
    RESET_CYCLES,
    SURPLUS_CYCLES,
    Job,
    Run,
    protocol_error,
    standstill,
    surplus_error,
)
from .native import Options, build, run_binary
from .verilog import to_verilog, wrapper

DRIVER = Path(__file__).parent / "cpp" / "stream_driver.cpp"


@dataclass(frozen=True)
class VerilatorEngine:
    """Simulates a compiled model of the Verilog. The program is cached, so the same design builds once."""

    options: Options = field(default_factory=Options)

    def run(self, job: Job) -> Run:
        """See `nnfpga.sim.harness.Engine`."""
        design = to_verilog(job.source, job.work)
        binary = build({"dut.v": design.text, "top.v": wrapper(design)}, "harness_top", DRIVER, job.work,
                       options=self.options)
        return execute(job, binary)


def execute(job: Job, binary: Path) -> Run:
    """Run a compiled ``stream_driver.cpp`` on a job.

    The vectors file: 8 uint64 (beats in, beats out, words in, words out, timeout, reset cycles, surplus cycles, length
    of the stall pattern), both stall patterns as bytes, the beats. The results file: 4 uint64 (status, cycle, accepted,
    delivered), the cycles as int64, the output beats as uint32. Little-endian, as is every machine that runs this.
    """
    o_words = words(job.o_width)
    header = np.array([len(job.beats_in), job.n_out, job.beats_in.shape[1], o_words, job.timeout_cycles, RESET_CYCLES,
                       SURPLUS_CYCLES, len(job.stall_in)], np.uint64)
    with (job.work / "vectors.bin").open("wb") as file:
        for part in (header, job.stall_in, job.stall_out, job.beats_in):
            file.write(part.tobytes())
    run_binary(binary, ["vectors.bin", "results.bin"], job.work)
    raw = (job.work / "results.bin").read_bytes()
    status, cycle, taken, given = (int(value) for value in np.frombuffer(raw, np.uint64, 4))
    if status == 1:
        raise standstill(job, cycle, taken, given)
    if status == 2:
        raise protocol_error(cycle)
    if status == 3:
        raise surplus_error(job, cycle)
    cycles = np.frombuffer(raw, np.int64, taken + given, 32)
    outputs = np.frombuffer(raw, np.uint32, given * o_words, 32 + 8 * (taken + given)).reshape(given, o_words)
    return Run(outputs.copy(), cycles[:taken].copy(), cycles[taken:].copy())
