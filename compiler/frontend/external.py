"""Weights in files beside the model; nothing outside the model's folder is ever opened."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath

import onnx

from ..errors import CompileError, Problem
from .files import MOST_BYTES, read_regular
from .tensors import TensorError, stored_bytes

__all__ = ["attach"]

REMEDY = "keep its file beside the model"


def attach(model: onnx.ModelProto, folder: Path) -> None:
    """Read every tensor whose data lie in another file into the model.

    Raises
    ------
    CompileError
        with a problem per tensor whose file is missing, too short, too large, or not inside the folder.
    """
    problems: list[Problem] = []
    total = 0
    for tensor in tensors(model):
        if tensor.data_location != onnx.TensorProto.EXTERNAL:
            continue
        try:
            total += stored_bytes(tensor)
            if total > MOST_BYTES:
                raise TensorError(f"the external weights have more than {MOST_BYTES} bytes", "use a smaller network")
            data = read(tensor, folder)
        except TensorError as error:
            problems.append(Problem(f"weight '{tensor.name}'", error.what, error.remedy))
            continue
        tensor.raw_data = data
        tensor.ClearField("data_location")
        tensor.ClearField("external_data")
    if problems:
        raise CompileError(problems)


def tensors(model: onnx.ModelProto) -> Iterator[onnx.TensorProto]:
    """The tensors of the main graph and of functions: those in branches and loops are refused with their node."""
    yield from model.graph.initializer
    for sparse in model.graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for nodes in (model.graph.node, *(function.node for function in model.functions)):
        for node in nodes:
            for attribute in node.attribute:
                if attribute.HasField("t"):
                    yield attribute.t
                yield from attribute.tensors


def read(tensor: onnx.TensorProto, folder: Path) -> bytes:
    """The bytes of one tensor."""
    entries = {e.key: e.value for e in tensor.external_data}
    place = inside(entries.get("location", ""), folder)
    size = stored_bytes(tensor)
    offset, length = (whole(entries.get(key, ""), key) for key in ("offset", "length"))
    if length is not None and length != size:
        raise TensorError(f"its file states {length} bytes, its shape {size}")
    try:
        return read_regular(place, offset or 0, size, follow=False)
    except OSError as error:
        raise TensorError(f"its file '{entries['location']}' cannot be read ({error.strerror})", REMEDY) from None


def whole(text: str, key: str) -> int | None:
    """A number of bytes, or None where it is not stated."""
    if not text:
        return None
    if len(text) > 20 or not (text.isascii() and text.isdigit()):
        raise TensorError(f"its {key} '{text[:20]}' is no number of bytes")
    return int(text)


def inside(location: str, folder: Path) -> Path:
    """The file with all links resolved, refused where it is not in the folder."""
    foreign = PureWindowsPath(location)
    parts = [*Path(location).parts, *foreign.parts]
    if not location or "\0" in location:
        raise TensorError("it names no file for its data", REMEDY)
    outside = f"its file '{location}' is outside the model's folder"
    if os.path.isabs(location) or foreign.drive or foreign.root or ".." in parts:
        raise TensorError(outside, REMEDY)
    base = os.path.realpath(folder)
    place = os.path.realpath(os.path.join(base, location))
    if os.path.commonpath([base, place]) != base:
        raise TensorError(outside, REMEDY)
    return Path(place)
