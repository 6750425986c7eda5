"""Function units as RTL against what is allowed, for all inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from amaranth.sim import Simulator

from nnfpga.compiler.circuit.ir import Add, Builder, Circuit
from nnfpga.compiler.exact import Ints
from nnfpga.compiler.functions.choose import Effort, candidates, plain
from nnfpga.compiler.functions.network import Fabric
from nnfpga.compiler.functions.target import Target
from nnfpga.compiler.number import Number
from nnfpga.rtl.unit import Block, Unit


def outputs(circuit: Circuit, codes: Ints) -> list[int]:
    """What the RTL gives for each input code."""
    unit = Unit(circuit)
    found: list[int] = []

    async def bench(ctx: Any) -> None:
        for code in codes.tolist():
            ctx.set(unit.x, code)
            found.append(ctx.get(unit.y))

    simulator = Simulator(unit)
    simulator.add_testbench(bench)
    simulator.run()
    return found


@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("rise", [0.2, 2.0, -1.3])
def test_units_give_what_is_allowed(signed: bool, rise: float) -> None:
    x = np.arange(-32, 32) if signed else np.arange(64)
    y = np.rint(rise * x + 9 * np.sin(x / 9)).astype(np.int64)
    target = Target(6, signed, y - 1, y + 1)
    effort = Effort(starts=3, first=300, kept=2, longer=600, last=600)
    for candidate in [*candidates([target], Fabric(4, absorbs=True), effort, 1, lambda _: None), plain(target)]:
        found = outputs(candidate.circuit, target.codes)
        assert found == candidate.circuit.evaluate(target.codes.reshape(-1, 1))[:, 0].tolist()
        assert target.holds(np.array(found))
    wrong = plain(Target(6, signed, y + 2, y + 2)).circuit
    assert not target.holds(np.array(outputs(wrong, target.codes)))


def test_a_block_has_all_inputs_and_outputs_in_words() -> None:
    """Sum and difference of a signed and an unsigned number."""
    builder = Builder((Number.of(-4, 3), Number.of(0, 3)))
    a, b = builder.start()
    block = Block(builder.finish([builder.add(Add(a, b)), builder.add(Add(a, b, subtract=True))]))
    found: dict[tuple[int, int], int] = {}

    async def bench(ctx: Any) -> None:
        for x in range(-4, 4):
            for y in range(4):
                ctx.set(block.x, (x & 7) | y << 3)
                found[x, y] = ctx.get(block.y)

    simulator = Simulator(block)
    simulator.add_testbench(bench)
    simulator.run()
    assert found == {(x, y): (x + y & 15) | (x - y & 15) << 4 for x, y in found}
