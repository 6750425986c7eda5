"""``nnfpga sim``: what a compiled folder holds, simulated again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from nnfpga.compiler.errors import CompileError
from nnfpga.sim.beats import Words, words
from nnfpga.sim.choose import choose
from nnfpga.sim.compare import check
from nnfpga.sim.harness import Verilog, simulate
from nnfpga.sim.verilog import port_width

from .host import read_report

__all__ = ["replay", "serve"]


def replay(folder: str | Path, tell: Callable[[str], None]) -> int:
    """Simulate ``rtl/top.v`` on the vectors beside it; 0 where every output is as written there.

    Raises
    ------
    CompileError
        where the folder holds no RTL.
    SimulationError
        naming the first difference.
    """
    report = read_report(folder)
    rtl = Path(folder) / "rtl"
    try:
        text = (rtl / "top.v").read_text()
        lines = [(rtl / f"vectors_{side}.hex").read_text().split() for side in ("in", "out")]
    except OSError:
        raise CompileError(f"{folder}: holds no RTL; compile with --emit rtl or further") from None
    i_width, o_width = port_width(text, "dut", "i__payload"), port_width(text, "dut", "o__payload")
    design = Verilog(text, "dut", i_width, o_width)
    beats, expected = (from_hex(side, width) for side, width in zip(lines, (i_width, o_width), strict=True))
    cycles = report.get("interval_cycles", 1000) * len(beats)
    tell(f"simulating {len(beats)} beats")
    with TemporaryDirectory(prefix="nnfpga-") as work:
        run = simulate(
            design, beats, len(expected), engine=choose(400, cycles, tell), stall_in=0.2, stall_out=0.2,
            timeout_cycles=5 * int(report.get("interval_cycles", 1000)) + 10_000, work=Path(work),
        )  # fmt: skip
    check(expected, run.outputs)
    print(f"equal on {len(expected)} output beats; the last one left in cycle {int(run.delivered[-1])}")
    return 0


def from_hex(lines: list[str], width: int) -> Words:
    """Beats from the hexadecimal lines of a vector file."""
    size = words(width) * 4
    raw = b"".join(int(line, 16).to_bytes(size, "little") for line in lines)
    return np.frombuffer(raw, "<u4").astype(np.uint32).reshape(-1, words(width))


def serve(folder: str | Path, tell: Callable[[str], None]) -> int:
    """Simulate the complete chip, serial pins included, behind a pseudo-terminal until interrupted.

    Raises
    ------
    CompileError
        where the folder holds no complete chip.
    """
    from nnfpga import boards
    from nnfpga.sim.chip import open_chip, rtl_chip
    from nnfpga.sim.terminal import serve as forward

    report = read_report(folder)
    path = Path(folder) / "rtl" / "chip.v"
    if "board" not in report or not path.exists():
        raise CompileError(f"{folder}: holds no complete chip; compile with --board")
    board = boards.find(report["board"])
    tell("building the simulation of the chip")
    verilog = rtl_chip(path.read_text())
    with (
        TemporaryDirectory(prefix="nnfpga-") as work,
        open_chip(verilog, board.divisor, board.oscillator_mhz, report["clock_mhz"], Path(work)) as session,
    ):
        forward(session, lambda name: print(f"serving on {name}", flush=True))
    return 0
