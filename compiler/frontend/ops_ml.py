"""The few operators of the domain ai.onnx.ml that scikit-learn's exporter puts behind a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..layers.arg_max import RealArgMax
from .ops import refuse
from .value import Ref, Val

if TYPE_CHECKING:
    from .importer import Importer


def ArrayFeatureExtractor(b: Importer, x: Val, y: Val) -> Val:
    """Class labels by the index of the greatest score: the host's work."""
    if not isinstance(x, np.ndarray) or not isinstance(y, Ref) or not isinstance(b.ops[-1], RealArgMax):
        raise refuse(b, "it is only supported as the class labels behind ArgMax", "leave it out")
    b.labels = tuple(label.decode() if isinstance(label, bytes) else label for label in x.reshape(-1).tolist())
    return y


def ZipMap(b: Importer, x: Val, *, classlabels_int64s: Any = None, classlabels_strings: Any = None) -> Val:
    """Probabilities as a dictionary: the same numbers."""
    return x
