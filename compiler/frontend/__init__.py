"""ONNX to the real-valued network. The only place that imports onnx and onnxruntime."""

from __future__ import annotations

from onnx import ModelProto

from .importer import Imported, import_model, supported, survey
from .load import load, newest_opset, opset
from .reference import predict_float, predict_outputs
from .use import Outcome, Use

__all__ = [
    "Imported", "ModelProto", "Outcome", "Use", "import_model", "load", "newest_opset", "opset", "predict_float",
    "predict_outputs", "supported", "survey",
]  # fmt: skip
