"""Tables and coefficients in block RAM: both parts around the RAM give what the circuit gives, within the intervals."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from nnfpga.compiler.exact import Ints
from nnfpga.compiler.functions.blocks import Blocks, in_blocks
from nnfpga.compiler.functions.choose import Candidate
from nnfpga.compiler.functions.memory import Memory, in_memory
from nnfpga.compiler.functions.network import Fabric
from nnfpga.compiler.functions.smooth import plain_table
from nnfpga.compiler.functions.target import Target

FABRIC = Fabric(4, absorbs=False)


def target_of(f: Callable[[np.ndarray], np.ndarray], signed: bool, room: float) -> Target:
    """A function of -1 .. 1 or 0 .. 1 in 11 bits, and what is within some units of it."""
    x = np.arange(1 << 11) - (1 << 10 if signed else 0)
    y = f(x / (1 << 11 - signed))
    return Target(11, signed, np.ceil(y - room).astype(np.int64), np.floor(y + room).astype(np.int64))


TARGETS = {
    "odd": target_of(lambda x: 1000 * np.sin(3 * (x + 1 / 2048)) - 0.5, True, 1.5),
    "negative": target_of(lambda x: -500 - 1000 * np.exp(-2 * x), False, 1.5),
    "signs": target_of(lambda x: 700 * np.exp(-2 * x) - 300, True, 1.5),
    "steep": target_of(lambda x: 1000 * np.sqrt(x), False, 1.5),
}


def rams(inputs: int, outputs: int) -> int | None:
    return -(-outputs // 9) if inputs <= 11 else None


def read(memory: Memory, x: Ints) -> Ints:
    """What comes out of it, by the numbers in its words."""
    address, *kept = memory.before.evaluate(x[:, None]).T
    words = np.array(memory.words, dtype=object)[address.astype(np.int64)]
    values: list[Ints] = []
    for field in memory.fields:
        values.append(field.wire.decode((words & (1 << field.wire.width) - 1).astype(np.int64)))
        words = words >> field.wire.width
    return memory.after.evaluate(np.stack([*values, *kept], axis=1))[:, 0]


def found_of(target: Target, ram: float | None, dsp: float | None) -> list[Candidate]:
    return in_blocks([target], FABRIC, Blocks(rams, ram, dsp), plain_table)


@pytest.mark.parametrize("name", TARGETS)
def test_both_parts_are_the_circuit(name: str) -> None:
    target = TARGETS[name]
    found = found_of(target, 100, 200)
    assert [(c.address is not None, c.dsp) for c in found] == [
        (True, False),
        (False, True),
        (True, False),
        (True, True),
    ]
    assert [c.latency for c in found] == [1, 0, 1, 1]
    for candidate in found:
        candidate.circuit.verify()
        y = candidate.circuit.evaluate(target.codes[:, None])[:, 0]
        assert target.holds(y)
        if candidate.address is None:
            continue
        memory = in_memory(candidate.circuit, candidate.address)
        memory.before.verify()
        memory.after.verify()
        assert max(memory.words) < 1 << memory.width
        assert (read(memory, target.codes) == y).all()


def test_only_what_may_be_used() -> None:
    target = TARGETS["odd"]
    assert all(c.dsp and c.address is None for c in found_of(target, None, 200))
    assert not any(c.dsp for c in found_of(target, 100, None))
    assert not found_of(target, None, None)


def test_dear_rams_are_few() -> None:
    words = [
        in_memory(c.circuit, c.address).width
        for ram in (1, 10_000)
        for c in found_of(TARGETS["negative"], ram, None)
        if c.address is not None and "coefficients" in c.method
    ]
    assert -(-words[1] // 9) <= -(-words[0] // 9)


def test_a_value_that_is_no_address() -> None:
    (candidate, *_) = found_of(TARGETS["odd"], 100, None)
    with pytest.raises(ValueError, match="must be that of a table"):
        in_memory(candidate.circuit, 0)
