"""The main job, measured: from ONNX to a checked bitstream, for the models and boards that the project promises.

    python benchmarks/main_job.py [CASE ...] [--out FOLDER]

prints one line per case and writes ``FOLDER/<case>/report.json``; without names every case runs (about 20 minutes on
two cores). ``digits-rtl`` starts with an empty cache, so that it builds the simulator, too. The MNIST cases need the
model and the idx files of MNIST: see ``NNFPGA_DATA`` in tests/conftest.py.
"""

from __future__ import annotations

import argparse
import gzip
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent
SHARED = Path(os.environ.get("NNFPGA_DATA", ROOT.parent / "shared"))
DIGITS = (ROOT / "examples/digits/model.onnx", ROOT / "examples/digits/data.npz")
CASES: dict[str, tuple[str, list[str]]] = {
    "digits-rtl": ("digits", ["--emit", "rtl"]),
    "digits-icebreaker": ("digits", ["--board", "icebreaker"]),
    "digits-icebreaker-logic": ("digits", ["--board", "icebreaker", "--no-dsp"]),
    "digits-icestick": ("digits", ["--board", "icestick"]),
    "digits-ulx3s-latency": ("digits", ["--board", "ulx3s-25f", "--target", "latency"]),
    "digits-ulx3s-area": ("digits", ["--board", "ulx3s-25f", "--target", "area"]),
    "digits-ulx3s-logic": ("digits", ["--board", "ulx3s-25f", "--target", "area", "--no-dsp"]),
    "mnist2x10-icebreaker": ("mnist2x10", ["--board", "icebreaker"]),
    "mnist2x10-ulx3s": ("mnist2x10", ["--board", "ulx3s-25f"]),
    "mnist2x5_sigmoid-icebreaker": ("mnist2x5_sigmoid", ["--board", "icebreaker"]),
}


def mnist(folder: Path) -> Path:
    """MNIST as a .npz file: 2,000 training images to calibrate on, all 10,000 test images."""
    source = SHARED / "data/mnist"

    def idx(name: str, offset: int) -> np.ndarray:
        return np.frombuffer(gzip.open(source / name).read()[offset:], np.uint8)

    train, test = idx("train-images-idx3-ubyte.gz", 16), idx("t10k-images-idx3-ubyte.gz", 16)
    path = folder / "mnist.npz"
    np.savez_compressed(
        path,
        x=(train.reshape(-1, 1, 28, 28)[:2000] / 255).astype(np.float32),
        x_test=(test.reshape(-1, 1, 28, 28) / 255).astype(np.float32),
        y_test=idx("t10k-labels-idx1-ubyte.gz", 8),
    )
    return path


def main() -> int:
    """Run the cases; 0 when all compiled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(CASES))
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "nnfpga-main-job")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    failed = 0
    for name in options.cases or CASES:
        kind, arguments = CASES[name]
        if kind == "digits":
            model, data = DIGITS
        else:
            model, data = SHARED / f"models/mnist/{kind}.onnx", mnist(options.out)
        command = [sys.executable, "-m", "nnfpga", "compile", str(model), "--data", str(data), *arguments]
        with tempfile.TemporaryDirectory() as cache:
            cold = {"NNFPGA_CACHE": cache} if name == "digits-rtl" else {}
            start = time.monotonic()
            done = subprocess.run(
                [*command, "-o", str(options.out / name)], cwd=ROOT, check=False, env={**os.environ, **cold}
            )
        failed += done.returncode != 0
        print(
            f"== {name}: {'ok' if done.returncode == 0 else 'FAILED'} in {time.monotonic() - start:.1f} s\n", flush=True
        )
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
