"""Trains the model of this folder and writes model.onnx and data.npz beside itself.

Scikit-learn's digits (8x8 pixels of 0 to 16, 1,797 samples), a 64-32-10 perceptron with ReLU, exported by skl2onnx.
Run it with ``python examples/digits/train.py``; it needs scikit-learn and skl2onnx (``pip install 'nnfpga[test]'``).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx import ModelProto
from skl2onnx import to_onnx
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

HIDDEN = 32
HELD_OUT = 360
ALPHA = 3.0  # strong L2: most weights stay small, which makes the circuit smaller and costs no accuracy here
KEEP = 0.2  # share of the first matrix' weights that stay; half of the second's others stay too
PRUNING_STEPS, EPOCHS = 6, 30
IR_VERSION = 10  # what current releases of ONNX Runtime read; onnx would stamp a newer one


def main(folder: Path) -> None:
    """Train, export and save."""
    pixels, digits = map(np.asarray, load_digits(return_X_y=True))
    parts = train_test_split(pixels, digits, test_size=HELD_OUT, random_state=0, stratify=digits)
    x, x_test, y, y_test = map(np.asarray, parts)
    network = MLPClassifier((HIDDEN,), alpha=ALPHA, random_state=0, max_iter=1000).fit(x, y)
    prune(network, x, y)
    model: Any = to_onnx(network, x[:1].astype(np.float32), options={"zipmap": False}, target_opset=17)
    assert isinstance(model, ModelProto)
    model.ir_version = IR_VERSION
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    np.savez_compressed(
        folder / "data.npz",
        x=x.astype(np.uint8), y=y.astype(np.uint8), x_test=x_test.astype(np.uint8), y_test=y_test.astype(np.uint8),
    )  # fmt: skip
    print(f"accuracy on {HELD_OUT} held-out samples: {network.score(x_test, y_test):.4f}")


def prune(network: MLPClassifier, x: npt.NDArray[np.float64], y: npt.NDArray[np.int64]) -> None:
    """Set the smallest weights to zero, a few at a time, and train the others on: fewer weights are fewer adders."""
    for share in np.linspace(1.0, KEEP, PRUNING_STEPS + 1)[1:]:
        first, second = network.coefs_
        masks = [abs(w) >= np.quantile(abs(w), 1 - s) for w, s in ((first, share), (second, (1 + share) / 2))]
        for _ in range(EPOCHS):
            network.partial_fit(x, y)
            for weights, mask in zip(network.coefs_, masks, strict=True):
                weights *= mask


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
