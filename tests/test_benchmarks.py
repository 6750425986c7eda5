"""The networks of ``benchmarks/networks``: ONNX Runtime, the stored integers and the integer graph agree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from nnfpga.model import read_model
from nnfpga.options import Options

NETWORKS = Path(__file__).parents[1] / "benchmarks/networks"


@pytest.mark.skipif(not NETWORKS.exists(), reason="a package without benchmarks")
@pytest.mark.parametrize(("name", "input_format"), [("cancer_e", "ufixed<8,8>"), ("fashion_f", "ufixed<4,4>")])
def test_networks(name: str, input_format: str) -> None:
    """Every stored row."""
    with np.load(NETWORKS / f"{name}.npz") as file:
        x, expected = file["xte"].astype(np.float32), file["ref"]
    session = onnxruntime.InferenceSession(NETWORKS / f"{name}.onnx")
    assert np.array_equal(np.asarray(session.run(None, {"x": x})[0]), expected)
    model = read_model(NETWORKS / f"{name}.onnx", None, Options(input_format=input_format))
    integers = model.graph.evaluate(model.quantise(x))[model.graph.outputs[0]]
    assert np.array_equal(model.result.real(integers), expected)
