"""QONNX in plain ONNX, so that ONNX Runtime computes it: the float32 reference, independent of our own meaning."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import onnx
from onnx import helper, numpy_helper

from .ops_qonnx import DOMAINS

__all__ = ["standard"]

LEAST_OPSET = 11  # the first with Round


def standard(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same model with each quantiser written out: ``(clip(round(x / scale + zero)) - zero) * scale``."""
    if not any(node.domain in DOMAINS for node in model.graph.node):
        return model
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    nodes = [new for node in model.graph.node for new in (plain(node, constants) if node.domain in DOMAINS else [node])]
    del copy.graph.node[:]
    copy.graph.node.extend(nodes)
    del copy.opset_import[:]
    version = max([LEAST_OPSET, *(o.version for o in model.opset_import if o.domain in ("", "ai.onnx"))])
    copy.opset_import.append(helper.make_opsetid("", version))
    return copy


def plain(node: onnx.NodeProto, constants: dict[str, np.ndarray]) -> Iterator[onnx.NodeProto]:
    """A quantiser as plain nodes; others are left as they are."""
    name = f"{node.output[0]}__"

    def value(label: str, number: float) -> onnx.NodeProto:
        tensor = numpy_helper.from_array(np.array(number, np.float32))
        return helper.make_node("Constant", [], [name + label], value=tensor)

    x, scale = node.input[:2]
    if node.op_type == "BipolarQuant":
        yield value("zero", 0.0)
        yield helper.make_node("Less", [x, name + "zero"], [name + "negative"])
        yield helper.make_node("Neg", [scale], [name + "minus"])
        yield helper.make_node("Where", [name + "negative", name + "minus", scale], [node.output[0]])
        return
    if node.op_type not in ("Quant", "IntQuant"):
        yield node
        return
    settings = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    width = int(constants[node.input[3]].reshape(-1)[0])
    narrow, signed = settings.get("narrow", 0), settings.get("signed", 1)
    low = -(2 ** (width - 1)) + (1 if narrow else 0) if signed else 0
    high = 2 ** (width - 1) - 1 if signed else 2**width - (2 if narrow else 1)
    rounding = {b"CEIL": "Ceil", b"FLOOR": "Floor"}.get(settings.get("rounding_mode", b"ROUND"), "Round")
    steps = [
        ("Div", x, scale), ("Add", None, node.input[2]), (rounding, None, None), ("Max", None, name + "low"),
        ("Min", None, name + "high"), ("Sub", None, node.input[2]), ("Mul", None, scale),
    ]  # fmt: skip
    yield value("low", low)
    yield value("high", high)
    current = ""
    for number, (kind, first, second) in enumerate(steps):
        result = node.output[0] if number == len(steps) - 1 else f"{name}{number}"
        yield helper.make_node(kind, [first or current, *([second] if second else [])], [result])
        current = result
