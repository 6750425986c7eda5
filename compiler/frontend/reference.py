"""The float model as ONNX Runtime computes it."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime

from ..errors import CompileError
from .standard import standard

__all__ = ["predict_float"]

READABLE_IR_VERSION = 10

RUNTIME_ERRORS: tuple[type[Exception], ...] = tuple(
    kind
    for kind in vars(import_module("onnxruntime.capi.onnxruntime_pybind11_state")).values()
    if isinstance(kind, type) and issubclass(kind, Exception)
)
"""What ONNX Runtime raises: classes that share no base."""


def predict_float(model: onnx.ModelProto, output: str, x: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """One output tensor (an inner one too) of the float model for samples ``x``, flattened to (samples, elements).

    Raises
    ------
    CompileError
        where ONNX Runtime refuses the model or the data.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(standard(model))
    copy.ir_version = min(copy.ir_version, READABLE_IR_VERSION)
    if output not in {o.name for o in copy.graph.output}:
        copy.graph.output.append(onnx.ValueInfoProto(name=output))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(copy.SerializeToString(), options, providers=["CPUExecutionProvider"])
        (info,) = session.get_inputs()
        dtype = np.float64 if info.type == "tensor(double)" else np.float32
        fixed = isinstance(info.shape[0], int) if info.shape else False
        batch = info.shape[0] if fixed else 1024
        shape = [d if isinstance(d, int) else -1 for d in info.shape[1:]]
        results: list[npt.NDArray[Any]] = []
        for start in range(0, len(x), batch):
            part = x[start : start + batch].astype(dtype)
            count = len(part)
            if fixed and count < batch:
                part = np.concatenate([part, np.zeros((batch - count, *part.shape[1:]), dtype)])
            (y,) = session.run([output], {info.name: part.reshape(len(part), *shape)})
            results.append(np.asarray(y, dtype=np.float64).reshape(len(part), -1)[:count])
    except RUNTIME_ERRORS as error:
        raise CompileError(f"ONNX Runtime cannot run the model: {str(error).splitlines()[0]}; check the file") from None
    return np.concatenate(results)
