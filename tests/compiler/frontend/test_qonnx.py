"""Quantisers of QONNX files: constants exactly, tensors against ONNX Runtime, real networks whole."""

from __future__ import annotations

import gzip
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

import nnfpga
from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.exact import fractions
from nnfpga.compiler.frontend import import_model, predict_float
from nnfpga.compiler.frontend.lattice import OnLattice, quantise_constant, row_units
from nnfpga.compiler.passes.ends import Entry
from nnfpga.compiler.scalar.quantizer import Quantizer, Rounding

DOMAIN = "qonnx.custom_op.general"


def network(*nodes: onnx.NodeProto, inputs: int = 6, **constants: Any) -> onnx.ModelProto:
    """A model whose opset import lacks the custom domain, as in many real files."""
    weights = [numpy_helper.from_array(np.asarray(v, np.float32), k) for k, v in constants.items()]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["n", s]) for n, s in (("x", inputs), ("y", None))]
    graph = helper.make_graph(list(nodes), "g", ends[:1], ends[1:], weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def quant(x: str, y: str, scale: str = "s", zero: str = "z", bits: str = "b", **attributes: Any) -> onnx.NodeProto:
    return helper.make_node("Quant", [x, scale, zero, bits], [y], domain=DOMAIN, **attributes)


@given(
    st.lists(st.floats(-20, 20, width=32), min_size=1, max_size=12),
    st.sampled_from([0.5, 0.03840000182390213, 1.0, 3.0]),
    st.sampled_from(Rounding),
    st.integers(-3, 3),
)
def test_constants_are_quantised_exactly(values: list[float], scale: float, rounding: Rounding, zero: int) -> None:
    q = Quantizer(fractions([scale]), -8, 7, rounding, zero)
    x = np.array(values + [scale * k / 2 for k in range(-9, 9)], np.float32)
    found = quantise_constant(x, q)
    assert isinstance(found.reshape(2, -1).T if found.size % 2 == 0 else found[::-1], OnLattice)
    exact = [min(max(rounding.exact(Fraction(float(v)) / Fraction(scale) + zero) - zero, -8), 7) for v in x]
    assert [Fraction(float(v)) for v in found] == [k * Fraction(scale) for k in exact]


def test_units_of_rows() -> None:
    scale = Fraction(0.03840000182390213)
    apart = np.array([[1.0, -2.0], [3 * 2.0**-30, 2.0**-30]])
    for weights, units in (
        (float(scale) * np.array([[1, -2], [3, 0]]), [scale, scale]),
        (apart, [Fraction(1), Fraction(2) ** -30]),
        (np.zeros((2, 3)), [1, 1]),
        (np.array([[0.1, 0.3]]), None),
    ):
        found = row_units(weights)
        assert (None if found is None else found.tolist()) == units


@pytest.mark.parametrize("rounding", ["ROUND", "CEIL", "FLOOR", "UP", "DOWN", "ROUND_TO_ZERO", "HALF_UP", "HALF_DOWN"])
@pytest.mark.parametrize(("zero", "signed", "narrow"), [(0, 1, 0), (0, 1, 1), (3, 0, 0), (5, 0, 1)])
def test_tensors_are_quantised_as_onnx_runtime_does(rounding: str, zero: int, signed: int, narrow: int) -> None:
    node = quant("x", "y", rounding_mode=rounding, signed=signed, narrow=narrow)
    model = network(node, s=0.25, z=zero, b=4)
    x = np.arange(-36, 36).reshape(-1, 6) / 16.0  # every boundary is met exactly
    graph = import_model(model).graph
    assert np.array_equal(graph.evaluate(x)[graph.outputs[0]], predict_float(model, "y", x))


@pytest.mark.parametrize("rounding", ["FLOOR", "ROUND", "CEIL", "HALF_UP"])
@pytest.mark.parametrize(("version", "zero"), [(1, 0), (1, 4), (2, 0), (2, 8)])
def test_truncation(rounding: str, version: int, zero: int) -> None:
    inputs = ["q", "s", "z", "b"] + (["out"] if version == 1 else ["wider", "out"])
    trunc = helper.make_node("Trunc", inputs, ["y"], domain=DOMAIN, rounding_mode=rounding)
    model = network(quant("x", "q"), trunc, s=0.25, z=zero, b=6, out=4, wider=1.0)
    x = np.arange(-180, 180).reshape(-1, 6) / 16.0
    graph = import_model(model).graph
    assert np.array_equal(graph.evaluate(x)[graph.outputs[0]], predict_float(model, "y", x))
    design = compiled(model, x, Path("model.onnx"))
    assert np.array_equal(design.predict(x), predict_float(model, "y", x))


@pytest.mark.parametrize(("scale", "bias", "rows"), [(1.0, 0.0, 1), (2.0, -1.0, 6), (0.25, 0.5, 6)])
def test_thresholds(scale: float, bias: float, rows: int) -> None:
    node = helper.make_node(
        "MultiThreshold", ["q", "t"], ["y"], domain="finn.custom_op.general", out_scale=scale, out_bias=bias,
        out_dtype="INT4",
    )  # fmt: skip
    levels = np.random.default_rng(4).integers(-20, 20, (rows, 3)) / 4
    model = network(quant("x", "q"), node, s=0.25, z=0, b=6, t=levels)
    x = np.arange(-180, 180).reshape(-1, 6) / 16.0
    expected = predict_float(model, "y", x)
    assert np.array_equal(expected, scale * (np.clip(np.rint(x * 4), -32, 31)[..., None] / 4 >= levels).sum(-1) + bias)
    assert np.array_equal(compiled(model, x, Path("model.onnx")).predict(x), expected)


def test_thresholds_of_an_image() -> None:
    node = helper.make_node(
        "MultiThreshold", ["q", "t"], ["y"], domain=DOMAIN, data_layout="NCHW", out_dtype="UINT2"
    )  # fmt: skip
    model = network(quant("x", "q"), node, s=0.25, z=0, b=6, t=np.arange(-4, 5).reshape(3, 3))
    for end in (model.graph.input[0], model.graph.output[0]):
        end.type.CopyFrom(helper.make_tensor_type_proto(TensorProto.FLOAT, ["n", 3, 2, 2]))
    x = np.random.default_rng(5).normal(size=(50, 3, 2, 2)).astype(np.float32) * 3
    expected = predict_float(model, "y", x)
    assert np.array_equal(compiled(model, x, Path("model.onnx")).predict(x).reshape(50, -1), expected)


def test_channels_last_with_a_skip_connection() -> None:
    rng = np.random.default_rng(7)
    place: dict[str, Any] = {"domain": "qonnx.custom_op.channels_last"}
    model = network(
        quant("x", "xq", "sx"), quant("w", "wq", "sw"),
        helper.make_node("Conv", ["xq", "wq"], ["a"], kernel_shape=[3, 3], pads=[1] * 4, strides=[1, 1], group=1,
                         dilations=[1, 1], **place),
        helper.make_node("BatchNormalization", ["a", "g", "o", "m", "v"], ["n"], epsilon=1e-5, **place),
        helper.make_node("Add", ["n", "xq"], ["j"]), helper.make_node("Relu", ["j"], ["r"]),
        helper.make_node("MaxPool", ["r"], ["p"], kernel_shape=[2, 2], strides=[2, 2], pads=[0] * 4, **place),
        quant("p", "y", "sy", signed=0),
        w=rng.normal(size=(3, 3, 3, 3)), g=rng.random(3) + 0.5, o=rng.normal(size=3), m=rng.normal(size=3),
        v=rng.random(3) + 0.5, sx=0.13, sw=np.array([0.1, 0.2, 0.3]).reshape(3, 1, 1, 1), sy=[0.2, 0.3, 0.4], z=0, b=6,
    )  # fmt: skip
    for end, shape in ((model.graph.input[0], ["n", 4, 4, 3]), (model.graph.output[0], ["n", 2, 2, 3])):
        end.type.CopyFrom(helper.make_tensor_type_proto(TensorProto.FLOAT, shape))
    x = rng.normal(size=(60, 4, 4, 3)).astype(np.float32)
    design = compiled(model, x, Path("model.onnx"))  # compares every quantiser
    assert design.report()["fidelity"]["elements"] == 60 * (48 + 12)
    assert np.abs(design.predict(x).reshape(60, -1) - predict_float(model, "y", x)).max() < 1e-5
    kinds = [type(layer).__name__ for layer in design.graph.layers]
    assert kinds.count("Convolution") == 1
    assert kinds.count("Summation") == 1
    assert "Rearrange" not in kinds


def test_one_bit_with_a_sign_is_the_sign() -> None:
    model = network(quant("x", "y"), s=0.5, z=0, b=1)
    x = np.arange(-6, 6).reshape(-1, 6) / 4
    assert np.array_equal(predict_float(model, "y", x), np.where(x >= 0, 0.5, -0.5))
    assert np.array_equal(compiled(model, x, Path("model.onnx")).predict(x), predict_float(model, "y", x))


def test_a_quantised_network_is_exact() -> None:
    rng = np.random.default_rng(3)
    model = network(
        quant("x", "xq", "sx"), quant("w", "wq", "sw"), helper.make_node("Transpose", ["wq"], ["wt"], perm=[1, 0]),
        helper.make_node("MatMul", ["xq", "wt"], ["a"]), helper.make_node("Add", ["a", "bias"], ["c"]),
        helper.make_node("Relu", ["c"], ["r"]), quant("r", "rq", "sr", signed=0),
        helper.make_node("MatMul", ["rq", "vq"], ["d"]), quant("v", "vq", "sw"),
        helper.make_node("Mul", ["d", "gain"], ["e"]), helper.make_node("Add", ["e", "shift"], ["y"]),
        w=rng.normal(size=(5, 6)), v=rng.normal(size=(5, 3)), bias=rng.normal(size=5), gain=1.7, shift=-0.3,
        sx=0.11, sw=0.07, sr=0.19, z=0, b=6,
    )  # fmt: skip
    model.graph.node.insert(7, model.graph.node.pop(8))
    x = rng.normal(size=(400, 6)).astype(np.float32)
    path = Path("model.onnx")
    reference = predict_float(model, "y", x)
    design = compiled(model, x, path)
    assert np.abs(design.predict(x) - reference).max() < 1e-4  # a wrong integer would be 0.07 * 0.19 * 1.7 off
    assert [type(layer).__name__ for layer in design.graph.layers] == ["Dense", "Scalar", "Dense"]
    chosen = nnfpga.compile(path, x, emit="model", output="class")
    assert [type(layer).__name__ for layer in chosen.graph.layers] == ["Dense", "Scalar", "Dense", "ArgMax"]
    assert np.array_equal(chosen.predict(x), design.predict(x).argmax(axis=1))
    assert np.allclose(chosen.scores(x), design.predict(x))
    entry = design.model.entry
    again = Entry.of(entry.to_json())
    assert np.array_equal(again.integers(x), entry.integers(x))


def compiled(model: onnx.ModelProto, x: np.ndarray, path: Path) -> nnfpga.Design:
    """The integer model of a model that is written to a file first."""
    path.write_bytes(model.SerializeToString())
    return nnfpga.compile(path, x, emit="model")


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("node", "constants", "text"),
    [
        (quant("x", "y"), {"s": -1.0, "z": 0, "b": 4}, "its scale is not positive; train again or repair the file"),
        (quant("x", "y"), {"s": 1.0, "z": 0.5, "b": 4}, "its zero point is not one integer; "),
        (quant("x", "y"), {"s": 1.0, "z": 0, "b": 2.5}, "its bit width is not one integer; "),
        (quant("x", "y"), {"s": 1.0, "z": 0, "b": 40}, "40 bits are not supported; use 1 to 32"),
        (quant("x", "y", rounding_mode="SOME"), {"s": 1.0, "z": 0, "b": 4}, "rounding mode SOME is not known; use "),
        (quant("x", "y"), {"s": [1.0, 2.0], "z": 0, "b": 4}, "a constant of shape (2,) does not fit (6,); "),
    ],
)
def test_refusals(node: onnx.NodeProto, constants: dict[str, Any], text: str) -> None:
    with pytest.raises(CompileError) as caught:
        import_model(network(node, **constants))
    assert text in str(caught.value)
    assert str(caught.value).startswith("Quant 'y' (node 0): ")


