from __future__ import annotations

import random
from typing import Any

import pytest
from amaranth.sim import Simulator

from nnfpga.rtl.link import StreamCrossing


@pytest.mark.parametrize(("i_period", "o_period"), [(1.0, 1.0), (1.0, 0.37), (0.23, 1.0), (1.0, 0.999)])
@pytest.mark.parametrize("phase", [0.0, 0.1])
def test_crosses(i_period: float, o_period: float, phase: float) -> None:
    dut = StreamCrossing(8, i_domain="left", o_domain="right")
    sent = random.Random(1).randbytes(100)
    got = bytearray()
    chance = random.Random(2)

    async def source(ctx: Any) -> None:
        for byte in sent:
            await ctx.tick("left").repeat(chance.choice((1, 1, 5)))
            ctx.set(dut.i.payload, byte)
            ctx.set(dut.i.valid, 1)
            await ctx.tick("left").until(dut.i.ready)
            ctx.set(dut.i.valid, 0)
            ctx.set(dut.i.payload, 0x55)
        await ctx.tick("right").repeat(100)

    async def sink(ctx: Any) -> None:
        while True:
            ready = chance.random() < 0.6
            ctx.set(dut.o.ready, ready)
            _, _, valid, byte = await ctx.tick("right").sample(dut.o.valid, dut.o.payload)
            if valid and ready:
                got.append(byte)

    simulator = Simulator(dut)
    simulator.add_clock(i_period * 1e-8, domain="left")
    simulator.add_clock(o_period * 1e-8, phase=phase * 1e-8, domain="right")
    simulator.add_testbench(source)
    simulator.add_testbench(sink, background=True)
    simulator.run()
    assert bytes(got) == sent
