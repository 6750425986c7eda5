# amaranth: UnusedElaboratable=no
from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from amaranth.sim import Simulator

from nnfpga.rtl.link import UartReceiver, UartTransmitter

CLOCK = 1e-8


@pytest.mark.parametrize("divisor", [4, 5, 12, 25, 104])
@pytest.mark.parametrize("skew", [0.97, 1.0, 1.03])
def test_receives(divisor: int, skew: float, send: Callable[..., Any]) -> None:
    if divisor < 8 and skew != 1.0:
        pytest.skip("the sampling point is coarse")
    dut = UartReceiver(divisor)
    sent = bytes(random.Random(divisor).randbytes(12)) + b"\x00\xff"
    got = bytearray()

    async def line(ctx: Any) -> None:
        await ctx.delay(3.3 * CLOCK)
        await send(ctx, dut.rx, sent, divisor * CLOCK * skew)
        await ctx.delay(divisor * CLOCK)

    async def watch(ctx: Any) -> None:
        async for _, _, valid, byte in ctx.tick().sample(dut.o.valid, dut.o.payload):
            if valid:
                got.append(byte)

    simulator = Simulator(dut)
    simulator.add_clock(CLOCK)
    simulator.add_testbench(line)
    simulator.add_testbench(watch, background=True)
    simulator.run()
    assert bytes(got) == sent


def test_drops_bad_stop_bits_breaks_and_glitches(send: Callable[..., Any]) -> None:
    dut = UartReceiver(12)
    bit = 12 * CLOCK
    got = bytearray()

    async def line(ctx: Any) -> None:
        await ctx.delay(bit)
        ctx.set(dut.rx, 0)  # a glitch, shorter than half a bit
        await ctx.delay(bit / 4)
        ctx.set(dut.rx, 1)
        await ctx.delay(2 * bit)
        await send(ctx, dut.rx, b"\x11", bit)
        await send(ctx, dut.rx, b"\x22", bit, stop=0)
        await ctx.delay(2 * bit)
        ctx.set(dut.rx, 0)  # a break, no byte
        await ctx.delay(35 * bit)
        ctx.set(dut.rx, 1)
        await ctx.delay(bit)
        await send(ctx, dut.rx, b"\x33", bit)
        await ctx.delay(2 * bit)

    async def watch(ctx: Any) -> None:
        async for _, _, valid, byte in ctx.tick().sample(dut.o.valid, dut.o.payload):
            if valid:
                got.append(byte)

    simulator = Simulator(dut)
    simulator.add_clock(CLOCK)
    simulator.add_testbench(line)
    simulator.add_testbench(watch, background=True)
    simulator.run()
    assert bytes(got) == b"\x11\x33"


@pytest.mark.parametrize("divisor", [4, 12, 25])
def test_transmits(divisor: int, hear: Callable[..., Any]) -> None:
    dut = UartTransmitter(divisor)
    sent = random.Random(divisor).randbytes(12)
    heard = bytearray()

    async def source(ctx: Any) -> None:
        for n, byte in enumerate(sent):
            ctx.set(dut.i.payload, byte)
            ctx.set(dut.i.valid, 1)
            await ctx.tick().until(dut.i.ready)
            ctx.set(dut.i.valid, 0)
            await ctx.tick().repeat(n % 3 * divisor + 1)
        await ctx.tick().repeat(12 * divisor)

    async def listen(ctx: Any) -> None:
        await hear(ctx, dut.tx, divisor * CLOCK, heard)

    simulator = Simulator(dut)
    simulator.add_clock(CLOCK)
    simulator.add_testbench(source)
    simulator.add_testbench(listen, background=True)
    simulator.run()
    assert bytes(heard) == sent


@pytest.mark.parametrize("uart", [UartReceiver, UartTransmitter])
@pytest.mark.parametrize("divisor", [3, 0, -1, 1 << 16])
def test_divisor_out_of_range(uart: type, divisor: int) -> None:
    with pytest.raises(
        ValueError, match=rf"^UART divisor must be an integer from 4 to 65535 clocks per bit, not {divisor}$"
    ):
        uart(divisor)
