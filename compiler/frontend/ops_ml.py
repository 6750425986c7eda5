"""The few operators of the domain ai.onnx.ml that scikit-learn's exporter puts behind a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..layers.arg_max import RealArgMax
from .layout import arrange
from .ops import affine, refuse
from .value import Labels, Ref, Val

if TYPE_CHECKING:
    from .importer import Importer


DOMAINS = ("ai.onnx.ml",)


def ArrayFeatureExtractor(b: Importer, x: Labels, y: Val) -> Val:
    """Columns by constant indices; class labels by the index of the greatest score are the host's work."""
    if isinstance(x, Ref) and x.shape and isinstance(y, np.ndarray):
        return arrange(b, x, lambda a: a[..., y.reshape(-1).astype(np.int64)])
    if not isinstance(x, np.ndarray) or not isinstance(y, Ref) or not isinstance(b.ops[-1], RealArgMax):
        raise refuse(b, "it is only supported as columns, or as the class labels behind ArgMax", "leave it out")
    b.labels = tuple(label.decode() if isinstance(label, bytes) else label for label in x.reshape(-1).tolist())
    return y


def Scaler(b: Importer, x: Val, *, offset: list[float], scale: list[float]) -> Val:
    """``(x - offset) * scale``, per feature."""
    if not isinstance(x, Ref):
        raise refuse(b, "its input is a constant", "export with constant folding")
    slope = np.asarray(scale, dtype=np.float64)
    return affine(b, x, slope, -np.asarray(offset, dtype=np.float64) * slope)


def ZipMap(b: Importer, x: Val, *, classlabels_int64s: Any = None, classlabels_strings: Any = None) -> Val:
    """Probabilities as a dictionary: the same numbers."""
    return x
