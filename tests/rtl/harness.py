"""Drives a component's streams with random stalls on both ends and compares with expected integers."""

from __future__ import annotations

from pathlib import Path
from tempfile import gettempdir
from typing import Any

import numpy as np
from amaranth.hdl import Module, Signal
from amaranth.lib import wiring
from amaranth.sim import Simulator

from nnfpga.compiler.exact import Ints
from nnfpga.rtl.beat import Edge
from nnfpga.sim.amaranth_engine import AmaranthEngine
from nnfpga.sim.beats import pack_ints, unpack_ints
from nnfpga.sim.harness import Run, simulate

STALLS = ((0.0, 0.0), (0.4, 0.5))


def flat(edge: Edge, values: Ints) -> list[int]:
    """One integer a beat, lane 0 lowest."""
    return [sum(int(w) << (n * edge.width) for n, w in enumerate(row)) for row in edge.pack(values)]


def split(edge: Edge, beats: list[int]) -> np.ndarray[Any, Any]:
    mask = (1 << edge.width) - 1
    words = [[beat >> (n * edge.width) & mask for n in range(edge.lanes)] for beat in beats]
    return edge.unpack(np.array(words, dtype=object))


def drive(unit: Any, i: Edge, o: Edge, x: Ints, stall: tuple[float, float] = (0, 0), seed: int = 0) -> tuple[Any, Run]:
    """The integers that a unit gives for a batch, and the cycles."""
    run = simulate(
        unit,
        pack_ints(flat(i, x), i.width * i.lanes),
        len(x) * o.beats,
        engine=AmaranthEngine(),
        stall_in=stall[0],
        stall_out=stall[1],
        seed=seed,
        timeout_cycles=2000,
        work=Path(gettempdir()) / "nnfpga-tests",
    )
    return split(o, unpack_ints(run.outputs, o.width * o.lanes)), run


def check(make: Any, i: Edge, o: Edge, x: Ints, y: Ints) -> Run:
    """Raise AssertionError unless a unit gives ``y`` for ``x`` whatever the stalls; the run without stalls."""
    first: Run | None = None
    for seed, stall in enumerate(STALLS):
        unit: wiring.Component = make()
        got, run = drive(unit, i, o, x, stall, seed)
        expected = np.asarray(y).reshape(len(x), -1)
        wrong = np.argwhere(got != expected)
        assert not len(wrong), f"stalls {stall}: first wrong (sample, element) {wrong[0]}"
        first = first or run
    assert first is not None
    return first


def check_logic(m: Module, inputs: list[Signal], results: list[Signal], x: Ints, expected: Ints) -> None:
    """Compare what combinational logic gives for each row of inputs with the row that is expected."""

    async def bench(ctx: Any) -> None:
        for row, wanted in zip(x.tolist(), expected.tolist(), strict=True):
            for signal, value in zip(inputs, row, strict=True):
                ctx.set(signal, value)
            assert [ctx.get(y) for y in results] == wanted

    simulator = Simulator(m)
    simulator.add_testbench(bench)
    simulator.run()
