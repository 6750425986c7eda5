"""Resize and Upsample to the nearest element, against ONNX Runtime."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

import nnfpga
from nnfpga import CompileError
from nnfpga.compiler.frontend import import_model, predict_float

EMPTY = np.zeros(0, np.float32)
LENGTHS = st.tuples(st.integers(1, 12), st.integers(1, 12))


def model(
    op: str, shape: tuple[int, ...], inputs: list[str], constants: dict[str, np.ndarray], opset: int = 18, **more: Any
) -> onnx.ModelProto:
    """One node on an input with a batch axis."""
    graph = helper.make_graph(
        [helper.make_node(op, inputs, ["y"], **more)],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", *shape])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(a, k) for k, a in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def same(proto: onnx.ModelProto, shape: tuple[int, ...]) -> None:
    """Every element of the result is that of ONNX Runtime."""
    x = np.arange(2 * np.prod(shape), dtype=np.float32).reshape(2, *shape)
    graph = import_model(proto).graph
    ours = graph.evaluate(x)[graph.outputs[0]].reshape(2, -1)
    theirs = predict_float(proto, "y", x)
    assert ours.shape == theirs.shape
    assert np.array_equal(ours, theirs)


@settings(max_examples=150, deadline=None)
@given(
    LENGTHS, LENGTHS,
    st.sampled_from(["half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric", "tf_half_pixel_for_nn"]),
    st.sampled_from(["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"]), st.booleans(),
)  # fmt: skip
def test_sizes_and_scales(
    before: tuple[int, int], after: tuple[int, int], coordinates: str, nearest: str, by_scales: bool
) -> None:
    opset = 11 if coordinates == "tf_half_pixel_for_nn" else 18
    if by_scales:
        scales = [1, 1, *(np.float32(m) / np.float32(n) for n, m in zip(before, after, strict=True))]
        inputs, constants = ["x", "r", "s"], {"r": EMPTY, "s": np.array(scales, np.float32)}
        if any(int(np.floor(np.float32(n) * s)) < 1 for n, s in zip(before, scales[2:], strict=True)):
            return  # empty by the rounding of the scale
    else:
        inputs = ["x", "r", "e", "s"]
        constants = {"r": EMPTY, "e": EMPTY, "s": np.array([2, 3, *after], np.int64)}
    options: dict[str, Any] = {
        "coordinate_transformation_mode": coordinates,
        "nearest_mode": nearest,
        "mode": "nearest",
    }
    proto = model("Resize", (3, *before), inputs, constants, opset, **options)
    proto.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 2
    same(proto, (3, *before))


@settings(max_examples=40, deadline=None)
@given(LENGTHS, LENGTHS, st.sampled_from(["not_larger", "not_smaller"]), st.permutations([2, 3]))
def test_kept_proportions(before: tuple[int, int], after: tuple[int, int], policy: str, axes: list[int]) -> None:
    constants = {"s": np.array(after, np.int64)}
    options: dict[str, Any] = {"keep_aspect_ratio_policy": policy, "axes": axes, "mode": "nearest"}
    proto = model("Resize", (1, *before), ["x", "", "", "s"], constants, **options)
    ratios = [np.float32(after[i]) / np.float32(before[axis - 2]) for i, axis in enumerate(axes)]
    ratio = min(ratios) if policy == "not_larger" else max(ratios)
    if min(before) * ratio < 0.5:
        with pytest.raises(CompileError, match="is empty or too large"):
            import_model(proto)
        return
    same(proto, (1, *before))


@pytest.mark.parametrize("factors", [(2.0, 2.0), (3.0, 1.0), (1.5, 2.5), (0.5, 0.5), (0.6, 1.7)])
@pytest.mark.parametrize(("op", "opset"), [("Upsample", 9), ("Resize", 10), ("Upsample", 7)])
def test_older_forms(op: str, opset: int, factors: tuple[float, float]) -> None:
    if op == "Upsample" and min(factors) < 1:
        return  # it only enlarges
    scales = [1.0, 1.0, *factors]
    if opset == 7:
        same(model(op, (2, 5, 7), ["x"], {}, opset, mode="nearest", scales=scales), (2, 5, 7))
    else:
        constants = {"s": np.array(scales, np.float32)}
        same(model(op, (2, 5, 7), ["x", "s"], constants, opset, mode="nearest"), (2, 5, 7))


def test_integers(tmp_path: object) -> None:
    path = f"{tmp_path}/m.onnx"
    constants = {"s": np.array([1, 1, 2, 2], np.float32)}
    proto = model("Resize", (2, 3, 4), ["x", "", "s"], constants, mode="nearest")
    onnx.save(proto, path)
    x = np.random.default_rng(0).integers(-40, 40, (20, 2, 3, 4)) / 16
    design = nnfpga.compile(path, data=x, emit="model")
    assert np.array_equal(design.predict(x), predict_float(proto, "y", x))


@pytest.mark.parametrize(
    ("scales", "options", "text"),
    [
        ([1, 1, 2, 2], {"mode": "linear"}, "mode linear is not supported; resize with mode 'nearest'"),
        ([1, 1, 2, 2], {"coordinate_transformation_mode": "tf_crop_and_resize"}, "tf_crop_and_resize is not supported"),
        ([2, 1, 2, 2], {}, "axis 0 is the batch"),
        ([2], {"axes": [7]}, "do not fit an input of 4 axes"),
        ([2, 2], {"axes": [2, -2]}, "do not fit an input of 4 axes"),
        ([1, 1, 1e5, 1e5], {}, "is empty or too large; resize by less"),
        ([1, 1, 0.1, 1], {}, "is empty or too large; resize by less"),
    ],
)
def test_refused(scales: list[float], options: dict[str, Any], text: str) -> None:
    constants = {"s": np.array(scales, np.float32)}
    with pytest.raises(CompileError, match=text):
        import_model(model("Resize", (2, 3, 4), ["x", "", "s"], constants, 18, **({"mode": "nearest"} | options)))
