"""Stimulus shared by the tests of the link: streams with random stalls, serial lines with a clock of their own."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from amaranth.hdl import Module, Signal, Value
from amaranth.sim import Simulator

CLOCK = 1e-8  # any period will do


def _transfer(
    dut: Any, inputs: Iterable[int], count: int, *, seed: int = 0, i_busy: float = 0.5, o_busy: float = 0.5
) -> list[int]:
    """Feed ``inputs`` to ``dut.i``, return the first ``count`` payloads of ``dut.o``.

    Each side is busy with its probability and idles otherwise; payloads that change while they wait are an error.
    Where the input cannot stall it is not stalled; nothing may come after ``count`` payloads for 50 clocks.
    """
    chance = random.Random(seed)
    received: list[int] = []

    async def source(ctx: Any) -> None:
        for value in inputs:
            while chance.random() >= i_busy:
                await ctx.tick()
            ctx.set(Value.cast(dut.i.payload), value)
            ctx.set(dut.i.valid, 1)
            await ctx.tick().until(dut.i.ready)
            ctx.set(dut.i.valid, 0)

    async def sink(ctx: Any) -> None:
        payload = Value.cast(dut.o.payload)
        waiting: int | None = None
        quiet = 0
        always = dut.o.signature.always_ready
        while len(received) < count or quiet < 50:
            ready = always or chance.random() < o_busy
            if not always:
                ctx.set(dut.o.ready, ready)
            _, _, valid, value = await ctx.tick().sample(dut.o.valid, payload)
            assert waiting is None or (valid and value == waiting), "a waiting payload changed"
            waiting = value if valid and not ready else None
            quiet = 0 if valid and ready else quiet + 1
            if valid and ready:
                received.append(value)
            assert quiet < 20_000, f"only {len(received)} of {count} payloads came"

    top = Module()  # gives a clock to a DUT that is only wires
    top.submodules.dut = dut
    top.d.sync += Signal(name="tick").eq(1)
    simulator = Simulator(top)
    simulator.add_clock(CLOCK)
    simulator.add_testbench(source, background=True)
    simulator.add_testbench(sink)
    simulator.run()
    return received


@pytest.fixture
def transfer() -> Callable[..., list[int]]:
    return _transfer


async def _send(ctx: Any, line: Any, data: bytes, bit: float, *, stop: int = 1) -> None:
    for byte in data:
        for level in (0, *(byte >> n & 1 for n in range(8)), stop):
            ctx.set(line, level)
            await ctx.delay(bit)
        ctx.set(line, 1)


async def _hear(ctx: Any, line: Any, bit: float, heard: bytearray) -> None:
    while True:
        await ctx.negedge(line)
        await ctx.delay(1.5 * bit)
        byte = 0
        for n in range(8):
            byte |= ctx.get(line) << n
            await ctx.delay(bit)
        assert ctx.get(line) == 1, "stop bit"
        heard.append(byte)


@pytest.fixture
def send() -> Callable[..., Any]:
    """``await send(ctx, line, data, bit, stop=1)``: bytes as 8N1, ``bit`` seconds each bit."""
    return _send


@pytest.fixture
def hear() -> Callable[..., Any]:
    """``await hear(ctx, line, bit, heard)``: append the bytes that come, for ever."""
    return _hear
