"""What `--max-drop` saves: estimated LUTs of an image network, and LUTs after synthesis of a dense one.

    python benchmarks/max_drop.py [lenet] [digits]

``lenet`` searches widths for ccoltong_lenet5 on 4,000 training images of MNIST and measures accuracy on all 10,000 test
images; ``digits`` compiles the digits example unrolled for an ECP5, with 8 bits and with the widths found, up to the
netlist (estimated LUTs beside synthesised ones show the cost model's error). Without names both run. MNIST and its
model are in the folder that ``NNFPGA_DATA`` names, see tests/conftest.py.
"""

from __future__ import annotations

import argparse
import gzip
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import nnfpga
from nnfpga.compiler.plan import total_cost
from nnfpga.rtl import costs

ROOT = Path(__file__).parents[1]
SHARED = Path(os.environ.get("NNFPGA_DATA", ROOT.parent / "shared"))
DIGITS = ROOT / "examples/digits"
POINTS = 0.5
IMAGES = 4000


def told(text: str) -> None:
    """Progress on stderr."""
    print(text, file=sys.stderr, flush=True)


def mnist(name: str, skip: int) -> np.ndarray:
    """The bytes of an idx file."""
    return np.frombuffer(gzip.decompress((SHARED / f"data/mnist/{name}-ubyte.gz").read_bytes())[skip:], np.uint8)


def lenet() -> None:
    """The image network: estimates, all layers unrolled."""
    model = SHARED / "models/mnist/ccoltong_lenet5.onnx"
    x, x_test = (mnist(f"{part}-images-idx3", 16).reshape(-1, 1, 28, 28) / 255 for part in ("train", "t10k"))
    y, y_test = (mnist(f"{part}-labels-idx1", 8) for part in ("train", "t10k"))
    data = {"x": x[:IMAGES], "y": y[:IMAGES], "x_test": x_test, "y_test": y_test}
    start = time.monotonic()
    design = nnfpga.compile(model, data, emit="model", max_drop=POINTS, progress=told)
    report, seconds = design.report(), time.monotonic() - start
    found, float_, fixed = report["widths"], report["float"]["accuracy"], report["fixed"]["accuracy"]
    print(
        f"ccoltong_lenet5 --max-drop {POINTS}: {found['estimated_lut']} of {found['estimated_lut_8_bits']} estimated "
        f"LUTs ({found['estimated_lut'] / found['estimated_lut_8_bits']:.1%}), {found['evaluations']} evaluations, "
        f"{seconds:.0f} s; lost {found['checked']['points']:.2f} points on {found['checked']['samples']} other samples "
        f"(at most {found['checked']['bound']:.2f}); test images: float {float_:.2%}, fixed {fixed:.2%}; "
        f"{found['layers']}", flush=True,
    )  # fmt: skip


def synthesised(model: Path, data: Any, **choices: Any) -> tuple[float, float, nnfpga.Design]:
    """Estimated and synthesised LUTs of a network, unrolled for an ECP5."""
    design = nnfpga.compile(
        model, data, device="lfe5u-85f", target="latency", emit="netlist", verify_seconds=0, samples=64, progress=told,
        **choices,
    )  # fmt: skip
    assert all(type(choice).__name__ == "Unrolled" for choice in design.plan.choices.values())
    estimate = total_cost(design.graph, design.plan, design.device, costs).lut.value
    return estimate, design.report()["resources"]["lut"], design


def digits() -> None:
    """The dense network, after synthesis."""
    model, data = DIGITS / "model.onnx", np.load(DIGITS / "data.npz")
    guess, before, plain = synthesised(model, data)
    for points in (POINTS, 1.0):
        try:
            less, after, design = synthesised(model, data, max_drop=points)
        except nnfpga.CompileError as error:
            print(f"digits --max-drop {points}: {error}", flush=True)
            continue
        accuracy = [d.report()["fixed"]["accuracy"] for d in (plain, design)]
        print(
            f"digits --max-drop {points}: synthesised {after} of {before} LUTs ({after / before:.1%}), estimated "
            f"{less:.0f} of {guess:.0f} ({less / guess:.1%}); test samples: float "
            f"{design.report()['float']['accuracy']:.2%}, 8 bits {accuracy[0]:.2%}, found {accuracy[1]:.2%}; "
            f"{design.report()['widths']['layers']}", flush=True,
        )  # fmt: skip


def main() -> int:
    """Measure what is named, or all."""
    known: dict[str, Callable[[], None]] = {"lenet": lenet, "digits": digits}
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", metavar="CASE", help=", ".join(known))
    for name in parser.parse_args().cases or known:
        known[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main())
