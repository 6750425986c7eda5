"""The trainable Gaussian units: their function, their start, and the distances in their ONNX."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest

import nnfpga
from nnfpga.compiler.frontend import import_model
from nnfpga.compiler.layers.dense import Linear
from nnfpga.compiler.layers.product import RealProduct
from nnfpga.compiler.passes import simplify

torch: Any = pytest.importorskip("torch", reason="needs PyTorch (pip install 'nnfpga[train]')", exc_type=ImportError)

INPUTS, UNITS = 3, 4


def layer(per_dimension: bool) -> Any:
    """Units with centres and widths that are not the initial ones."""
    from nnfpga.train.gaussian_rbf import GaussianRBF

    torch.manual_seed(0)
    made = GaussianRBF(INPUTS, UNITS, per_dimension=per_dimension)
    with torch.no_grad():
        made.log_widths.uniform_(-0.5, 0.5)
    return made


@pytest.mark.parametrize("per_dimension", [False, True])
def test_values_and_gradients(per_dimension: bool) -> None:
    made = layer(per_dimension)
    x = torch.rand(20, INPUTS)
    centres, widths = made.centres.detach().numpy(), np.exp(made.log_widths.detach().numpy())
    expected = np.exp(-(((x.numpy()[:, None] - centres) / widths) ** 2).sum(axis=2) / 2)
    result = made(x)
    np.testing.assert_allclose(result.detach().numpy(), expected, rtol=1e-5)
    result.sum().backward()
    assert made.centres.grad.abs().sum() > 0
    assert made.log_widths.grad.abs().sum() > 0


def test_it_starts_on_clusters() -> None:
    made = layer(per_dimension=True)
    means = np.array([[0, 0, 0], [5, 0, 0], [0, 5, 0], [0, 0, 5]])
    spread = np.array([0.1, 0.2, 0.3])
    x = np.concatenate([np.random.default_rng(k).normal(m, spread, (200, 3)) for k, m in enumerate(means)])
    made.start(torch.tensor(x, dtype=torch.float32))
    found = made.centres.detach().numpy()
    order = np.abs(found[:, None] - means).sum(axis=2).argmin(axis=0)
    np.testing.assert_allclose(found[order], means, atol=0.1)
    np.testing.assert_allclose(np.exp(made.log_widths.detach().numpy()), np.tile(spread, (4, 1)), rtol=0.2)
    with pytest.raises(ValueError, match=r"^x must have shape \(at least 4, 3\), not \(2, 3\)$"):
        made.start(torch.zeros(2, 3))


@pytest.mark.parametrize("per_dimension", [False, True])
def test_the_compiler_finds_the_distances(per_dimension: bool) -> None:
    made = torch.nn.Sequential(layer(per_dimension), torch.nn.Linear(UNITS, 1), torch.nn.Sigmoid())
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter that needs no other package says that it is the old one
        torch.onnx.export(made, (torch.zeros(1, INPUTS),), file, dynamo=False, dynamic_axes={"x": {0: "n"}},
                          input_names=["x"], output_names=["y"])  # fmt: skip
    proto = onnx.load_model_from_string(file.getvalue())
    graph = simplify(import_model(proto).graph)
    assert [graph.shapes[op.name] for op in graph.ops if isinstance(op, RealProduct)] == [(INPUTS,)]
    assert next(op for op in graph.ops if isinstance(op, Linear)).weight.shape == (UNITS, 2 * INPUTS)
    x = np.random.default_rng(0).normal(size=(50, INPUTS)).astype(np.float32)
    session = onnxruntime.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])
    (expected,) = session.run(["y"], {"x": x})
    result = graph.evaluate(x.reshape(-1, *graph.inputs[0].shape))[graph.outputs[0]]
    np.testing.assert_allclose(result, np.asarray(expected), atol=1e-6)


@pytest.mark.slow
def test_training_then_compiling_agrees(tmp_path: Path) -> None:
    """From samples to the RTL: a trained network fits, and its circuit is near it."""
    from nnfpga.train.gaussian_rbf import GaussianRBF

    x = np.random.default_rng(5).uniform(-1, 1, (400, 2)).astype(np.float32)
    wanted = torch.tensor(np.sin(3 * x[:, :1]) * np.cos(2 * x[:, 1:]))
    torch.manual_seed(0)
    radial = GaussianRBF(2, 6)
    radial.start(torch.tensor(x))
    network = torch.nn.Sequential(radial, torch.nn.Linear(6, 1))
    optimiser = torch.optim.Adam(network.parameters(), 0.05)
    losses: list[float] = []
    for _ in range(200):
        loss = (network(torch.tensor(x)) - wanted).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.02 < losses[0]

    file = tmp_path / "rbf.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(network, (torch.zeros(1, 2),), str(file), dynamo=False, dynamic_axes={"x": {0: "n"}},
                          input_names=["x"], output_names=["y"])  # fmt: skip
    design = nnfpga.compile(file, x, emit="rtl", samples=32)
    expected = network(torch.tensor(x)).detach().numpy()
    assert np.abs(design.predict(x) - expected).max() < 0.06
    np.testing.assert_array_equal(design.simulate(x[:16]).outputs, design.integers(x[:16]))
