"""The float model as ONNX Runtime computes it."""

from __future__ import annotations

from importlib import import_module
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime

from ..errors import CompileError
from .standard import standard

__all__ = ["predict_float"]

READABLE_IR_VERSION = 10
MOST_SAMPLES = 4096  # of a batch that a file fixes; more is taken to mean any number
TYPES = {"tensor(double)": np.float64, "tensor(float16)": np.float16} | {
    f"tensor({kind})": np.dtype(kind).type for kind in ("int8", "int16", "int32", "int64", "uint8", "uint16", "bool")
}

RUNTIME_ERRORS: tuple[type[Exception], ...] = tuple(
    kind
    for kind in vars(import_module("onnxruntime.capi.onnxruntime_pybind11_state")).values()
    if isinstance(kind, type) and issubclass(kind, Exception)
)
"""What ONNX Runtime raises: classes that share no base."""


def predict_float(model: onnx.ModelProto, output: str, x: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """One output tensor (an inner one too) of the float model for samples ``x``, flattened to (samples, elements).

    A sample is a row of the file's input, or the whole input where it has that many elements.

    Raises
    ------
    CompileError
        where ONNX Runtime refuses the model or the data.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(standard(model))
    copy.ir_version = min(copy.ir_version, READABLE_IR_VERSION)
    free_batch(copy)
    if output not in {o.name for o in copy.graph.output}:
        copy.graph.output.append(onnx.ValueInfoProto(name=output))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(copy.SerializeToString(), options, providers=["CPUExecutionProvider"])
        (info,) = session.get_inputs()
        dtype = TYPES.get(info.type, np.float32)
        dims = [d if isinstance(d, int) else -1 for d in info.shape]
        elements = x[0].size
        whole = not dims or (min(dims) > 0 and prod(dims) == elements)  # one sample is the file's whole tensor
        batch = 1 if whole else dims[0] if dims[0] > 0 else 1024
        results: list[npt.NDArray[Any]] = []
        for start in range(0, len(x), batch):
            part = x[start : start + batch].astype(dtype)
            count = len(part)
            if not whole and dims[0] > count:
                part = np.concatenate([part, np.zeros((batch - count, *part.shape[1:]), dtype)])
            (y,) = session.run([output], {info.name: part.reshape(dims if whole else [len(part), *dims[1:]])})
            results.append(np.asarray(y, dtype=np.float64).reshape(len(part), -1)[:count])
    except RUNTIME_ERRORS as error:
        raise CompileError(f"ONNX Runtime cannot run the model: {str(error).splitlines()[0]}; check the file") from None
    return np.concatenate(results)


def free_batch(model: onnx.ModelProto) -> None:
    """Let a first dimension be any number where the file says 0, less, or an absurd number."""
    for info in model.graph.input:
        dims = info.type.tensor_type.shape.dim
        if dims and dims[0].HasField("dim_value") and not 0 < dims[0].dim_value <= MOST_SAMPLES:
            dims[0].dim_param = "batch"
            for other in (*model.graph.output, *model.graph.value_info):
                other.type.tensor_type.ClearField("shape")
