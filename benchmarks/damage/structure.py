"""Damage to the structure of a model; where a model lacks what is to be damaged, IndexError says so."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import onnx
from onnx import AttributeProto, TensorProto, helper

__all__ = ["STRUCTURE"]

SIZES = (0, 1, -1, 2, 3, 7, 1000, 1 << 20, 1 << 31, (1 << 31) - 1, 1 << 40, (1 << 62) + 1, -(1 << 63))
NAMES = ("", "x", "../../etc/passwd", "a b", "\0", "名前", "a" * 5000, "%s{}\\", "module", "\n\x1b[2J", "_", "1")
FLOATS = (float("nan"), float("inf"), -float("inf"), 3e38, -3e38, 1e-45, 1e30, 0.0, -0.0, 1 + 2**-20)
OPERATORS = [
    "Conv", "Gemm", "MatMul", "Add", "Mul", "Div", "Sub", "Relu", "Softmax", "Reshape", "Transpose", "Flatten",
    "Concat", "Split", "Slice", "Pad", "Gather", "Squeeze", "Unsqueeze", "Expand", "Tile", "Resize",
    "ConstantOfShape", "Range", "Shape", "MaxPool", "AveragePool", "GlobalAveragePool", "ReduceMean", "ReduceSum",
    "ReduceMax", "BatchNormalization", "Clip", "LeakyRelu", "PRelu", "Elu", "Sigmoid", "Tanh", "Exp", "Log", "Sqrt",
    "Pow", "Erf", "Gelu", "Where", "Greater", "Less", "Cast", "Floor", "Round", "ArgMax", "TopK", "QuantizeLinear",
    "DequantizeLinear", "QLinearConv", "Identity", "Dropout", "Constant", "Sum", "Max", "Min", "Sign", "Neg", "Abs",
    "If", "Loop", "LSTM", "OneHot", "Einsum", "ScatterND", "Trilu", "Celu", "HardSigmoid",
]  # fmt: skip

Change = Callable[[Random, onnx.ModelProto], None]


def tensor(r: Random, m: onnx.ModelProto) -> TensorProto:
    """One of the constants."""
    inside = [a.t for n in m.graph.node for a in n.attribute if a.HasField("t")]
    return r.choice([*m.graph.initializer, *inside])


def node(r: Random, m: onnx.ModelProto) -> onnx.NodeProto:
    """One of the nodes."""
    return r.choice(m.graph.node)


def attribute(r: Random, m: onnx.ModelProto) -> AttributeProto:
    """One of the attributes."""
    return r.choice([a for n in m.graph.node for a in n.attribute])


def change_dims(r: Random, m: onnx.ModelProto) -> None:
    t = tensor(r, m)
    if t.dims and r.random() < 0.7:
        t.dims[r.randrange(len(t.dims))] = r.choice(SIZES)
    else:
        t.dims.extend(r.choice(SIZES) for _ in range(r.choice((1, 1, 2, 80))))


def swap_dims(r: Random, m: onnx.ModelProto) -> None:
    t = tensor(r, m)
    dims = list(t.dims)
    r.shuffle(dims)
    t.dims[:] = dims


def change_input(r: Random, m: onnx.ModelProto) -> None:
    dims = r.choice(m.graph.input).type.tensor_type.shape.dim
    dim = r.choice(dims)
    if r.random() < 0.3:
        dim.dim_param = r.choice(NAMES)
    elif r.random() < 0.3:
        dims.add().dim_value = r.choice(SIZES)
    else:
        dim.dim_value = r.choice(SIZES)


def change_type(r: Random, m: onnx.ModelProto) -> None:
    tensor(r, m).data_type = r.choice([*range(26), 1000])


def change_input_type(r: Random, m: onnx.ModelProto) -> None:
    r.choice(m.graph.input).type.tensor_type.elem_type = r.randrange(26)


def change_values(r: Random, m: onnx.ModelProto) -> None:
    t = tensor(r, m)
    if t.data_type == TensorProto.FLOAT and len(t.raw_data) >= 4:
        array = np.frombuffer(t.raw_data, np.float32).copy()
        count = r.choice((1, 1, len(array)))
        array[[r.randrange(len(array)) for _ in range(count)]] = r.choice(FLOATS)
        t.raw_data = array.tobytes()
    elif t.float_data:
        t.float_data[r.randrange(len(t.float_data))] = r.choice(FLOATS)
    elif t.data_type == TensorProto.INT64 and len(t.raw_data) >= 8:
        whole = np.frombuffer(t.raw_data, np.int64).copy()
        whole[r.randrange(len(whole))] = r.choice(SIZES)
        t.raw_data = whole.tobytes()
    elif t.int64_data:
        t.int64_data[r.randrange(len(t.int64_data))] = r.choice(SIZES)


def shorten_data(r: Random, m: onnx.ModelProto) -> None:
    t = tensor(r, m)
    t.raw_data = t.raw_data[: r.randrange(len(t.raw_data) + 1)]


def send_outside(r: Random, m: onnx.ModelProto) -> None:
    t = tensor(r, m)
    t.data_location = TensorProto.EXTERNAL
    places = ("/etc/passwd", "../outside.bin", "w.bin", "", "./../outside.bin", "link/outside.bin")
    t.external_data.add(key="location", value=r.choice(places))
    if r.random() < 0.5:
        t.external_data.add(key=r.choice(("offset", "length")), value=str(r.choice(SIZES)))


def change_attribute(r: Random, m: onnx.ModelProto) -> None:
    a = attribute(r, m)
    if a.ints:
        a.ints[r.randrange(len(a.ints))] = r.choice(SIZES)
    elif a.floats:
        a.floats[r.randrange(len(a.floats))] = r.choice(FLOATS)
    else:
        a.i, a.f, a.s = r.choice(SIZES), r.choice(FLOATS), r.choice(NAMES).encode()


def resize_attribute(r: Random, m: onnx.ModelProto) -> None:
    a = attribute(r, m)
    if r.random() < 0.5:
        a.ints.extend(r.choice(SIZES) for _ in range(r.choice((1, 2, 50))))
    else:
        del a.ints[r.randrange(len(a.ints) + 1) :]


def retype_attribute(r: Random, m: onnx.ModelProto) -> None:
    damaged: Any = attribute(r, m)
    damaged.type = r.randrange(15)


def drop_attribute(r: Random, m: onnx.ModelProto) -> None:
    n = r.choice([n for n in m.graph.node if n.attribute])
    del n.attribute[r.randrange(len(n.attribute))]


def add_attribute(r: Random, m: onnx.ModelProto) -> None:
    names = ("axis", "axes", "keepdims", "alpha", "group", "pads", "strides", "to", "mode", "perm", "value", "body")
    value: Any = r.choice((1, -1, 1 << 40, 0.5, float("inf"), "x", [1, 2], [0], [-1], [1 << 40], [0.5], ["a"]))
    node(r, m).attribute.append(helper.make_attribute(r.choice(names), value))


def drop_node(r: Random, m: onnx.ModelProto) -> None:
    del m.graph.node[r.randrange(len(m.graph.node))]


def bypass_node(r: Random, m: onnx.ModelProto) -> None:
    number = r.randrange(len(m.graph.node))
    gone = m.graph.node[number]
    source, result = gone.input[0], gone.output[0]
    del m.graph.node[number]
    for n in m.graph.node:
        n.input[:] = [source if name == result else name for name in n.input]


def copy_node(r: Random, m: onnx.ModelProto) -> None:
    copy = m.graph.node.add()
    copy.CopyFrom(node(r, m))
    if r.random() < 0.5:
        copy.output[0] = f"copy{r.random()}"


def shuffle_nodes(r: Random, m: onnx.ModelProto) -> None:
    nodes = [onnx.NodeProto.FromString(n.SerializeToString()) for n in m.graph.node]
    r.shuffle(nodes)
    del m.graph.node[:]
    m.graph.node.extend(nodes)


def change_operator(r: Random, m: onnx.ModelProto) -> None:
    node(r, m).op_type = r.choice(OPERATORS)


def insert_operator(r: Random, m: onnx.ModelProto) -> None:
    number = r.randrange(len(m.graph.node))
    old = m.graph.node[number]
    place = r.randrange(len(old.input))
    more = [r.choice(m.graph.initializer).name for _ in range(r.randrange(3)) if m.graph.initializer]
    new = helper.make_node(r.choice(OPERATORS), [old.input[place], *more], [f"new{r.random()}"])
    old.input[place] = new.output[0]
    m.graph.node.insert(number, new)


def change_domain(r: Random, m: onnx.ModelProto) -> None:
    node(r, m).domain = r.choice(("ai.onnx.ml", "qonnx.custom_op.general", "onnx.brevitas", "com.microsoft", "x", ""))


def rewire(r: Random, m: onnx.ModelProto) -> None:
    n = node(r, m)
    known = [name for other in m.graph.node for name in (*other.output, *other.input)]
    n.input[r.randrange(len(n.input))] = r.choice([*known, "", "nothing"])


def change_inputs(r: Random, m: onnx.ModelProto) -> None:
    n = node(r, m)
    if r.random() < 0.5:
        del n.input[r.randrange(len(n.input)) :]
    else:
        n.input.extend(r.choice([*n.input, ""]) for _ in range(r.choice((1, 2, 9))))


def change_outputs(r: Random, m: onnx.ModelProto) -> None:
    n = node(r, m)
    if r.random() < 0.4:
        n.output[0] = r.choice([name for other in m.graph.node for name in (*other.output, *other.input)])
    elif r.random() < 0.5:
        n.output.extend(r.choice(NAMES) for _ in range(r.choice((1, 5))))
    else:
        del n.output[:]


def drop_weight(r: Random, m: onnx.ModelProto) -> None:
    del m.graph.initializer[r.randrange(len(m.graph.initializer))]


def copy_weight(r: Random, m: onnx.ModelProto) -> None:
    copy = m.graph.initializer.add()
    copy.CopyFrom(r.choice(m.graph.initializer))
    if r.random() < 0.5:
        copy.name = r.choice(NAMES)


def rename(r: Random, m: onnx.ModelProto) -> None:
    old = r.choice([name for n in m.graph.node for name in n.output])
    new = r.choice(NAMES)
    for n in m.graph.node:
        n.input[:] = [new if name == old else name for name in n.input]
        n.output[:] = [new if name == old else name for name in n.output]
    n = node(r, m)
    n.name = r.choice(NAMES)


def change_ends(r: Random, m: onnx.ModelProto) -> None:
    ends = r.choice((m.graph.input, m.graph.output))
    if r.random() < 0.4:
        ends.add().name = r.choice([name for n in m.graph.node for name in (*n.output, *n.input)])
    else:
        del ends[r.randrange(len(ends))]


def change_opset(r: Random, m: onnx.ModelProto) -> None:
    r.choice(m.opset_import).version = r.choice((*SIZES, 5, 6, 8, 11, 13, 21, 26, 99))
    m.ir_version = r.choice((0, 3, 8, 13, 99, -1))


def nest(r: Random, m: onnx.ModelProto) -> None:
    depth = r.choice((1, 3, 20))
    n = node(r, m)
    for _ in range(depth):
        a = n.attribute.add(name="then_branch", type=AttributeProto.GRAPH)
        n = a.g.node.add(op_type=r.choice(("If", "Loop", "Relu")), output=["t"])


def make_function(r: Random, m: onnx.ModelProto) -> None:
    n = node(r, m)
    inside = onnx.NodeProto.FromString(n.SerializeToString())
    f = m.functions.add(name=n.op_type if r.random() < 0.8 else r.choice(NAMES), domain="own")
    f.node.append(inside)
    f.input.extend(dict.fromkeys(n.input))
    f.output.extend(n.output)
    f.opset_import.extend(m.opset_import)
    n.domain = "own"
    if r.random() < 0.3:
        inside.domain = "own"
    m.opset_import.append(helper.make_opsetid("own", 1))
    if r.random() < 0.8:
        del n.attribute[:]


STRUCTURE: tuple[Change, ...] = (
    change_dims, swap_dims, change_input, change_type, change_input_type, change_values, change_values, shorten_data,
    send_outside, change_attribute, change_attribute, resize_attribute, retype_attribute, drop_attribute, add_attribute,
    drop_node, bypass_node, copy_node, shuffle_nodes, change_operator, change_operator, insert_operator,
    insert_operator, change_domain, rewire, rewire, change_inputs, change_outputs, drop_weight, copy_weight,
    rename, change_ends, change_opset, nest, make_function,
)  # fmt: skip
