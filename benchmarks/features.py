"""Networks and support vectors of scikit-learn on raw features of very different size, behind a StandardScaler: float
and 8 bit accuracy; with --board also what they take there, folded.

    python benchmarks/features.py [--board icebreaker]
"""

from __future__ import annotations

import argparse
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
from sklearn.svm import SVC

import nnfpga

CASES = [
    ("wine", load_wine, MLPClassifier((16,), max_iter=1000, random_state=0)),
    ("breast cancer", load_breast_cancer, MLPClassifier((16,), max_iter=1000, random_state=0)),
    ("iris", load_iris, MLPClassifier((16,), max_iter=1000, random_state=0)),
    ("breast cancer", load_breast_cancer, SVC()),
]


def main() -> None:
    """Print a row per case: a third of the samples held out, the network trained and calibrated on the rest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--board")
    board = parser.parse_args().board
    warnings.simplefilter("ignore")
    print("| data | classifier | features | samples held out | float | 8 bit | LUT | RAM | blocks | MHz |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for name, load, classifier in CASES:
        x, y = load(return_X_y=True)
        x = x.astype(np.float32)
        train, test, y_train, y_test = train_test_split(x, y, test_size=1 / 3, random_state=0, stratify=y)
        network = make_pipeline(StandardScaler(), classifier)
        network.fit(train, y_train)
        with TemporaryDirectory() as folder:
            path = Path(folder) / "model.onnx"
            path.write_bytes(to_onnx(network, x[:1]).SerializeToString())
            data = {"x": train, "y": y_train, "x_test": test, "y_test": y_test}
            emit = "model" if board is None else "bitstream"
            report = nnfpga.compile(path, data, emit=emit, board=board, output="class").report()
        cells = [name, type(classifier).__name__, x.shape[1], len(test)]
        cells += [f"{report[kind]['accuracy']:.2%}" for kind in ("float", "fixed")]
        cells += [report.get("resources", {}).get(kind, "") for kind in ("lut", "bram", "dsp")]
        cells += [f"{report['fmax_mhz']:.1f}" if "fmax_mhz" in report else ""]
        print(f"| {' | '.join(map(str, cells))} |", flush=True)


if __name__ == "__main__":
    main()
