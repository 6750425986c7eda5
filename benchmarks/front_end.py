"""Accuracy of the integer model against float, on whole test sets: quantised networks and post-training quantisation.

    python benchmarks/front_end.py [MODEL ...]

prints one line per model and number of bits (about four minutes for all on two cores). It needs the models and MNIST of
the folder that ``NNFPGA_DATA`` names, see tests/conftest.py.
"""

from __future__ import annotations

import argparse
import gzip
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import nnfpga

SHARED = Path(os.environ.get("NNFPGA_DATA", Path(__file__).parents[2] / "shared"))
CALIBRATION = 2000
MODELS: dict[str, tuple[tuple[int, ...], tuple[float, float], tuple[int, ...]]] = {
    # shape of a sample, mean and deviation of the normalisation, bits
    "qonnx/TFC_1W1A": ((1, 28, 28), (0.0, 1.0), (8,)),
    "qonnx/TFC_2W2A": ((1, 28, 28), (0.0, 1.0), (8,)),
    "mnist/fyh620_lenet": ((1, 28, 28), (0.1307, 0.3081), (8, 6)),
    "mnist/ccoltong_lenet5": ((1, 28, 28), (0.0, 1.0), (8, 6)),
    "mnist/mnist-8": ((1, 28, 28), (0.0, 1.0), (8, 6)),
    "mnist/cnn_max_mninst2": ((28, 28, 1), (0.0, 1.0), (8, 6)),
}


def images(name: str, shape: tuple[int, ...], mean: float, deviation: float) -> Any:
    """Images of MNIST as a model wants them."""
    raw = np.frombuffer(gzip.decompress((SHARED / "data/mnist" / name).read_bytes())[16:], np.uint8)
    return ((raw.reshape(-1, *shape) / 255 - mean) / deviation).astype(np.float32)


def main() -> int:
    """Measure the models that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", metavar="MODEL", help=", ".join(MODELS))
    options = parser.parse_args()
    labels = gzip.decompress((SHARED / "data/mnist/t10k-labels-idx1-ubyte.gz").read_bytes())[8:]
    for name in options.models or MODELS:
        shape, normal, widths = MODELS[name]
        x, test = (images(f"{part}-images-idx3-ubyte.gz", shape, *normal) for part in ("train", "t10k"))
        data = {"x": x[:CALIBRATION], "x_test": test, "y_test": np.frombuffer(labels, np.uint8)}
        for bits in widths:
            start = time.monotonic()
            design = nnfpga.compile(SHARED / f"models/{name}.onnx", data, emit="model", bits=bits)
            result, seconds = design.measured, time.monotonic() - start
            float_, fixed = result["float"]["accuracy"], result["fixed"]["accuracy"]
            print(
                f"{name} {bits} bit: float {float_:.2%}, fixed {fixed:.2%}, agreement "
                f"{result['fixed']['agreement']:.2%}, {seconds:.1f} s", flush=True,
            )  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
