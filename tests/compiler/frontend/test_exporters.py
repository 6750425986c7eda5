"""Networks as real exporters write them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_iris
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR, OneClassSVM

from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.frontend import import_model, load, predict_float
from nnfpga.compiler.passes import Calibration, drop_softmax, lower, optimise, quantize, simplify

X, Y = load_iris(return_X_y=True)


@pytest.mark.parametrize("exporter", ["torchscript", "dynamo"])
@pytest.mark.parametrize("name", ["image", "curved", "clipped"])
def test_pytorch(models: Path, name: str, exporter: str) -> None:
    data = np.load(models / f"torch_{name}.npz")
    graph = import_model(load(models / f"torch_{name}_{exporter}.onnx")).graph
    assert np.abs(graph.evaluate(data["x"])[graph.outputs[0]] - data["y"]).max() < 1e-6


def test_keras_style() -> None:
    rng = np.random.default_rng(0)
    w, b, v, c = (rng.normal(size=s).astype(np.float32) for s in ((4, 5), (5,), (5, 3), (3,)))
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["a"]),
        helper.make_node("Add", ["a", "b"], ["d"]),
        helper.make_node("Relu", ["d"], ["e"]),
        helper.make_node("MatMul", ["e", "v"], ["f"]),
        helper.make_node("Add", ["f", "c"], ["g"]),
        helper.make_node("Softmax", ["g"], ["y"], axis=-1),
    ]
    io = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", s]) for n, s in (("x", 4), ("y", 3))]
    constants = [numpy_helper.from_array(a, n) for a, n in ((w, "w"), (b, "b"), (v, "v"), (c, "c"))]
    proto = helper.make_model(helper.make_graph(nodes, "g", io[:1], io[1:], constants), ir_version=8,
                              opset_imports=[helper.make_opsetid("", 13)])  # fmt: skip
    x = rng.normal(size=(20, 4)).astype(np.float32)
    graph = import_model(proto).graph
    assert np.abs(graph.evaluate(x)["y"] - predict_float(proto, "y", x)).max() < 1e-6


def export(network: Any, features: int) -> Any:
    skl2onnx = pytest.importorskip("skl2onnx", reason="needs skl2onnx (pip install nnfpga[test])")
    types = pytest.importorskip("skl2onnx.common.data_types")
    return skl2onnx.to_onnx(network, initial_types=[("x", types.FloatTensorType([None, features]))])


def classifier(x: np.ndarray, y: np.ndarray, **parameters: Any) -> Any:
    return MLPClassifier(hidden_layer_sizes=(6,), max_iter=60, random_state=0, tol=0.1, **parameters).fit(x, y)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["three classes", "named classes", "two classes", "pipeline", "tanh"])
def test_sklearn_classifier(kind: str) -> None:
    x, y = (X[:100], Y[:100]) if kind == "two classes" else (X, Y)
    if kind == "named classes":
        y = np.array(["a", "b", "c"])[y]
    if kind == "pipeline":
        network: Any = make_pipeline(
            StandardScaler(), MLPClassifier(hidden_layer_sizes=(6,), max_iter=60, random_state=0)
        )
        network.fit(x, y)
    else:
        network = classifier(x, y, activation="tanh" if kind == "tanh" else "relu")
    imported = import_model(export(network, 4))
    assert imported.labels == tuple(np.unique(y).tolist())
    values = imported.graph.evaluate(x)
    index, probability = imported.graph.outputs
    assert np.abs(values[probability] - np.asarray(network.predict_proba(x), np.float64)).max() < 1e-5
    assert (np.unique(y)[values[index][:, 0].astype(int)] == network.predict(x)).all()

    real, ending = drop_softmax(simplify(imported.graph))
    assert ending.classifies
    cut = real.evaluate(x)[real.outputs[0]]
    assert np.array_equal(cut, values[index])
    integers = optimise(lower(quantize(real, Calibration(real.evaluate(x), 12))))
    (source,) = integers.inputs
    q = np.rint(x / float(source.scale.item())).astype(int).clip(int(source.number.low), int(source.number.high))
    got = integers.evaluate(q)[integers.outputs[0]][:, 0]
    assert (got == cut[:, 0]).mean() > 0.95


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("activation", ["relu", "tanh", "logistic", "identity"])
def test_sklearn_regressor(activation: str) -> None:
    network = MLPRegressor(hidden_layer_sizes=(6,), max_iter=60, random_state=0, activation=activation)
    network.fit(X[:, :3], X[:, 3])
    graph = import_model(export(network, 3)).graph
    y = graph.evaluate(X[:, :3])[graph.outputs[0]][:, 0]
    assert np.abs(y - np.asarray(network.predict(X[:, :3]), np.float64)).max() < 1e-5


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kernel", ["rbf", "linear", "poly", "sigmoid"])
def test_sklearn_support_vector_regressor(kernel: str) -> None:
    network = make_pipeline(StandardScaler(), SVR(kernel=kernel, C=3.0)).fit(X[:, :3], X[:, 3])
    graph = import_model(export(network, 3)).graph
    y = graph.evaluate(X[:, :3])[graph.outputs[0]][:, 0]
    assert np.abs(y - np.asarray(network.predict(X[:, :3]), np.float64)).max() < 1e-4


@pytest.mark.filterwarnings("ignore")
def test_sklearn_support_vector_classifier() -> None:
    """Two classes: the same label, and the decision with both signs; the integer model agrees."""
    x, y = X[50:], np.array(["a", "b"])[Y[50:] - 1]
    network = make_pipeline(StandardScaler(), SVC()).fit(x, y)
    proto = export(network, 4)
    imported = import_model(proto)
    assert imported.labels == ("b", "a")
    values = imported.graph.evaluate(x)
    index, scores = imported.graph.outputs
    assert (np.array(imported.labels)[values[index][:, 0].astype(int)] == network.predict(x)).all()
    decisions = np.asarray(network.decision_function(x), np.float64)
    assert np.abs(np.abs(values[scores]) - np.abs(decisions)[:, None]).max() < 1e-4


@pytest.mark.filterwarnings("ignore")
def test_sklearn_outliers() -> None:
    network = OneClassSVM().fit(X)
    graph = import_model(export(network, 4)).graph
    values = graph.evaluate(X)
    wanted = np.asarray(network.decision_function(X), np.float64)
    assert min(np.abs(values[name].reshape(-1) - wanted).max() for name in graph.outputs) < 1e-4


@pytest.mark.filterwarnings("ignore")
def test_support_vectors_that_are_refused() -> None:
    for network, what in (
        (
            SVC().fit(X, Y),
            "it tells 3 classes apart by votes; train one for two classes, or a regressor for each class",
        ),
        (SVC(random_state=0, probability=True).fit(X[:100], Y[:100]), "train with probability=False"),  # pyright: ignore[reportArgumentType]
    ):
        with pytest.raises(CompileError) as refused:
            import_model(export(network, 4))
        assert what in str(refused.value)
