"""QONNX in plain ONNX, so that ONNX Runtime computes it: the float32 reference, independent of our own meaning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import onnx
from onnx import helper, numpy_helper

from . import ops_channels_last, ops_qonnx

__all__ = ["standard"]

DOMAINS = (*ops_qonnx.DOMAINS, *ops_channels_last.DOMAINS)
LEAST_OPSET = 11  # the first with Round


def standard(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same model with each quantiser written out: ``(clip(round(x / scale + zero)) - zero) * scale``."""
    if not any(node.domain in DOMAINS for node in model.graph.node):
        return model
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
    constants |= {
        node.output[0]: numpy_helper.to_array(a.t)
        for node in model.graph.node
        for a in node.attribute
        if node.op_type == "Constant" and a.name == "value"
    }
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

    def value(label: str, number: Any) -> onnx.NodeProto:
        tensor = numpy_helper.from_array(np.array(number, np.float32))
        return helper.make_node("Constant", [], [name + label], value=tensor)

    settings = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    if node.domain in ops_channels_last.DOMAINS:
        yield from channels_first(node, constants, settings)
        return
    x, scale = node.input[:2]
    if node.op_type == "BipolarQuant":
        yield value("zero", 0.0)
        yield helper.make_node("Less", [x, name + "zero"], [name + "negative"])
        yield helper.make_node("Neg", [scale], [name + "minus"])
        yield helper.make_node("Where", [name + "negative", name + "minus", scale], [node.output[0]])
        return
    match node.op_type:
        case "Quant" | "IntQuant":
            width = int(constants[node.input[3]].reshape(-1)[0])
            steps = [("Div", scale), ("Add", node.input[2])]
            if width == 1 and settings.get("signed", 1):
                steps += [("Less", name + "zero"), ("Cast", None), ("Mul", name + "minus_two"), ("Add", name + "one")]
            else:
                steps += [*rounding(settings), ("Max", name + "low"), ("Min", name + "high")]
            steps += [("Sub", node.input[2]), ("Mul", scale)]
        case "Trunc":
            first, zero = constants[scale], constants[node.input[2]]
            width = int(constants[node.input[5 if len(node.input) > 5 else 4]].reshape(-1)[0])
            steps = [("Div", scale), ("Add", node.input[2]), ("Round", None), ("Div", name + "ratio")]
            ratio = np.float32(2.0 ** (float(constants[node.input[3]].reshape(-1)[0]) - width))
            last, kept = first, zero
            if len(node.input) > 5:
                last = constants[node.input[4]]
                ratio = 2.0 ** np.rint(np.log2(last / first))
                kept = zero / ratio
                steps += [("Max", name + "low"), ("Min", name + "high")]
            steps += [*rounding({"rounding_mode": b"FLOOR"} | settings), ("Sub", name + "kept"), ("Mul", name + "last")]
            for label, number in (("ratio", ratio), ("kept", kept), ("last", last)):
                yield value(label, number)
        case "MultiThreshold":
            yield from thresholds(node, constants[node.input[1]], settings)
            return
        case _:
            yield node
            return
    narrow, signed = settings.get("narrow", 0), settings.get("signed", 1)
    low = -(2 ** (width - 1)) + (1 if narrow else 0) if signed else 0
    high = 2 ** (width - 1) - 1 if signed else 2**width - (2 if narrow else 1)
    numbers = {"low": low, "high": high, "half": 0.5, "zero": 0.0, "one": 1.0, "minus_two": -2.0}
    for label, number in numbers.items():
        yield value(label, number)
    current, sign = x, f"{name}sign"
    for number, (kind, second) in enumerate(steps):
        result = node.output[0] if number == len(steps) - 1 else f"{name}{number}"
        if kind == "Sign":  # the rest of the rounding is done on the magnitude
            yield helper.make_node("Sign", [current], [sign])
            yield helper.make_node("Abs", [current], [result])
        else:
            other = {"sign": sign, "half": name + "half"}.get(second or "", second)
            more: dict[str, Any] = {"to": onnx.TensorProto.FLOAT} if kind == "Cast" else {}
            yield helper.make_node(kind, [current, *([other] if other else [])], [result], **more)
        current = result


