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
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nnfpga.compiler.frontend import predict_float
from nnfpga.model import accuracy, read_model
from nnfpga.options import Options

SHARED = Path(os.environ.get("NNFPGA_DATA", Path(__file__).parents[2] / "shared"))
CALIBRATION = 2000


@dataclass(frozen=True)
class Case:
    """What a model wants, and how it is measured: the shape of a sample, the pixels' affine function, widths."""

    load: Callable[[], dict[str, Any]]
    bits: tuple[int, ...]


def mnist(shape: tuple[int, ...], mean: float = 0.0, deviation: float = 1.0) -> Callable[[], dict[str, Any]]:
    """2,000 training images of MNIST and all 10,000 test images, scaled to 0..1 and normalised."""

    def load() -> dict[str, Any]:
        def read(name: str, skip: int) -> Any:
            file = SHARED / f"data/mnist/{name}-ubyte.gz"
            return np.frombuffer(gzip.decompress(file.read_bytes())[skip:], np.uint8)

        x, test = (
            ((read(f"{part}-images-idx3", 16).reshape(-1, *shape) / 255 - mean) / deviation).astype(np.float32)
            for part in ("train", "t10k")
        )
        return {"x": x[:CALIBRATION], "x_test": test, "y_test": read("t10k-labels-idx1", 8)}

    return load


def cifar10() -> dict[str, Any]:
    """2,000 training and 2,000 test images of CIFAR-10 (lossy copies), channels first, 0..255."""
    with np.load(SHARED / "data/cifar10-jpeg/cifar10_jpeg_2k_2k.npz") as file:
        x, test = (np.moveaxis(file[name], -1, 1).astype(np.float32) for name in ("x_train", "x_test"))
        return {"x": x, "x_test": test, "y_test": file["y_test"]}


def noise() -> dict[str, Any]:
    """Normally distributed inputs where there is no data: 2,000 to calibrate, 2,000 others to compare outputs."""
    x = np.random.default_rng(1).normal(size=(2 * CALIBRATION, 640)).astype(np.float32)
    return {"x": x[:CALIBRATION], "x_test": x[CALIBRATION:]}


MODELS: dict[str, Case] = {
    "qonnx/TFC_1W1A": Case(mnist((1, 28, 28)), (8,)),
    "qonnx/TFC_2W2A": Case(mnist((1, 28, 28)), (8,)),
    "mnist/fyh620_lenet": Case(mnist((1, 28, 28), 0.1307, 0.3081), (8, 6)),
    "mnist/ccoltong_lenet5": Case(mnist((1, 28, 28)), (8, 6)),
    "mnist/mnist-8": Case(mnist((1, 28, 28)), (8, 6)),
    "mnist/cnn_max_mninst2": Case(mnist((28, 28, 1)), (8, 6)),
    "mlperf-tiny/resnet_ic": Case(cifar10, (8, 6)),
    "mlperf-tiny/ad01": Case(noise, (8, 6)),
}


def measure(name: str, data: dict[str, Any], **choices: Any) -> str:
    """A line on one model and choice."""
    start = time.monotonic()
    model = read_model(SHARED / f"models/{name}.onnx", data, Options().updated(choices))
    made = time.monotonic() - start
    result = accuracy(model)
    seconds = time.monotonic() - start - made
    fixed, parts = result["fixed"], [f"{made:.1f} s, test {seconds:.1f} s"]
    if "agreement" in fixed:
        parts.insert(0, f"agreement {fixed['agreement']:.2%}")
    if "accuracy" in fixed:
        parts.insert(0, f"float {result['float']['accuracy']:.2%}, fixed {fixed['accuracy']:.2%}")
    else:
        reference = predict_float(model.onnx, model.scores, data["x_test"])
        output = model.graph.outputs[0]
        ours = model.result.real(model.graph.evaluate(model.quantise(data["x_test"]))[output])
        error = np.sqrt(np.square(ours.reshape(reference.shape) - reference).mean() / np.square(reference).mean())
        parts.insert(0, f"error {error:.2%} of the outputs (rms)")
    return ", ".join(parts)


def main() -> int:
    """Measure the models that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", metavar="MODEL", help=", ".join(MODELS))
    parser.add_argument("--bits", type=int, nargs="*", help="widths in place of each model's own")
    parser.add_argument("--calibration", nargs="*", default=["mse"], help="minmax, percentile, mse")
    options = parser.parse_args()
    for name in options.models or MODELS:
        data = MODELS[name].load()
        for bits in options.bits or MODELS[name].bits:
            for ranges in options.calibration:
                print(f"{name} {bits} bit {ranges}: {measure(name, data, bits=bits, calibration=ranges)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
