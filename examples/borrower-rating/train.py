"""Draws the borrowers of this folder, trains the model on them, and writes model.onnx and data.npz beside itself.

The borrowers are synthetic: five quantities as a lender sees them, drawn at random, and whether the loan was paid back,
drawn with a chance that depends on them. The network has two hidden layers of three and two sigmoid neurons.
Run it with ``python examples/borrower-rating/train.py``; it needs scikit-learn and skl2onnx
(``pip install 'nnfpga[test]'``).
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from warnings import simplefilter

import numpy as np
import numpy.typing as npt
from onnx import ModelProto
from skl2onnx import to_onnx
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

Reals = npt.NDArray[np.float64]

TRAINING, HELD_OUT = 2000, 1000
STARTS = 3  # networks this small find different minima; the best on the training samples stays
ITERATIONS = 400  # fewer than lbfgs asks for: the loss has settled
IR_VERSION = 10  # what current releases of ONNX Runtime read; onnx would stamp a newer one


def borrowers(count: int, rng: np.random.Generator) -> tuple[Reals, npt.NDArray[np.int64]]:
    """Borrowers (count, 5), each quantity scaled to 0 .. 1, and 1 where one pays back.

    In this order: income, debt as a share of income, years in the same employment, late payments so far, savings.
    """
    income = rng.beta(2, 4, count)
    debt = rng.beta(2, 3, count)
    years = rng.beta(1, 2, count)
    late = rng.binomial(6, 0.05 + 0.3 * debt**2) / 6
    savings = np.clip(0.7 * income + rng.normal(0, 0.15, count), 0, 1)
    x = np.stack([income, debt, years, late, savings], axis=1).round(3)
    burden = 9 * (debt - 0.35) * (1.2 - income) - 4 * np.minimum(savings, 0.3) - 2 * np.sqrt(years) + 6 * late**0.7
    return x, (rng.random(count) < 1 / (1 + np.exp(2.5 * (burden + 0.4)))).astype(np.int64)


def main(folder: Path) -> None:
    """Draw, train, export and save."""
    rng = np.random.default_rng(0)
    x, y = borrowers(TRAINING, rng)
    x_test, y_test = borrowers(HELD_OUT, rng)
    simplefilter("ignore", ConvergenceWarning)
    networks = [
        MLPClassifier((3, 2), activation="logistic", solver="lbfgs", alpha=1e-3, random_state=seed, max_iter=ITERATIONS)
        for seed in range(STARTS)
    ]
    network = min((n.fit(x, y) for n in networks), key=lambda n: float(n.loss_))
    model: Any = to_onnx(network, x[:1].astype(np.float32), options={"zipmap": False}, target_opset=17)
    assert isinstance(model, ModelProto)
    model.ir_version = IR_VERSION
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    np.savez_compressed(
        folder / "data.npz",
        x=x.astype(np.float32), y=y.astype(np.uint8), x_test=x_test.astype(np.float32), y_test=y_test.astype(np.uint8),
    )  # fmt: skip
    print(f"accuracy on {HELD_OUT} held-out samples: {network.score(x_test, y_test):.4f}, {y_test.mean():.4f} pay back")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
