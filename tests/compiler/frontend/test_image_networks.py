"""Trained image networks: the import is ONNX Runtime's function, and eight bits keep its accuracy."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from nnfpga.compiler.frontend import import_model, load, predict_float
from nnfpga.compiler.passes import Calibration, drop_softmax, lower, optimise, quantize, simplify
from nnfpga.compiler.passes.drop_softmax import Want

COUNT = 1000  # images of each part; fewer than 0.5 points may change
NETWORKS = {
    "fyh620_lenet": (0.1307, 0.3081),
    "ccoltong_lenet5": (0.0, 1.0),
    "mnist-8": (0.0, 1.0),
    "cnn_max_mninst2": (0.0, 1.0),
}


def images(shared: Path, part: str) -> np.ndarray:
    packed = (shared / "data" / "mnist" / f"{part}-images-idx3-ubyte.gz").read_bytes()
    return np.frombuffer(gzip.decompress(packed), np.uint8, COUNT * 784, 16).reshape(COUNT, 28, 28) / 255


@pytest.mark.parametrize("name", NETWORKS)
def test_mnist(shared: Path, name: str) -> None:
    mean, deviation = NETWORKS[name]
    proto = load(shared / "models" / "mnist" / f"{name}.onnx")
    imported = import_model(proto)
    graph, ending = drop_softmax(simplify(imported.graph), Want.SCORES)
    train, test = ((images(shared, part) - mean) / deviation for part in ("train", "t10k"))
    packed = (shared / "data" / "mnist" / "t10k-labels-idx1-ubyte.gz").read_bytes()
    labels = np.frombuffer(gzip.decompress(packed), np.uint8, COUNT, 8)

    values = graph.evaluate(train.reshape(-1, *graph.inputs[0].shape))
    onnx_name, shape = imported.onnx_names[ending.scores], imported.graph.inputs[0].shape
    reference = predict_float(proto, onnx_name, train.reshape(-1, *shape))
    np.testing.assert_allclose(values[ending.scores], reference, atol=1e-4 * np.abs(reference).max())

    whole = optimise(lower(quantize(graph, Calibration(values, 8))))
    (source,) = whole.inputs
    codes = np.floor(test.reshape(-1, *source.shape) / float(source.scale[0]) + 0.5)
    integers = np.clip(codes, int(source.number.low), int(source.number.high)).astype(np.int64)
    tensors = whole.evaluate(integers, keep=True)
    assert all(whole.tensors[n].number.holds(v) for n, v in tensors.items())
    scores = whole.tensors[whole.outputs[0]].real(tensors[whole.outputs[0]])
    fixed = (scores.argmax(axis=1) == labels).mean()
    floating = (predict_float(proto, onnx_name, test.reshape(-1, *shape)).argmax(axis=1) == labels).mean()
    assert fixed >= floating - 0.005
