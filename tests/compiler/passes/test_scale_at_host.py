"""Raw features of very different size: the host scales them first, where that is more accurate."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper, save

import nnfpga
from nnfpga.design import Design

FEATURES = 4
SIZES = np.array([1000.0, 1.0, 0.01, 30.0])
CENTRES = np.array([5000.0, 0.0, 0.5, -10.0])


def scaled_network(path: Path, sizes: np.ndarray, centres: np.ndarray, steps: str) -> Path:
    """``(x - centres) / sizes`` in nodes of several spellings, and a matrix."""
    rng = np.random.default_rng(0)
    values = {
        "mean": centres,
        "size": sizes,
        "slope": 1 / sizes,
        "w": rng.uniform(-1, 1, (FEATURES, 3)),
        "b": rng.uniform(-1, 1, 3),
    }
    nodes = {
        "Sub Div": [helper.make_node("Sub", ["x", "mean"], ["a"]), helper.make_node("Div", ["a", "size"], ["z"])],
        "Scaler": [
            helper.make_node("Scaler", ["x"], ["z"], domain="ai.onnx.ml", offset=[*centres], scale=[*1 / sizes]),
        ],
    }[steps]  # fmt: skip
    nodes += [helper.make_node("Gemm", ["z", "w", "b"], ["y"])]
    used = {name for node in nodes for name in node.input}
    known = [numpy_helper.from_array(v.astype(np.float32), n) for n, v in values.items() if n in used]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", s]) for n, s in (("x", FEATURES), ("y", 3))]
    domains = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 1)]
    save(
        helper.make_model(
            helper.make_graph(nodes, "g", ends[:1], ends[1:], known), opset_imports=domains, ir_version=8
        ),
        path,
    )
    return path


def drawn(sizes: np.ndarray, centres: np.ndarray) -> np.ndarray:
    return (np.random.default_rng(1).normal(size=(300, FEATURES)) * sizes + centres).astype(np.float32)


def compiled(path: Path, x: np.ndarray, **options: object) -> Design:
    return nnfpga.compile(path, {"x": x}, emit="model", **options)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("steps", ["Sub Div", "Scaler"])
def test_the_host_scales(steps: str, tmp_path: Path) -> None:
    x = drawn(SIZES, CENTRES)
    design = compiled(scaled_network(tmp_path / "m.onnx", SIZES, CENTRES, steps), x)
    report = design.report()
    assert report["fixed"]["max_abs_error"] < 0.1  # of values up to 5
    np.testing.assert_allclose(report["input"]["entry"]["slope"], 1 / SIZES, rtol=1e-6)
    assert any("the host scales the features" in note for note in report["notes"])
    z = (x - CENTRES) / SIZES
    unit = float(report["input"]["scale"])
    assert np.abs(design.quantise(x) * unit - z).max() <= unit  # what the host sends are the scaled features


def test_a_stated_input_format_is_of_raw_features(tmp_path: Path) -> None:
    x = drawn(SIZES, CENTRES)
    design = compiled(scaled_network(tmp_path / "m.onnx", SIZES, CENTRES, "Scaler"), x, input_format="fixed<24,16>")
    assert design.report()["input"]["entry"]["slope"] == [1.0]


@pytest.mark.parametrize("kind", ["alike", "pixels"])
def test_features_of_one_size_stay_raw(kind: str, tmp_path: Path) -> None:
    """Also integers of few bits, which are exact as they are."""
    sizes, centres = (
        (np.full(4, 2.0), np.full(4, 0.25)) if kind == "alike" else (np.array([60.0, 3.0, 50.0, 1.0]), np.zeros(4))
    )
    x = drawn(sizes, centres)
    x = np.clip(np.rint(np.abs(x)), 0, 255) if kind == "pixels" else x
    design = compiled(scaled_network(tmp_path / "m.onnx", sizes, centres, "Sub Div"), x)
    assert design.report()["input"]["entry"]["slope"] == [1.0]


def test_the_hardware_gives_the_same(tmp_path: Path) -> None:
    x = drawn(SIZES, CENTRES)
    path = scaled_network(tmp_path / "m.onnx", SIZES, CENTRES, "Scaler")
    design = nnfpga.compile(path, {"x": x}, emit="rtl", samples=16)
    np.testing.assert_array_equal(design.simulate(x[:20]).outputs, design.integers(x[:20]))
