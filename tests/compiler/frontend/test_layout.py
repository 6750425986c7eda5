"""Layout operators beyond the conformance cases: on a batch, with constants beside, and to exact integers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import nnfpga
from nnfpga import CompileError
from nnfpga.compiler.frontend import import_model, predict_float

I64 = np.int64
Row = tuple[str, list[str], dict[str, Any], tuple[int, ...], dict[str, np.ndarray]]


def ints(*values: int) -> np.ndarray:
    return np.array(values, I64)


def model(row: Row, batch: Any = "n") -> onnx.ModelProto:
    """One node on an input with a batch axis."""
    op, inputs, attributes, shape, constants = row
    graph = helper.make_graph(
        [helper.make_node(op, inputs, ["y"], name="n", **attributes)],
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, *shape])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [numpy_helper.from_array(a, k) for k, a in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


ROWS: list[Row] = [
    ("Slice", ["x", "i", "j", "a", "s"], {}, (4, 5), {"i": ints(3), "j": ints(-9), "a": ints(-1), "s": ints(-2)}),
    ("Slice", ["x", "i", "j"], {}, (4, 5), {"i": ints(0, 1), "j": ints(2**40, 3)}),
    ("Gather", ["x", "i"], {"axis": -1}, (4, 5), {"i": np.array([[0, 4], [-2, 1]], I64)}),
    ("Pad", ["x", "w", "v"], {}, (2, 3), {"w": ints(0, 1, 0, 0, 0, 2), "v": np.array([1.25], np.float32)}),
    ("Pad", ["x", "w"], {"mode": "reflect"}, (2, 3), {"w": ints(0, 1, 2, 0, 0, 1)}),
    ("Pad", ["x", "w"], {"mode": "edge"}, (2, 3), {"w": ints(0, 1, 2, 0, 0, 1)}),
    ("Pad", ["x", "w"], {}, (2, 3), {"w": ints(0, -1, 2, 0, 0, -1)}),
    ("Expand", ["x", "s"], {}, (2, 1), {"s": ints(1, 1, 3)}),
    ("Expand", ["x", "s"], {}, (2, 1), {"s": ints(3)}),
    ("Tile", ["x", "s"], {}, (2, 3), {"s": ints(1, 2, 3)}),
    ("DepthToSpace", ["x"], {"blocksize": 2, "mode": "CRD"}, (8, 2, 3), {}),
    ("SpaceToDepth", ["x"], {"blocksize": 2}, (2, 4, 6), {}),
    ("Concat", ["k", "x", "k"], {"axis": 1}, (2, 3), {"k": np.full((1, 1, 3), 0.5, np.float32)}),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda r: r[0])
def test_a_batch_against_onnx_runtime(row: Row, tmp_path: Path) -> None:
    batch = 1 if row[0] == "Concat" else "n"
    proto = model(row, batch)
    x = np.random.default_rng(0).integers(-40, 40, (6, *row[3])) / 16
    graph = import_model(proto).graph
    reference = predict_float(proto, "y", x)
    assert (graph.evaluate(x)[graph.outputs[0]].reshape(6, -1) == reference).all()
    onnx.save(proto, tmp_path / "m.onnx")
    design = nnfpga.compile(tmp_path / "m.onnx", data=x, emit="model")
    assert (design.predict(x) == reference).all()  # the samples are exact in 8 bits


@pytest.mark.parametrize(
    ("row", "text"),
    [
        (("Slice", ["x", "i", "j"], {}, (4,), {"i": ints(1), "j": ints(3)}), "axis 0 is the batch"),
        (("Slice", ["x", "i", "j"], {}, (4,), {"i": ints(0), "j": ints(3)}), "axis 0 is the batch"),
        (("Gather", ["x", "i"], {}, (4,), {"i": ints(0, 1)}), "axis 0 is the batch"),
        (("Gather", ["k", "x"], {}, (4,), {"k": np.ones(3, np.float32)}), "its indices is not a constant"),
        (("Slice", ["x", "i", "j", "i"], {}, (4,), {"i": ints(1), "j": ints(1)}), "its result has no elements"),
        (("Tile", ["x", "i"], {}, (4,), {"i": ints(2, 1)}), "mixes the samples of a batch"),
        (("Pad", ["x", "w"], {}, (4,), {"w": ints(1, 0, 0, 0)}), "axis 0 is the batch"),
    ],
)
def test_refused(row: Row, text: str) -> None:
    with pytest.raises(CompileError, match=text):
        import_model(model(row))
