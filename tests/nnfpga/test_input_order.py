"""Colour images: the host makes them channel-last, the circuit never sees the file's order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import nnfpga
from nnfpga.compiler.frontend import predict_float
from nnfpga.compiler.layers.rearrange import Rearrange
from nnfpga.compiler.passes import Entry
from nnfpga.host import Port

UNITS = np.array([0.5, 0.25, 0.125])


def colour_network(path: Path, *, quantised: bool) -> Path:
    """A 2x2 convolution on a 3x3x3 image and a matrix, with QONNX quantisers, the input's by channel, or none."""
    rng = np.random.default_rng(0)
    shapes = {"k": (2, 3, 2, 2), "kb": (2,), "w": (8, 3)}
    arrays = {name: rng.integers(-8, 8, shape) / 8 for name, shape in shapes.items()}
    arrays |= {"u": UNITS.reshape(1, 3, 1, 1), "u8": np.array(0.125), "zero": np.array(0.0), "four": np.array(4.0)}
    made: dict[str, str] = {}
    nodes: list[onnx.NodeProto] = []

    def quant(name: str, unit: str, signed: int = 1) -> str:
        if quantised:
            made[name] = f"{name}q"
            inputs = [name, unit, "zero", "four"]
            nodes.append(
                helper.make_node("Quant", inputs, [made[name]], domain="qonnx.custom_op.general", signed=signed)
            )
        return made.get(name, name)

    conv = helper.make_node("Conv", [quant("x", "u"), quant("k", "u8"), "kb"], ["c"])
    nodes += [conv, helper.make_node("Relu", ["c"], ["r"])]
    flat = helper.make_node("Flatten", [quant("r", "u8", signed=0)], ["f"])
    nodes += [flat, helper.make_node("MatMul", ["f", quant("w", "u8")], ["y"])]
    constants = [numpy_helper.from_array(v.astype(np.float32), k) for k, v in arrays.items()]
    x, y = (helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in (("x", ["n", 3, 3, 3]), ("y", ["n", 3])))
    graph = helper.make_graph(nodes, "g", [x], [y], constants)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


@pytest.mark.parametrize("quantised", [False, True], ids=["float", "qonnx"])
def test_the_host_turns_the_image(tmp_path: Path, quantised: bool) -> None:
    x = np.random.default_rng(1).normal(size=(60, 3, 3, 3)).astype(np.float32)
    design = nnfpga.compile(colour_network(tmp_path / "m.onnx", quantised=quantised), x, emit="rtl", samples=24, bits=6)
    (source,) = design.graph.inputs
    assert source.shape == (3, 3, 3)
    first = design.graph.layers[0]
    assert not isinstance(first, Rearrange)
    assert design.report()["exact"]["rtl"] is True
    codes = design.quantise(x)
    if quantised:
        scaled = np.moveaxis(x.astype(np.float64), 1, -1) / UNITS
        assert np.array_equal(codes, np.clip(np.rint(scaled), -8, 7))
        scores = design.predict(x).reshape(60, 3)
        assert np.array_equal(scores.astype(np.float32), predict_float(design.model.onnx, design.model.scores, x))
    else:
        unit = float(source.scale.item())
        scaled = np.floor(np.moveaxis(x.astype(np.float64), 1, -1) / unit + 0.5)
        assert np.array_equal(codes, np.clip(scaled, int(source.number.low), int(source.number.high)))


def test_a_frame_holds_the_channels_last(tmp_path: Path) -> None:
    x = np.random.default_rng(1).normal(size=(8, 3, 3, 3)).astype(np.float32)
    design = nnfpga.compile(colour_network(tmp_path / "m.onnx", quantised=True), x, emit="model")
    given = design.report()["input"]  # what ``nnfpga run`` reads
    port, entry = Port.of(given), Entry.of(given["entry"])
    codes = np.clip(np.rint(x.astype(np.float64) / UNITS.reshape(3, 1, 1)), -8, 7)
    for sample, expected in zip(x, codes, strict=True):
        payload = port.pack(entry.integers(sample[None]))
        assert np.array_equal(port.unpack(payload), np.moveaxis(expected, 0, -1).reshape(-1))
