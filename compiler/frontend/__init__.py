"""ONNX to the real-valued network. The only place that imports onnx and onnxruntime."""

from __future__ import annotations

from onnx import ModelProto

from .importer import Imported, import_model, supported
from .load import load
from .reference import predict_float

__all__ = ["Imported", "ModelProto", "import_model", "load", "predict_float", "supported"]
