"""The queue behind a free-running pipeline never overflows: proven by induction. (Its results: `test_network.py`.)"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from amaranth.back import rtlil
from amaranth.hdl import Module, Signal

from nnfpga.rtl.credits import CreditQueue
from nnfpga.tools.errors import ToolError
from nnfpga.tools.yosys import yosys

SCRIPT = """
read_rtlil bench.il
hierarchy -top bench
proc
flatten
memory
delete -port w:seen_*
connect -set seen_inner unit.queue.inner_level
connect -set seen_room unit.queue.w_rdy
connect -set seen_output unit.queue.r_rdy
opt_clean
"""
INDUCTION = "sat -verify -tempinduct -maxsteps 3 -set rst 0 -prove wrong 0"
"""From the registers' initial values on, and from any state where nothing was wrong in the cycles before."""


def bench(latency: int, credits: int) -> str:
    """RTLIL of the queue behind a pipeline's valid bits; ``wrong`` must never be 1.

    ``credits`` is what starts, flights and queued results must add up to.
    """
    unit = CreditQueue(1, latency)
    m = Module()
    m.submodules.unit = unit
    valid, take, wrong, start = Signal(name="valid"), Signal(name="take"), Signal(name="wrong"), Signal()
    inner = Signal(range(unit.places), name="seen_inner")
    room, output = Signal(name="seen_room"), Signal(name="seen_output")
    stages = [start, *(Signal(name=f"valid_{n}") for n in range(latency))]
    m.d.sync += [later.eq(earlier) for earlier, later in pairwise(stages)]
    m.d.comb += [
        start.eq(unit.valid & unit.ready),
        unit.valid.eq(valid),
        unit.done.eq(stages[-1]),
        unit.o.ready.eq(take),
        wrong.eq(
            (stages[-1] & ~room) | (unit.credits + sum(stages[1:], inner + output) != credits) | (inner >= unit.places)
        ),
    ]
    return rtlil.convert(m, ports=[valid, take, wrong, inner, room, output], name="bench")


def prove(folder: Path, latency: int, credits: int) -> None:
    """Raise ToolError unless nothing ever goes wrong."""
    (folder / "bench.il").write_text(bench(latency, credits))
    (folder / "prove.ys").write_text(SCRIPT + INDUCTION + "\n")
    yosys("script prove.ys", folder, "prove.log")


@pytest.mark.parametrize("latency", [0, 1, 2, 5, 13])
def test_it_never_overflows(latency: int, tmp_path: Path) -> None:
    prove(tmp_path, latency, latency + 3)


def test_a_lost_credit_is_noticed(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="proof did fail"):
        prove(tmp_path, 2, 4)