@pytest.mark.parametrize(("name", "accuracy"), [("TFC_1W1A", 0.9296), ("TFC_2W2A", 0.9660)])
def test_published_networks(shared: Path, name: str, accuracy: float) -> None:
    folder = shared / "data" / "mnist"
    images = np.frombuffer(gzip.decompress((folder / "t10k-images-idx3-ubyte.gz").read_bytes())[16:], np.uint8)
    x = (images.reshape(-1, 1, 28, 28) / 255).astype(np.float32)
    y = np.frombuffer(gzip.decompress((folder / "t10k-labels-idx1-ubyte.gz").read_bytes())[8:], np.uint8)
    path = shared / "models" / "qonnx" / f"{name}.onnx"
    design = nnfpga.compile(path, {"x": x[:500], "x_test": x, "y_test": y}, emit="model")
    assert float((design.predict(x).argmax(axis=1) == y).mean()) == pytest.approx(accuracy, abs=1e-6)
    names = import_model(onnx.load(path)).onnx_names
    values = design.graph.evaluate(design.model.quantise(x), keep=True)
    compared = 0
    for layer in design.graph.layers:
        if type(layer).__name__ == "Scalar":  # a quantiser of the file: its scale is 1 in both
            assert np.array_equal(values[layer.name], predict_float(design.model.onnx, names[layer.name], x))
            compared += 1
    assert compared == 3
