"""Shapes, orders and names that no trained network has: one sentence each, at once, and nothing large is allocated."""

from __future__ import annotations

import time
import tracemalloc
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper

from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.frontend import Outcome, import_model, importer, survey

node = helper.make_node
LARGE = 1 << 40


def model(nodes: list[NodeProto], shape: tuple[Any, ...] = ("n", 6), **constants: Any) -> onnx.ModelProto:
    """A model with the input ``x`` and the output ``y``."""
    tensors: list[TensorProto] = []
    for name, value in constants.items():
        made = value if isinstance(value, TensorProto) else numpy_helper.from_array(np.asarray(value))
        made.name = name
        tensors.append(made)
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in (("x", shape), ("y", None))]
    graph = helper.make_graph(nodes, "g", ends[:1], ends[1:], tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


def declared(*dims: int, data: bytes = b"") -> TensorProto:
    """A float tensor that states sizes."""
    return TensorProto(data_type=TensorProto.FLOAT, dims=dims, raw_data=data)


def refused(proto: onnx.ModelProto) -> str:
    """What the import says, within a second or two and 300 MB."""
    tracemalloc.start()
    start = time.process_time()
    try:
        with pytest.raises(CompileError) as caught:
            import_model(proto)
        assert tracemalloc.get_traced_memory()[1] < 300e6
    finally:
        tracemalloc.stop()
    assert time.process_time() - start < 5
    return str(caught.value)


EYE = np.eye(6, dtype=np.float32)
COLUMN, ROW = np.ones((1 << 18, 1), np.float32), np.ones((1, 1 << 18), np.float32)
PRODUCT = node("MatMul", ["x", "w"], ["y"])
PICTURE = ("n", 3, 32, 32)
KERNEL = np.ones((4, 3, 3, 3), np.float32)


@pytest.mark.parametrize(
    ("nodes", "shape", "constants", "text"),
    [
        ([PRODUCT], ("n", 6), {"w": declared(1 << 20, 1 << 20)}, "its shape 1048576x1048576 is more than 16777216 el"),
        ([PRODUCT], ("n", 6), {"w": declared(-6, 6)}, "its shape (-6, 6) has a negative size; export"),
        ([PRODUCT], ("n", 6), {"w": declared(6, 6, data=b"123")}, "it has 3 bytes, not 144 for 36 elements; export"),
        ([PRODUCT], ("n", 6), {"w": declared(*[1] * 80, data=bytes(4))}, "1x... is more than 16777216 elements"),
        ([node("Reshape", ["x", "s"], ["y"])], ("n", 6), {"s": [1, LARGE]}, "Reshape 'y' (node 0): "),
        ([node("Add", ["a", "b"], ["s"]), PRODUCT], ("n", 6), {"a": COLUMN, "b": ROW, "w": EYE}, "is too large"),
        ([node("MatMul", ["a", "b"], ["s"]), PRODUCT], ("n", 6), {"a": COLUMN, "b": ROW, "w": EYE}, "is too large"),
        ([node("Conv", ["x", "k"], ["y"], kernel_shape=[1 << 31] * 2)], PICTURE, {"k": KERNEL}, "does not fit"),
        ([node("Conv", ["x", "k"], ["y"], pads=[1 << 31] * 4)], PICTURE, {"k": KERNEL}, "reads more than 67108864 el"),
        ([node("Conv", ["x", "k"], ["y"], pads=[9, 1 << 24] * 2, strides=[9, 999])], PICTURE, {"k": KERNEL}, "padded"),
        ([node("MaxPool", ["x"], ["y"], kernel_shape=[1 << 31] * 2, pads=[1 << 30] * 4)], PICTURE, {}, "reads more"),
        ([node("AveragePool", ["x"], ["y"], kernel_shape=[1000] * 2, pads=[999] * 4)], PICTURE, {}, "reads more than"),
        ([node("LeakyRelu", ["x"], ["y"], alpha=float("inf"))], ("n", 6), {}, "'alpha' must be a finite number"),
        ([node("LeakyRelu", ["x"], ["y"], alpha=1)], ("n", 6), {}, "attribute 'alpha' must be a finite number"),
        ([node("Relu", ["x"], ["y"])], ("n", *[1] * 40), {}, "a sample has 1 elements on 40 axes"),
        ([node("Relu", ["x"], ["y"]), node("Tanh", ["x"], ["y"])], ("n", 6), {}, "'y', which something else makes"),
        ([node("Relu", ["x"], ["w"]), PRODUCT], ("n", 6), {"w": EYE}, "it makes 'w', which something else makes"),
        ([node("Relu", ["y"], ["y"])], ("n", 6), {}, "it reads what depends on its own result (Relu -> Relu)"),
    ],
)
def test_refused(nodes: list[NodeProto], shape: tuple[Any, ...], constants: dict[str, Any], text: str) -> None:
    assert text in refused(model(nodes, shape, **constants))


def test_doubling_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = [node("Concat", [f"t{i}"] * 2, [f"t{i + 1}"], axis=1) for i in range(60)]
    text = refused(model([node("Identity", ["x"], ["t0"]), *nodes, node("Identity", ["t60"], ["y"])]))
    assert "the tensors up to here have more than 16777216 elements; use a smaller network" in text


def test_nodes_in_any_order() -> None:
    nodes = [PRODUCT, node("Neg", ["v"], ["w"]), node("Identity", ["u"], ["v"])]
    imported = import_model(model(nodes, u=EYE))
    (name,) = imported.graph.outputs
    assert np.array_equal(imported.graph.evaluate(EYE)[name], -EYE)
    assert [use.outcome for use in imported.uses] == [Outcome.OPERATIONS, Outcome.CONSTANT, Outcome.CONSTANT]


def test_a_ring_is_named_once_and_what_reads_it_is_not() -> None:
    nodes = [node("Add", ["x", "b"], ["a"], name="p"), node("Relu", ["a"], ["b"], name="q"), PRODUCT]
    nodes += [node("Relu", ["b"], ["z"])]
    imported = survey(model(nodes, w=EYE))
    (problem,) = imported.problems
    assert str(problem) == (
        "Add 'p' (node 0): it reads what depends on its own result (q -> p -> q); export the model again"
    )
    assert [use.outcome for use in imported.uses] == [
        Outcome.REFUSED, Outcome.UNREACHED, Outcome.OPERATIONS, Outcome.UNREACHED,
    ]  # fmt: skip


def test_sparse_weights_are_dense() -> None:
    proto = model([PRODUCT])
    sparse = proto.graph.sparse_initializer.add(dims=[6, 3])
    sparse.values.CopyFrom(numpy_helper.from_array(np.array([2.0, 3.0], np.float32), "w"))
    sparse.indices.CopyFrom(numpy_helper.from_array(np.array([[1, 2], [4, 0]], np.int64)))
    imported = import_model(proto)
    expected = np.zeros((6, 3))
    expected[1, 2], expected[4, 0] = 2, 3
    assert np.array_equal(imported.graph.evaluate(EYE)[imported.graph.outputs[0]], expected)
    for dims, text in (([6, 1], "its indices do not fit its shape"), ([LARGE, 3], "is more than 16777216 elements")):
        sparse.dims[:] = dims
        assert text in refused(proto)


def test_a_long_chain_takes_time_in_proportion() -> None:
    def seconds(count: int) -> float:
        nodes = [node("Relu", [f"t{i}"], [f"t{i + 1}"], name="same") for i in range(count)]
        proto = model([node("Identity", ["x"], ["t0"]), *nodes, node("MatMul", [f"t{count}", "w"], ["y"])], w=EYE)
        start = time.process_time()
        assert len(import_model(proto).graph.ops) == count + 1
        return time.process_time() - start

    seconds(10)
    assert seconds(8000) < 40 * max(seconds(800), 0.02)


VECTOR = ("n", 6)


@pytest.mark.parametrize(
    ("nodes", "constants", "text"),
    [
        ([node("Expand", ["x", "s"], ["y"])], {"s": [1, LARGE, 6]}, "its result of 1x1099511627776x6 elem"),
        ([node("Expand", ["w", "s"], ["e"]), PRODUCT], {"w": EYE, "s": [1 << 23, 6, 6]}, "its result of 8388608x6x6"),
        ([node("Tile", ["x", "s"], ["y"])], {"s": [1, 1 << 31]}, "Tile 'y' (node 0): its result of 2x6x1x2147483648"),
        ([node("Tile", ["w", "s"], ["e"]), PRODUCT], {"w": EYE, "s": [1 << 62, 0]}, "elements is too large"),
        ([node("Pad", ["x", "s"], ["y"])], {"s": [0, 0, 0, 1 << 31]}, "Pad 'y' (node 0): its result of 2x2147483654"),
        ([node("Pad", ["w", "s"], ["e"]), PRODUCT], {"w": EYE, "s": [0, 0, 0, 1 << 31]}, "its result of 6x2147483654"),
        ([node("ConstantOfShape", ["s"], ["e"]), PRODUCT], {"w": EYE, "s": [1 << 31]}, "its shape [2147483648] is too"),
        ([node("Range", ["a", "c", "d"], ["e"])], {"a": -(2**62), "c": 2**62, "d": 1}, "has no end or is too long"),
        ([node("Gather", ["a", "i"], ["e"])], {"a": np.ones((1, 1 << 12)), "i": [0] * (1 << 14)}, "16384x4096"),
        ([node("Split", ["x"], ["y"], axis=1, num_outputs=LARGE)], {}, "its sizes do not fit its 1 results"),
        ([node("Split", ["x", "s"], ["y", "z"], axis=1)], {"s": [LARGE, 6 - LARGE]}, "do not fit its 2 results"),
        ([node("Concat", ["x"] * 100_000, ["y"], axis=1)], {}, "it has 100000 inputs, more than 4096; use a smaller"),
        ([node("Concat", ["a"] * 4000, ["e"], axis=0)], {"a": np.ones(1 << 14)}, "its result of 65536000 elements is"),
        ([node("MatMul", ["a", "a"], ["e"])], {"a": np.ones((1100, 1100))}, "more than 1073741824 multiplications"),
    ],
)  # fmt: skip
def test_large_results_are_refused_before_they_are_made(
    nodes: list[NodeProto], constants: dict[str, Any], text: str
) -> None:
    assert text in refused(model(nodes, VECTOR, **constants))


@pytest.mark.parametrize(
    ("nodes", "constants", "text"),
    [
        ([node("MatMul", ["x"], ["y"])], {}, "MatMul 'y' (node 0): its input 2 is missing; check the model"),
        ([node("Add", ["x", ""], ["y"])], {}, "its input 2 is missing"),
        ([node("Concat", ["x", ""], ["y"], axis=1)], {}, "its input 2 is missing"),
        ([node("Relu", ["x", "x"], ["y"])], {}, "it has 2 inputs, not 1"),
        ([node("Concat", ["x", "k"], ["y"], axis=1)], {"k": np.array(1.0)}, "a constant of shape () and a branch are"),
        ([node("Add", ["x", "t"], ["y"])], {"t": np.array(["a"])}, "it reads what is no real number"),
        ([node("Cast", ["x"], ["y"])], {}, "attribute 'to' is missing"),
    ],
)
def test_inputs_and_attributes_are_counted(nodes: list[NodeProto], constants: dict[str, Any], text: str) -> None:
    assert text in refused(model(nodes, VECTOR, **constants))


def test_an_error_of_ours_is_not_blamed_on_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(b: importer.Importer, x: Any) -> Any:
        return x.nothing

    monkeypatch.setitem(importer.operators(), ("", "Relu"), broken)
    text = refused(model([node("Relu", ["x"], ["y"])]))
    assert text.startswith(f"Relu 'y' (node 0): {importer.BUG} (AttributeError: ")
    assert text.endswith("; report it with the model")
