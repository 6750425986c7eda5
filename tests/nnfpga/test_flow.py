"""The whole way to verified RTL, and that it notices when something is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from amaranth.hdl import Const, Module, Value

from nnfpga import CompileError, compile
from nnfpga.compiler.exact import Ints
from nnfpga.compiler.layers.dense import Dense
from nnfpga.compiler.number import Wire
from nnfpga.compiler.plan import Folded, Lanes, Plan, Unrolled
from nnfpga.design import Design
from nnfpga.flow import choose_plan
from nnfpga.options import Options
from nnfpga.rtl.beat import encode
from nnfpga.rtl.layers.arg_max import SerialArgMax

BUG = "this is a bug of nnfpga, please report it"


def test_rtl_equals_the_integer_model(design: Design) -> None:
    assert design.measured["exact"]["rtl"] is True
    assert design.measured["exact"]["vectors"] == 64
    assert {"rtl/top.v", "rtl/testbench.v"} <= {*design.files}
    assert [*design.steps.seconds] == ["model", "plan", "rtl", "simulate"]


def test_a_plan_fed_back_gives_the_same(design: Design, mlp: Path, data: Path, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(design.plan.to_yaml())
    again = compile(mlp, data, samples=64, plan=path)
    assert again.plan == design.plan
    assert again.files == design.files
    assert again.measured == design.measured
    assert str(again.graph) == str(design.graph)


def test_a_plan_edited_by_hand_is_built(design: Design, mlp: Path, data: Path, tmp_path: Path) -> None:
    names = [layer.name for layer in design.graph.layers]
    choices = dict(zip(names, (Folded(4, 2), Lanes(2), Unrolled(), Unrolled(), Lanes(1)), strict=True))
    path = tmp_path / "plan.yaml"
    path.write_text(Plan("generic", 25.0, choices).to_yaml())
    mixed = compile(mlp, data, samples=24, plan=path)
    assert mixed.plan.choices == choices
    assert mixed.plan.clock_mhz == 25.0
    assert mixed.measured["exact"]["rtl"] is True
    assert mixed.measured["interval_cycles"] < design.measured["interval_cycles"]


def test_the_clock_on_the_command_line_wins_over_the_plans(design: Design, tmp_path: Path) -> None:
    path = tmp_path / "plan.yaml"
    path.write_text(replace(design.plan, clock_mhz=20.0).to_yaml())
    for clock, expected in ((None, 20.0), (30.0, 30.0)):
        options = Options(plan=str(path), clock=clock)
        plan = choose_plan(design.graph, design.device, 50.0, options, lambda _: None)
        assert plan == replace(design.plan, clock_mhz=expected)


def test_stopping_at_the_model(mlp: Path, data: Path) -> None:
    design = compile(mlp, data, emit="model")
    assert [*design.steps.seconds] == ["model"]
    assert not design.files
    assert "exact" not in design.measured


def test_latency_unrolls_without_limits(mlp: Path, data: Path) -> None:
    design = compile(mlp, data, samples=8, target="latency", bits=4)
    assert {*design.plan.choices.values()} == {Unrolled()}
    assert design.measured["interval_cycles"] == 1
    assert design.report()["estimate"]["latency_cycles"] == design.measured["latency_cycles"]


def test_progress_is_told(mlp: Path, data: Path) -> None:
    told: list[str] = []
    compile(mlp, data, samples=8, progress=told.append)
    assert told[0] == f"reading and quantising {mlp}"
    assert told[-1] == "comparing the RTL with the integer model on 8 vectors"


def test_a_wrong_integer_model_is_noticed(mlp: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hardware multiplies by the weights, the integer model by the weights and one more: they must not agree."""
    right = Dense.evaluate

    def wrong(self: Dense, *inputs: Ints) -> Ints:
        return right(self, *inputs) + (np.arange(self.outputs) == 1)

    monkeypatch.setattr(Dense, "evaluate", wrong)
    with pytest.raises(CompileError, match=rf"^the RTL differs from the integer model: .*; {BUG}$"):
        compile(mlp, data, samples=64, output="scores")


@pytest.mark.parametrize("room", ["rtl.layers.dense", "rtl.layers.arg_max"])
def test_wrong_hardware_is_noticed(room: str, mlp: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One unit puts a wrong lowest bit on its output."""

    def wrong(value: Value, wire: Wire) -> Value:
        return encode(value, wire) ^ Const(1)

    monkeypatch.setattr(f"nnfpga.{room}.encode", wrong)
    with pytest.raises(CompileError) as caught:
        compile(mlp, data, samples=64, output="scores" if room == "rtl.layers.dense" else "class")
    sentence = str(caught.value)
    assert sentence.startswith("the RTL differs from the integer model: ")
    assert sentence.endswith(BUG)


def test_a_design_that_stands_still_is_noticed(mlp: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SerialArgMax, "elaborate", still)
    with pytest.raises(CompileError, match="the design stands still"):
        compile(mlp, data, samples=8)


def still(unit: SerialArgMax, platform: object) -> Module:
    """A unit that never takes nor gives anything."""
    return Module()
