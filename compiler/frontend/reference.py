"""The float model as ONNX Runtime computes it, or ONNX's own reference where that lacks a kernel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib import import_module
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import helper
from onnx.reference import ReferenceEvaluator

from ..errors import CompileError
from .standard import standard

__all__ = ["predict_float", "predict_outputs"]

READABLE_IR_VERSION = 10
MOST_SAMPLES = 4096  # of a batch that a file fixes; more is taken to mean any number

RUNTIME_ERRORS: tuple[type[Exception], ...] = tuple(
    kind
    for kind in vars(import_module("onnxruntime.capi.onnxruntime_pybind11_state")).values()
    if isinstance(kind, type) and issubclass(kind, Exception)
)
"""What ONNX Runtime raises: classes that share no base."""


def predict_float(model: onnx.ModelProto, output: str, x: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """One output tensor (an inner one too) of the float model for samples ``x``, flattened to (samples, elements)."""
    return predict_outputs(model, [output], x)[output].astype(np.float64)


def predict_outputs(
    model: onnx.ModelProto, outputs: Sequence[str], x: npt.NDArray[Any], *, literal: bool = False
) -> dict[str, npt.NDArray[Any]]:
    """Several tensors (inner ones too) for samples ``x``: each (samples, elements) of float64 or int64.

    ``literal`` asks for every operation as the file has it, in float32: nothing fused, nothing on other integers.

    A sample is a row of the file's input, or the whole input where it has that many elements.

    Raises
    ------
    CompileError
        where neither runs the model on the data.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(standard(model))
    copy.ir_version = min(copy.ir_version, READABLE_IR_VERSION)
    free_batch(copy)
    wanted = list(dict.fromkeys(outputs))
    stated = {o.name for o in copy.graph.output}
    copy.graph.output.extend(onnx.ValueInfoProto(name=name) for name in wanted if name not in stated)
    held = {t.name for t in copy.graph.initializer}
    info = next(i for i in copy.graph.input if i.name not in held)
    dtype = helper.tensor_dtype_to_np_dtype(info.type.tensor_type.elem_type)
    dims = [d.dim_value if d.HasField("dim_value") else -1 for d in info.type.tensor_type.shape.dim]
    elements = x[0].size
    whole = not dims or (min(dims) > 0 and prod(dims) == elements)  # one sample is the file's whole tensor
    batch = 1 if whole else dims[0] if dims[0] > 0 else 1024

    def predict(run: Callable[[npt.NDArray[Any]], Iterable[Any]]) -> dict[str, npt.NDArray[Any]]:
        results: dict[str, list[npt.NDArray[Any]]] = {name: [] for name in wanted}
        for start in range(0, len(x), batch):
            part = x[start : start + batch].astype(dtype)
            count = len(part)
            if not whole and dims[0] > count:
                part = np.concatenate([part, np.zeros((batch - count, *part.shape[1:]), dtype)])
            for name, given in zip(wanted, run(part.reshape(dims if whole else [len(part), *dims[1:]])), strict=True):
                y = np.asarray(given)
                kind = np.int64 if y.dtype.kind in "iu" else np.float64
                results[name].append(y.astype(kind).reshape(len(part), -1)[:count])
        return {name: np.concatenate(parts) for name, parts in results.items()}

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.add_session_config_entry("session.x64quantprecision", "1")  # no saturation inside of sums, on any processor
    if literal:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    if any(node.op_type == "DequantizeLinear" for node in copy.graph.node):
        # its optimisers round a float bias to integers, and take integers for sums whatever scale the file gives them
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = onnxruntime.InferenceSession(copy.SerializeToString(), options, providers=["CPUExecutionProvider"])
        return predict(lambda part: session.run(wanted, {info.name: part}))
    except RUNTIME_ERRORS as error:
        reason = str(error).splitlines()[0]
    try:  # slow, but it knows every operator, type and opset
        evaluator = ReferenceEvaluator(copy)
        with np.errstate(all="ignore"):  # as in ONNX Runtime, what overflows is infinite
            return predict(lambda part: evaluator.run(wanted, {info.name: part}))
    except Exception:  # it raises whatever NumPy does
        raise CompileError(f"ONNX Runtime cannot run the model: {reason}; check the file") from None


def free_batch(model: onnx.ModelProto) -> None:
    """Let a first dimension be any number where the file says 0, less, or an absurd number."""
    for info in model.graph.input:
        dims = info.type.tensor_type.shape.dim
        if dims and dims[0].HasField("dim_value") and not 0 < dims[0].dim_value <= MOST_SAMPLES:
            dims[0].dim_param = "batch"
            for other in (*model.graph.output, *model.graph.value_info):
                other.type.tensor_type.ClearField("shape")
