"""The networks of ``benchmarks/networks``: ONNX Runtime, the stored integers and the integer graph agree."""

from __future__ import annotations

import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from nnfpga.model import read_model
from nnfpga.options import Options

NETWORKS = Path(__file__).parents[1] / "benchmarks/networks"


@pytest.mark.skipif(not NETWORKS.exists(), reason="a package without benchmarks")
@pytest.mark.parametrize(
    ("name", "input_format"), [("cancer_e", "ufixed<8,8>"), ("fashion_f", "ufixed<4,4>"), ("digits_g", "ufixed<2,2>")]
)
def test_networks(name: str, input_format: str) -> None:
    """Every stored row."""
    with np.load(NETWORKS / f"{name}.npz") as file:
        x, expected = file["xte"].astype(np.float32), file["ref"]
    session = onnxruntime.InferenceSession(NETWORKS / f"{name}.onnx")
    assert np.array_equal(np.asarray(session.run(None, {"x": x})[0]), expected)
    model = read_model(NETWORKS / f"{name}.onnx", None, Options(input_format=input_format))
    integers = model.graph.evaluate(model.quantise(x))[model.graph.outputs[0]]
    assert np.array_equal(model.result.real(integers), expected)


def lut(number: int, second: int) -> dict[str, Any]:
    """A LUT with two outputs, the first of them bit ``number``."""
    directions = {"I0": "input", "O6": "output", "O5": "output"}
    connections = {"I0": [2], "O6": [number], "O5": [second]}
    return {"type": "LUT6_2", "port_directions": directions, "connections": connections}


@pytest.mark.skipif(not NETWORKS.exists(), reason="a package without benchmarks")
@pytest.mark.parametrize(("registered", "expected"), [(False, 1), (True, 0)])
def test_a_slice_splits_what_has_no_register(registered: bool, expected: int, tmp_path: Path) -> None:
    """Two LUTs on a chain: the second output of one goes to the other, that of the other nowhere."""
    spec = spec_from_file_location("slices", NETWORKS.parent / "comparison/slices.py")
    assert spec is not None
    assert spec.loader is not None
    slices = module_from_spec(spec)
    spec.loader.exec_module(slices)
    chain = {
        "type": "CARRY4",
        "port_directions": {"S": "input", "DI": "input", "O": "output"},
        "connections": {"S": [10, 11, "0", "0"], "DI": ["0", 20, "0", "0"], "O": [30, 31, 32, 33]},
    }
    flip_flop = {"type": "FDRE", "port_directions": {"D": "input"}, "connections": {"D": [30]}}
    bits = [31] if registered else [30, 31]
    top = {
        "cells": {"a": lut(10, 20), "b": lut(11, 21), "chain": chain, "ff": flip_flop},
        "ports": {"y": {"direction": "output", "bits": bits}},
    }
    file = tmp_path / "netlist.json"
    file.write_text(json.dumps({"modules": {"top": top}}))
    assert slices.split_luts(file, "top") == expected
