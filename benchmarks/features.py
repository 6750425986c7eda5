"""Networks of scikit-learn on raw features of very different size, behind a StandardScaler: float and 8 bit accuracy.

    python benchmarks/features.py
"""

from __future__ import annotations

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from skl2onnx import to_onnx
from sklearn.datasets import load_breast_cancer, load_iris, load_wine
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import nnfpga

SETS = {"wine": load_wine, "breast cancer": load_breast_cancer, "iris": load_iris}


def main() -> None:
    """Print a row per data set: a third of the samples held out, the network trained and calibrated on the rest."""
    warnings.simplefilter("ignore")
    print("| data | features | samples held out | float | 8 bit |")
    print("|---|---|---|---|---|")
    for name, load in SETS.items():
        x, y = load(return_X_y=True)
        x = x.astype(np.float32)
        train, test, y_train, y_test = train_test_split(x, y, test_size=1 / 3, random_state=0, stratify=y)
        network = make_pipeline(StandardScaler(), MLPClassifier((16,), max_iter=1000, random_state=0))
        network.fit(train, y_train)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "model.onnx"
            path.write_bytes(to_onnx(network, x[:1]).SerializeToString())
            data = {"x": train, "y": y_train, "x_test": test, "y_test": y_test}
            report = nnfpga.compile(path, data, emit="model", output="class").report()
        accuracy = (f"{report[kind]['accuracy']:.2%}" for kind in ("float", "fixed"))
        print(f"| {name} | {x.shape[1]} | {len(test)} | {' | '.join(accuracy)} |", flush=True)


if __name__ == "__main__":
    main()
