"""What a tool made of a case, and how a tool is run: in a process of its own, timed."""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path

__all__ = ["Made", "alone"]


@dataclass(frozen=True)
class Made:
    """A pipelined circuit: module ``circuit`` with ``clk``, ``model_inp``, ``model_out``.

    ``hdl`` is a file of RTLIL, or a folder of Verilog (modules with parameters in ``static`` below it). ``cycles`` is
    how many registers a value passes behind the input register, the one at the output included; ``depth`` counts adders
    on the longest way. Seconds and MiB are of the process that made it, imports not in the seconds.
    """

    hdl: Path
    inputs: int
    outputs: int
    adders: int
    depth: int
    cycles: int
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    peak_mib: float = 0.0


Make = Callable[[str, float, Path], Made]


def child(end: Connection, make: Make, case: str, clock_mhz: float, work: Path) -> None:
    """In the new process: time, and memory."""
    cpu, wall = time.process_time(), time.perf_counter()
    made = make(case, clock_mhz, work)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    end.send(replace(made, cpu_seconds=time.process_time() - cpu, wall_seconds=time.perf_counter() - wall,
                     peak_mib=peak))  # fmt: skip


def alone(make: Make, case: str, clock_mhz: float, work: Path) -> Made:
    """The result of a tool that runs in a new process."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=child, args=(there, make, case, clock_mhz, work))
    process.start()
    there.close()
    try:
        return here.recv()
    except EOFError:
        raise SystemExit(f"{case}: the tool ended without a result") from None
    finally:
        process.join()
