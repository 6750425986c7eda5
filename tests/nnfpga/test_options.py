"""Choices: defaults, types, where a compile stops, and files of choices."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from nnfpga.cli import CHOICES
from nnfpga.compiler.errors import CompileError
from nnfpga.options import CONVERT, Emit, Options, read_config


def test_every_choice_can_be_given_everywhere() -> None:
    names = {f.name for f in fields(Options)}
    assert names == {*CONVERT} == {*CHOICES}


@pytest.mark.parametrize(
    ("choices", "stop"),
    [
        ({}, Emit.RTL),
        ({"device": "hx1k"}, Emit.NETLIST),
        ({"board": "icestick"}, Emit.BITSTREAM),
        ({"board": "icestick", "emit": "model"}, Emit.MODEL),
        ({"board": "icestick", "emit": "netlist"}, Emit.NETLIST),
    ],
)
def test_where_it_stops(choices: dict[str, str], stop: Emit) -> None:
    options = Options().updated(choices)
    options.check()
    assert options.stop is stop


def test_the_order_of_steps() -> None:
    assert sorted(Emit, key=lambda e: e.rank) == [Emit.MODEL, Emit.RTL, Emit.NETLIST, Emit.BITSTREAM]


def test_values_are_converted() -> None:
    given = {"bits": "6", "clock": 12, "input_range": "-1,2.5", "samples": None, "seed": 3.0, "plan": Path("a.yaml")}
    options = Options().updated(given)
    assert (options.bits, options.clock, options.input_range) == (6, 12.0, (-1.0, 2.5))
    assert (options.samples, options.seed, options.plan) == (None, 3, "a.yaml")
    assert Options().updated({"input_range": [0, 1]}).input_range == (0.0, 1.0)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"bits": True}, "option bits: True is not a whole number; give a whole number"),
        ({"bits": 7.5}, "option bits: 7.5 is not a whole number; give a whole number"),
        ({"target": None}, "option target: None is not a text; give a text"),
        ({"clock": "12 MHz"}, "option clock: '12 MHz' is not a number; give a number"),
        ({"verify_seconds": []}, "option verify-seconds: [] is not a number; give a number"),
        ({"input_range": (1, 2, 3)}, "option input-range: (1, 2, 3) is not a pair LOW,HIGH of numbers; "
         "give a pair LOW,HIGH of numbers"),
    ],
)  # fmt: skip
def test_values_of_the_wrong_type(given: dict[str, object], sentence: str) -> None:
    with pytest.raises(CompileError) as caught:
        Options().updated(given)
    assert str(caught.value) == sentence


def test_all_problems_at_once() -> None:
    with pytest.raises(CompileError) as caught:
        Options(
            bits=0, target="x", emit="y", output="z", calibration="w", clock=-1.0, samples=-1, verify_seconds=-1.0
        ).check()
    assert [p.where for p in caught.value.problems] == [
        "option bits", "option target", "option emit", "option output", "option calibration", "option clock",
        "option samples", "option verify-seconds",
    ]  # fmt: skip


def test_a_file_of_choices(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("bits: 6\ninput-range: [0, 1]\nverify_seconds: 5\n")
    assert read_config(path) == {"bits": 6, "input_range": [0, 1], "verify_seconds": 5}
    assert Options().updated(read_config(path)).input_range == (0.0, 1.0)
