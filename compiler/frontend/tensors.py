"""The numbers in a file's tensors, checked before anything is allocated for them."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, numpy_helper

__all__ = ["MOST_ELEMENTS", "TensorError", "stored_bytes", "to_array", "to_dense"]

MOST_ELEMENTS = 1 << 24
"""Of a constant, and of all tensors that depend on the input together (one sample): far beyond any chip here."""

WIDTHS = {
    64: ("DOUBLE", "INT64", "UINT64"),
    32: ("FLOAT", "INT32", "UINT32"),
    16: ("FLOAT16", "BFLOAT16", "INT16", "UINT16"),
    8: ("INT8", "UINT8", "BOOL", "FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ", "FLOAT8E8M0"),
    4: ("INT4", "UINT4", "FLOAT4E2M1"),
    2: ("INT2", "UINT2"),
}
BITS = {getattr(TensorProto, name, None): bits for bits, names in WIDTHS.items() for name in names}
"""Bits of an element as stored; what is missing holds no real numbers, or is unknown to an old ``onnx``."""


class TensorError(Exception):
    """Why a tensor of the file cannot be taken: what is wrong, and what to do about it."""

    def __init__(self, what: str, remedy: str = "export the model again") -> None:
        super().__init__(what)
        self.what, self.remedy = what, remedy


def elements(dims: Any) -> int:
    """How many elements a tensor of these sizes has, refused where none could be stored."""
    sizes = [int(d) for d in dims]
    if any(d < 0 for d in sizes):
        raise TensorError(f"its shape {tuple(sizes)} has a negative size")
    if prod(sizes) > MOST_ELEMENTS or len(sizes) > 32:
        shape = "x".join(map(str, sizes[:8])) + ("x..." if len(sizes) > 8 else "")
        raise TensorError(f"its shape {shape} is more than {MOST_ELEMENTS} elements", "use a smaller network")
    return prod(sizes)


def stored_bytes(tensor: onnx.TensorProto) -> int:
    """How many bytes the elements take."""
    if tensor.data_type not in BITS:
        raise TensorError("it holds no real numbers", "use a numeric type")
    return -(-elements(tensor.dims) * BITS[tensor.data_type] // 8)


def to_array(tensor: onnx.TensorProto) -> npt.NDArray[Any]:
    """A tensor's numbers (or texts).

    Raises
    ------
    TensorError
        where its data do not fit its shape, or it is too large.
    """
    count = elements(tensor.dims)
    if tensor.data_location == TensorProto.EXTERNAL:
        raise TensorError("its data lie in another file, which was not read")
    if tensor.HasField("segment"):
        raise TensorError("it is stored in segments")
    if tensor.HasField("raw_data") and len(tensor.raw_data) != stored_bytes(tensor):
        raise TensorError(f"it has {len(tensor.raw_data)} bytes, not {stored_bytes(tensor)} for {count} elements")
    if tensor.data_type != TensorProto.STRING:
        stored_bytes(tensor)
    try:
        array = numpy_helper.to_array(tensor)
    except (ValueError, TypeError, OSError, OverflowError, KeyError, AttributeError):
        raise TensorError("its data do not fit its shape and type") from None
    if array.size != count:
        raise TensorError(f"it has {array.size} elements, not {count}")
    return array


def to_dense(sparse: onnx.SparseTensorProto) -> npt.NDArray[Any]:
    """The dense form of a sparse tensor.

    Raises
    ------
    TensorError
        where its indices do not fit its shape, or it is too large.
    """
    count, shape = elements(sparse.dims), tuple(int(d) for d in sparse.dims)
    values, indices = to_array(sparse.values), to_array(sparse.indices)
    if indices.ndim == 2 and indices.shape[1] == len(shape) and shape:
        if (indices < 0).any() or (indices >= np.array(shape)).any():
            raise TensorError("its indices do not fit its shape")
        indices = indices @ np.array([prod(shape[i + 1 :]) for i in range(len(shape))], dtype=np.int64)
    if values.ndim != 1 or indices.shape != values.shape or indices.dtype != np.int64:
        raise TensorError("its indices do not fit its values")
    if indices.size and not 0 <= indices.min() <= indices.max() < count:
        raise TensorError("its indices do not fit its shape")
    dense = np.zeros(count, dtype=values.dtype)
    dense[indices] = values
    return dense.reshape(shape)
