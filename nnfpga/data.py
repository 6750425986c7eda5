"""The user's data: ``x`` (samples first) and optionally ``y``; ``x_test`` and ``y_test`` are held out."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nnfpga.compiler.errors import CompileError

__all__ = ["Data", "load_data"]

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Data:
    """Calibration samples, and the samples that accuracy is measured on (the same where none are held out)."""

    x: Array
    y: Array | None
    x_test: Array
    y_test: Array | None


def load_data(source: str | Path | Array | Mapping[str, Array], shape: tuple[int, ...]) -> Data:
    """Data from a .npz file, an array or a mapping, as float64 of (samples, *shape).

    Raises
    ------
    CompileError
        where the file is none, lacks ``x``, has another shape than the model's input, or holds values that are not
        finite.
    """
    name, arrays = "data", source
    if isinstance(source, (str, Path)):
        name, arrays = str(source), read(Path(source))
    if isinstance(arrays, np.ndarray):
        arrays = {"x": arrays}
    if not isinstance(arrays, Mapping):
        raise CompileError(
            f"data: {type(arrays).__name__} holds no samples; give a file, an array or a mapping with 'x'"
        )
    if "x" not in arrays:
        raise CompileError(f"{name}: holds no array 'x'; save one with numpy.savez(file, x=samples, y=labels)")
    x = samples(name, "x", arrays["x"], shape)
    y = labels(name, "y", arrays.get("y"), len(x))
    if "x_test" not in arrays:
        return Data(x, y, x, y)
    x_test = samples(name, "x_test", arrays["x_test"], shape)
    return Data(x, y, x_test, labels(name, "y_test", arrays.get("y_test"), len(x_test)))


def read(path: Path) -> dict[str, Array]:
    """The arrays of a .npz file; the one of a .npy file is ``x``."""
    try:
        with path.open("rb") as handle:
            file = np.load(handle, allow_pickle=False)
            return {"x": file} if isinstance(file, np.ndarray) else {key: file[key] for key in file.files}
    except OSError as error:
        if error.strerror is None:
            raise CompileError(
                f"{path}: is no .npz file; save one with numpy.savez(file, x=samples, y=labels)"
            ) from None
        raise CompileError(f"{path}: cannot be read ({error.strerror}); give a .npz file") from None
    except (ValueError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
        raise CompileError(f"{path}: is no .npz file; save one with numpy.savez(file, x=samples, y=labels)") from None


def samples(file: str, key: str, array: Array, shape: tuple[int, ...]) -> Array:
    """Samples in the model's shape."""
    array = np.asarray(array)
    wanted = "x".join(map(str, shape))
    if array.dtype.kind not in "fiub":
        raise CompileError(f"{file}: '{key}' holds {array.dtype}, not numbers; save numbers")
    if array.ndim < 1 or len(array) == 0:
        raise CompileError(f"{file}: '{key}' holds no samples; give at least one")
    if int(np.prod(array.shape[1:], dtype=np.int64)) != int(np.prod(shape)):
        given = "x".join(map(str, array.shape[1:])) or "1"
        raise CompileError(f"{file}: a sample of '{key}' has shape {given}, the model wants {wanted}; reshape the data")
    array = array.astype(np.float64).reshape(len(array), *shape)
    if not np.isfinite(array).all():
        raise CompileError(f"{file}: '{key}' holds NaN or infinite values; clean the data")
    return array


def labels(file: str, key: str, array: Array | None, count: int) -> Array | None:
    """One label a sample (or one row of values)."""
    if array is None:
        return None
    array = np.asarray(array)
    if array.ndim < 1:
        raise CompileError(f"{file}: '{key}' holds one label for {count} samples; give one per sample")
    if len(array) != count:
        raise CompileError(f"{file}: '{key}' holds {len(array)} labels for {count} samples; give one per sample")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise CompileError(f"{file}: '{key}' holds NaN or infinite values; clean the data")
    return array
