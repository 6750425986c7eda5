"""Amaranth's own simulator: nothing to build, a few thousand cycles per second on a small design."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from amaranth.hdl import ClockDomain, Module, Value
from amaranth.sim import Simulator

from .beats import pack_ints, unpack_ints
from .harness import (
    RESET_CYCLES,
    SURPLUS_CYCLES,
    Job,
    Run,
    Verilog,
    protocol_error,
    standstill,
    surplus_error,
)


@dataclass(frozen=True)
class AmaranthEngine:
    """Simulates a component directly. It cannot take Verilog."""

    def run(self, job: Job) -> Run:
        """See `nnfpga.sim.harness.Engine`."""
        dut: Any = job.source
        if isinstance(job.source, Verilog):
            raise TypeError("Amaranth's simulator takes a component, not Verilog")
        top = Module()
        domain = ClockDomain("sync")
        top.domains += domain
        top.submodules.dut = dut
        i_payload, o_payload = Value.cast(dut.i.payload), Value.cast(dut.o.payload)
        beats = unpack_ints(job.beats_in, job.i_width)
        mask = (1 << job.o_width) - 1
        stall_in, stall_out = job.stall_in.tolist(), job.stall_out.tolist()
        outputs: list[int] = []
        accepted: list[int] = []
        delivered: list[int] = []

        async def drive(ctx: Any) -> None:
            ctx.set(domain.rst, 1)
            for _ in range(RESET_CYCLES):
                await ctx.tick()
            ctx.set(domain.rst, 0)
            offering, held, last, cycle = False, -1, 0, 0
            while cycle - last < (SURPLUS_CYCLES if _done(job, accepted, delivered) else job.timeout_cycles):
                if not offering and len(accepted) < len(beats) and not stall_in[cycle % len(stall_in)]:
                    offering = True
                    ctx.set(i_payload, beats[len(accepted)])
                ctx.set(dut.i.valid, offering)
                ready = not stall_out[cycle % len(stall_out)]
                ctx.set(dut.o.ready, ready)
                value = ctx.get(o_payload) & mask if ctx.get(dut.o.valid) else -1
                if held not in (-1, value):
                    raise protocol_error(cycle)
                held = -1 if ready else value
                if offering and ctx.get(dut.i.ready):
                    accepted.append(cycle)
                    offering, last = False, cycle
                if ready and value >= 0:
                    if len(outputs) == job.n_out:
                        raise surplus_error(job, cycle)
                    outputs.append(value)
                    delivered.append(cycle)
                    last = cycle
                await ctx.tick()
                cycle += 1
            if not _done(job, accepted, delivered):
                raise standstill(job, cycle, len(accepted), len(delivered))

        simulator = Simulator(top)
        simulator.add_clock(1e-6)
        simulator.add_testbench(drive)
        simulator.run()
        return Run(pack_ints(outputs, job.o_width), np.array(accepted, np.int64), np.array(delivered, np.int64))


def _done(job: Job, accepted: list[int], delivered: list[int]) -> bool:
    return len(accepted) == len(job.beats_in) and len(delivered) == job.n_out
