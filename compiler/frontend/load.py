"""Reading a model file; every way in which it can be unusable is one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from ..errors import CompileError, Problem
from .external import attach
from .files import read_regular
from .functions import inline

__all__ = ["LEAST_OPSET", "load", "newest_opset", "opset"]

LEAST_OPSET = 6
"""Older operators have other attributes: their broadcasting is not NumPy's."""

AGAIN = "export or download it again"


def load(path: str | Path) -> onnx.ModelProto:
    """The model in a file, with external weights read and local functions written out.

    Raises
    ------
    CompileError
        where the file cannot be read, is not ONNX, is cut short, is too old, or holds no nodes; with a problem per
        external tensor that cannot be read.
    """
    path = Path(path)

    def refused(what: str, remedy: str) -> CompileError:
        return CompileError([Problem(str(path), what, remedy)])

    try:
        data = read_regular(path)
    except OSError as error:
        raise refused(f"cannot be read ({error.strerror})", "give the path of an ONNX file") from None
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError:
        raise refused("is not an ONNX model or is cut short", AGAIN) from None
    del data
    if not model.HasField("graph") or not model.opset_import:
        raise refused("is not an ONNX model or is cut short", AGAIN)
    if any(isinstance(text, bytes) for text in texts(model)):
        raise refused("holds names that are no text", AGAIN)
    if not model.graph.node:
        raise refused("the graph has no nodes", "export a trained network")
    if (version := opset(model)) is not None and version < LEAST_OPSET:
        newer = f"convert it to opset {LEAST_OPSET} or newer with onnx.version_converter"
        raise refused(f"it uses opset {version} of ONNX", newer)
    attach(model, path.parent)
    return inline(model)


def opset(model: onnx.ModelProto) -> int | None:
    """The version of ONNX's own operators, or None where the file states none."""
    return max((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), default=None)


def newest_opset() -> int:
    """The newest version of ONNX's own operators that the installed ``onnx`` knows."""
    return onnx.defs.onnx_opset_version()


def texts(model: onnx.ModelProto) -> Iterator[object]:
    """Every name that is read later; protobuf gives bytes where one is not UTF-8."""
    for entry in model.opset_import:
        yield entry.domain
    graph = model.graph
    for tensor in (*graph.initializer, *(s.values for s in graph.sparse_initializer)):
        yield tensor.name
        yield from (text for e in tensor.external_data for text in (e.key, e.value))
    for info in (*graph.input, *graph.output):
        yield info.name
    for function in model.functions:
        yield from (function.name, function.domain, *function.input, *function.output, *function.attribute)
    for nodes in (graph.node, *(function.node for function in model.functions)):
        for node in nodes:
            yield from (node.name, node.op_type, node.domain, *node.input, *node.output)
            for attribute in node.attribute:
                yield from (attribute.name, attribute.ref_attr_name)
                if attribute.HasField("t"):
                    yield from (text for e in attribute.t.external_data for text in (e.key, e.value))
