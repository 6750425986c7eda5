"""The file's quantisers on the reference's own integers: equal, ambiguous, or a bug."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import nnfpga
from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.frontend import ModelProto, import_model, load, predict_outputs
from nnfpga.compiler.passes import simplify
from nnfpga.fidelity import float32_codes
from nnfpga.report import to_html

DOMAIN = "qonnx.custom_op.general"
X = np.random.default_rng(0).integers(-100, 100, (256, 40)).astype(np.float32) * np.float32(0.1)


def quant(x: str, y: str, scale: str, bits: str = "b", **attributes: Any) -> onnx.NodeProto:
    return helper.make_node("Quant", [x, scale, "z", bits], [y], domain=DOMAIN, **attributes)


@pytest.fixture
def ties(tmp_path: Path) -> Path:
    """A sum of multiples of 0.1 that is quantised to multiples of 0.2: half of the real values are ties."""
    weights = {
        "w": np.random.default_rng(1).integers(-1, 2, (40, 6)), "s": 0.1, "twice": 2 * np.float32(0.1), "one": 1.0,
        "z": 0.0, "b": 8.0, "wide": 12.0, "c": np.arange(6),
    }  # fmt: skip
    constants = [numpy_helper.from_array(np.asarray(v, np.float32), k) for k, v in weights.items()]
    nodes = [
        quant("x", "xq", "s"), quant("w", "wq", "one"), helper.make_node("MatMul", ["xq", "wq"], ["a"]),
        quant("a", "aq", "twice", "wide"), helper.make_node("Add", ["aq", "c"], ["y"]),
    ]  # fmt: skip
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", s]) for n, s in (("x", 40), ("y", 6))]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], constants)
    path = tmp_path / "ties.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


def test_ambiguous_elements_are_counted_and_listed(ties: Path) -> None:
    design = nnfpga.compile(ties, X, emit="model")
    report = design.report()
    found = report["fidelity"]
    assert (found["samples"], found["quantisers"], found["elements"]) == (256, 2, 256 * 46)
    (layer,) = found["layers"]
    assert layer["tensor"] == "aq"
    assert layer["ambiguous"] == found["ambiguous"] > 0
    reference = predict_outputs(load(ties), ["xq", "aq"], X, literal=True)
    codes = np.rint(reference["xq"] / float(np.float32(0.1)))
    sums = codes @ np.random.default_rng(1).integers(-1, 2, (40, 6))
    exact = np.rint(sums / 2)  # half to even
    differ = exact != np.rint(reference["aq"] / float(2 * np.float32(0.1)))
    assert layer["ambiguous"] == differ.sum()
    assert (sums[differ] % 2 == 1).all()
    assert layer["first"] == np.argwhere(differ)[:5].tolist()
    text = f"equal to ONNX Runtime's but for {layer['ambiguous']} that float32 cannot decide (aq: "
    assert text in to_html(report).replace("&#x27;", "'")


def test_bounds_of_float32(ties: Path) -> None:
    real = simplify(import_model(load(ties)).graph)
    values = real.evaluate(X)
    codes = float32_codes(real, X[0], {n: values[n][0] for n in ("xq", "aq")})
    low, high = codes["aq"]
    sums = np.rint(values["a"][0] / 0.1)
    assert np.array_equal(high - low, (sums % 2 == 1).astype(int))  # only ties may go either way


@pytest.mark.parametrize("tensor", ["xq", "aq"])
def test_any_other_difference_is_a_bug(ties: Path, tensor: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def other(model: ModelProto, names: Sequence[str], x: Any, literal: bool) -> dict[str, Any]:
        found = predict_outputs(model, names, x, literal=literal)
        found[tensor][3, 2] += 0.4
        return found

    monkeypatch.setattr("nnfpga.fidelity.predict_outputs", other)
    with pytest.raises(CompileError, match=rf"^the integers of '{tensor}' differ from ONNX Runtime in 1 elements of "):
        nnfpga.compile(ties, X, emit="model")


def test_resnet8(shared: Path) -> None:
    images = np.load(shared / "data" / "cifar10-jpeg" / "cifar10_jpeg_2k_2k.npz")["x_test"]
    x = (images[:4].transpose(0, 3, 1, 2) / 255).astype(np.float32)
    design = nnfpga.compile(shared / "models" / "cifar10" / "resnet8_quant.onnx", x, emit="model")
    found = design.report()["fidelity"]
    assert (found["samples"], found["ambiguous"]) == (4, 0)
    assert found["quantisers"] >= 20
    assert design.measured["fixed"]["max_abs_error"] == 0.0
    assert not [layer for layer in design.graph.layers if layer.name.endswith("_q")]  # nothing was added
