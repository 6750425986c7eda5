"""Reading a model file; every way in which it can be unusable is one sentence."""

from __future__ import annotations

from pathlib import Path

import onnx
from google.protobuf.message import DecodeError

from ..errors import CompileError

__all__ = ["load"]


def load(path: str | Path) -> onnx.ModelProto:
    """The model in a file.

    Raises
    ------
    CompileError
        where the file cannot be read, is not ONNX, is cut short, or holds no nodes.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CompileError(f"{path}: cannot be read ({error.strerror}); give the path of an ONNX file") from None
    model = onnx.ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError:
        raise CompileError(f"{path}: is not an ONNX model or is cut short; export or download it again") from None
    if not model.HasField("graph") or not model.opset_import:
        raise CompileError(f"{path}: is not an ONNX model or is cut short; export or download it again")
    if not model.graph.node:
        raise CompileError(f"{path}: the graph has no nodes; export a trained network")
    try:
        onnx.load_external_data_for_model(model, str(path.parent))
    except (OSError, ValueError, onnx.checker.ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise CompileError(f"{path}: its external weights cannot be read ({reason}); keep them beside it") from None
    return model
