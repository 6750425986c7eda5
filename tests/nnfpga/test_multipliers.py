"""Products in the chip's multiplier blocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper, numpy_helper

import nnfpga
from nnfpga import CompileError
from nnfpga.design import Design
from nnfpga.tools.errors import ToolError
from nnfpga.tools.find import find

from .conftest import write_data, write_graph


def checked(model: Path, data: Path, *, device: str, **options: Any) -> Design:
    """A design whose netlist was compared with the integer model."""
    design = nnfpga.compile(model, data, device=device, samples=16, verify_seconds=2, **options)
    assert design.report()["exact"]["netlist_vectors"] > 0
    return design


def write_products(path: Path, count: int) -> Path:
    """The products of inputs in the first and in the second half."""
    ends = {"start": 0, "middle": count, "end": 2 * count, "axis": 1}
    constants = [numpy_helper.from_array(np.array([value]), name) for name, value in ends.items()]
    nodes = [
        helper.make_node("Slice", ["x", "start", "middle", "axis"], ["a"]),
        helper.make_node("Slice", ["x", "middle", "end", "axis"], ["b"]),
        helper.make_node("Mul", ["a", "b"], ["y"]),
    ]
    return write_graph(path, nodes, constants, 2 * count, "y")


@pytest.fixture
def tools() -> None:
    """Skips where the netlist cannot be made or simulated."""
    try:
        for name in ("yosys", "verilator", "g++"):
            find(name)
    except ToolError as error:
        pytest.skip(str(error))


@pytest.mark.slow
@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize("device", ["up5k", "lfe5u-25f"])
def test_blocks_are_taken_where_there_are_some(mlp: Path, data: Path, device: str) -> None:
    without, within = (checked(mlp, data, device=device, dsp=dsp).report()["resources"] for dsp in (False, None))
    assert without["dsp"] == 0
    assert within["dsp"] == 2  # one for each matrix
    assert within["lut"] < without["lut"] - 100


@pytest.mark.slow
@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize(("device", "count", "blocks"), [("up5k", 10, 8), ("lfe5u-25f", 30, 28)])
def test_more_products_than_blocks(tmp_path: Path, device: str, count: int, blocks: int) -> None:
    """What is left over is logic, in an unrolled network."""
    model = write_products(tmp_path / "products.onnx", count)
    design = checked(model, write_data(tmp_path / "data.npz", inputs=2 * count), device=device, target="latency")
    assert sum(len(stage.unit.products) for stage in design.component.stages) == count
    assert design.component.blocks == design.report()["resources"]["dsp"] == blocks


@pytest.mark.slow
@pytest.mark.usefixtures("tools")
def test_more_products_a_cycle_than_blocks(mlp: Path, data: Path, tmp_path: Path) -> None:
    """Two matrices of 8 products a cycle each, of which those of the wider factors get UP5K's 8 blocks first."""
    plan = nnfpga.compile(mlp, data, device="up5k", emit="rtl", samples=1).plan.to_yaml()
    file = tmp_path / "plan.yaml"
    file.write_text(plan.replace("pe: 1\n      simd: 1", "pe: 4\n      simd: 2"))
    assert file.read_text() != plan
    design = checked(mlp, data, device="up5k", plan=file)
    assert design.component.blocks == design.report()["resources"]["dsp"] == 8


def test_blocks_let_a_plan_be_faster() -> None:
    """The estimates count them, never more than there are."""
    digits = Path(__file__).parents[2] / "examples/digits"
    options: dict[str, Any] = {"device": "up5k", "target": "throughput", "bits": 16, "emit": "rtl", "samples": 1}
    made = [nnfpga.compile(digits / "model.onnx", digits / "data.npz", dsp=dsp, **options) for dsp in (False, True)]
    costs = [design.component.estimate() for design in made]
    assert costs[0].dsp.value == 0
    assert 0 < costs[1].dsp.value <= 8
    assert costs[1].interval.value < costs[0].interval.value


def test_chips_without_blocks(mlp: Path, data: Path) -> None:
    with pytest.raises(CompileError, match=r"^option dsp: hx1k has no multiplier blocks; leave it out$"):
        nnfpga.compile(mlp, data, device="hx1k", dsp=True)
    with pytest.raises(CompileError, match=r"^option dsp: multiplier blocks are a chip's; add --board or --device$"):
        nnfpga.compile(mlp, data, dsp=True)
    with pytest.raises(CompileError, match=r"^option dsp: 1 is not true or false; give true or false$"):
        nnfpga.compile(mlp, data, device="up5k", dsp=1)
