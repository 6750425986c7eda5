"""The trainable sines: their functions, and what the compiler makes of their ONNX."""

from __future__ import annotations

import warnings
from math import pi
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

import nnfpga
from nnfpga.compiler.layers.sines import Sines

torch: Any = pytest.importorskip("torch", reason="needs PyTorch (pip install 'nnfpga[train]')", exc_type=ImportError)


def test_values_and_gradients() -> None:
    from nnfpga.train.sine import RectifiedSine, SineLinear

    torch.manual_seed(0)
    layer, x = SineLinear(50, 4), torch.rand(20, 50)
    assert layer.gain == 0.25
    with torch.no_grad():
        layer.bias.uniform_()
    angles, bias = layer.angles.detach().numpy(), layer.bias.detach().numpy()
    expected = 0.25 * x.numpy() @ np.sin(angles).T + bias
    np.testing.assert_allclose(layer(x).detach().numpy(), expected, rtol=1e-4, atol=1e-5)
    y = RectifiedSine()(layer(x))
    np.testing.assert_allclose(y.detach().numpy(), np.sin(np.clip(expected, 0, pi / 2)), rtol=1e-4, atol=1e-5)
    y.sum().backward()
    assert layer.angles.grad.abs().sum() > 0
    assert layer.bias.grad.abs().sum() > 0


def test_the_compiler_finds_the_sines(tmp_path: Path) -> None:
    from nnfpga.train.sine import RectifiedSine, SineLinear

    torch.manual_seed(0)
    network = torch.nn.Sequential(RectifiedSine(), SineLinear(8, 6), RectifiedSine(), SineLinear(6, 3))
    file = tmp_path / "sine.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter that needs no other package says that it is the old one
        torch.onnx.export(network, (torch.zeros(1, 8),), str(file), dynamo=False, dynamic_axes={"x": {0: "n"}},
                          input_names=["x"], output_names=["y"])  # fmt: skip
    x = np.random.default_rng(0).uniform(0, 2, (300, 8)).astype(np.float32)
    design = nnfpga.compile(file, x, emit="rtl", samples=16, bits=6)
    assert [type(layer) for layer in design.graph.layers if isinstance(layer, Sines)] == [Sines, Sines]
    (expected,) = onnxruntime.InferenceSession(file).run(None, {"x": x})
    assert np.abs(design.predict(x) - np.asarray(expected)).max() < 0.5