def rounding(settings: dict[str, Any]) -> list[tuple[str, str | None]]:
    """The steps of a rounding mode."""
    mode = settings.get("rounding_mode", b"ROUND").decode().upper()
    away: dict[str, list[tuple[str, str | None]]] = {
        "UP": [("Ceil", None)], "DOWN": [("Floor", None)], "ROUND_TO_ZERO": [("Floor", None)],
        "HALF_UP": [("Add", "half"), ("Floor", None)], "HALF_DOWN": [("Sub", "half"), ("Ceil", None)],
    }  # fmt: skip
    if mode in away:
        return [("Sign", None), *away[mode], ("Mul", "sign")]
    return [({"CEIL": "Ceil", "FLOOR": "Floor"}.get(mode, "Round"), None)]


def thresholds(node: onnx.NodeProto, levels: np.ndarray, settings: dict[str, Any]) -> Iterator[onnx.NodeProto]:
    """A count of thresholds, one comparison for each; without a layout the channels are the last axis."""
    name, layout = f"{node.output[0]}__", settings.get("data_layout", b"").decode()
    behind = len(layout) - 2 if layout.find("C") == 1 else 0  # axes behind the channels
    total = ""
    for number, level in enumerate(levels.T.astype(np.float32)):
        tensor = numpy_helper.from_array(level.reshape(-1, *[1] * behind))
        t, less, reached, after = (f"{name}{kind}{number}" for kind in ("t", "less", "reached", "sum"))
        yield helper.make_node("Constant", [], [t], value=tensor)
        yield helper.make_node("Less", [node.input[0], t], [less])
        yield helper.make_node("Not", [less], [f"{reached}_b"])
        yield helper.make_node("Cast", [f"{reached}_b"], [reached], to=onnx.TensorProto.FLOAT)
        if total:
            yield helper.make_node("Add", [total, reached], [after])
        total = after if total else reached
    for label, key, default in (("gain", "out_scale", 1.0), ("bias", "out_bias", 0.0)):
        tensor = numpy_helper.from_array(np.array(settings.get(key, default), np.float32))
        yield helper.make_node("Constant", [], [name + label], value=tensor)
    yield helper.make_node("Mul", [total, name + "gain"], [name + "scaled"])
    yield helper.make_node("Add", [name + "scaled", name + "bias"], [node.output[0]])


def channels_first(
    node: onnx.NodeProto, constants: dict[str, np.ndarray], settings: dict[str, Any]
) -> Iterator[onnx.NodeProto]:
    """A channels-last operator in ONNX's layout; a batch normalisation acts on the last axis as it is."""
    name, inputs = f"{node.output[0]}__", list(node.input)
    if node.op_type == "BatchNormalization":
        scale, bias, mean, var = (constants[n] for n in inputs[1:5])
        slope = scale / np.sqrt(var + np.float32(settings.get("epsilon", 1e-5)))
        for label, array in (("mean", mean), ("slope", slope), ("bias", bias)):
            tensor = numpy_helper.from_array(np.asarray(array, np.float32))
            yield helper.make_node("Constant", [], [name + label], value=tensor)
        yield helper.make_node("Sub", [inputs[0], name + "mean"], [name + "centred"])
        yield helper.make_node("Mul", [name + "centred", name + "slope"], [name + "scaled"])
        yield helper.make_node("Add", [name + "scaled", name + "bias"], [node.output[0]])
        return
    rank = len(settings["kernel_shape"])
    first, last = [0, rank + 1, *range(1, rank + 1)], [0, *range(2, rank + 2), 1]
    for number in range(2 if node.op_type == "Conv" else 1):  # activations and kernels
        yield helper.make_node("Transpose", [inputs[number]], [f"{name}first{number}"], perm=first)
        inputs[number] = f"{name}first{number}"
    turned = onnx.NodeProto()
    turned.CopyFrom(node)
    turned.domain = ""
    del turned.input[:], turned.output[:]
    turned.input.extend(inputs)
    turned.output.append(name + "turned")
    yield turned
    yield helper.make_node("Transpose", [name + "turned"], [node.output[0]], perm=last)
