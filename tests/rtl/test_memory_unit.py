"""A unit with a block RAM gives what its circuit gives, a clock cycle later, at every input."""

from __future__ import annotations

import numpy as np
import pytest
from amaranth.sim import Simulator, SimulatorContext

from nnfpga.compiler.functions.blocks import Blocks, in_blocks
from nnfpga.compiler.functions.memory import in_memory
from nnfpga.compiler.functions.network import Fabric
from nnfpga.compiler.functions.smooth import plain_table
from nnfpga.compiler.functions.target import Target
from nnfpga.rtl.unit import MemoryUnit

X = np.arange(-1024, 1024)
Y = 1000 * np.sin(3 * (X + 0.5) / 1024) - 0.5
TARGET = Target(11, True, np.ceil(Y - 1.5).astype(np.int64), np.floor(Y + 1.5).astype(np.int64))
FOUND = in_blocks([TARGET], Fabric(4), Blocks(lambda n, m: 1 if n <= 10 else None, 1, 1), plain_table)


@pytest.mark.parametrize("n", [n for n, c in enumerate(FOUND) if c.latency])
def test_every_input_a_cycle_later(n: int) -> None:
    candidate = FOUND[n]
    assert candidate.address is not None
    unit = MemoryUnit(in_memory(candidate.circuit, candidate.address))
    order = np.random.default_rng(n).permutation(X)
    given: list[int] = []

    async def bench(ctx: SimulatorContext) -> None:
        for x in order.tolist():
            ctx.set(unit.x, x)
            await ctx.tick()
            given.append(ctx.get(unit.y))

    simulator = Simulator(unit)
    simulator.add_clock(1e-6)
    simulator.add_testbench(bench)
    simulator.run()
    assert given == candidate.circuit.evaluate(order[:, None])[:, 0].tolist()
