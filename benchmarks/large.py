"""The largest network that fits an LFE5U-85F fully unrolled, from ONNX to verified RTL: seconds and memory.

    python benchmarks/large.py [--hidden 72 32] [--sites] [--out FOLDER]

trains a perceptron of digits (scikit-learn, 8 bits, dense: nothing is pruned), compiles it with every layer unrolled
and prints wall and processor seconds, the peak memory of the largest process, and what the report says. ``--sites``
also synthesises the network and packs it, without placement, to see that it fits: that takes Yosys some minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from comparison.synthesis import sites, through_ours
from skl2onnx import to_onnx
from sklearn.neural_network import MLPClassifier

import nnfpga
from nnfpga.compiler.plan import Plan, Unrolled
from nnfpga.rtl.rtlil import to_rtlil

ROOT = Path(__file__).parent.parent
BOARD, CLOCK_MHZ = "ulx3s-85f", 50.0


def train(hidden: list[int], folder: Path) -> tuple[Path, Path]:
    """The files of a network and its data."""
    data = dict(np.load(ROOT / "examples/digits/data.npz"))
    network = MLPClassifier(hidden, alpha=1e-3, random_state=0, max_iter=300).fit(data["x"] / 16, data["y"])
    network.coefs_[0] /= 16
    model: Any = to_onnx(network, data["x"][:1].astype(np.float32), options={"zipmap": False}, target_opset=17)
    model.ir_version = 10
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    np.savez_compressed(folder / "data.npz", **data)
    return folder / "model.onnx", folder / "data.npz"


def packed(model: Path, data: Path, plan: Plan, folder: Path) -> int | None:
    """LUT sites of the network as nextpnr packs them."""
    design = nnfpga.compile(model, data, board=BOARD, emit="model")
    design.plan = plan
    through_ours(to_rtlil(design.component, "circuit"), "ecp5", "circuit", folder)
    return sites("ecp5", folder)


def main() -> int:
    """Train, compile, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hidden", type=int, nargs="+", default=[72, 32], help="neurons of the hidden layers")
    parser.add_argument("--sites", action="store_true", help="synthesise and pack, too")
    parser.add_argument("--out", type=Path, default=Path(tempfile.gettempdir()) / "nnfpga-large")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    model, data = train(options.hidden, options.out)
    graph = nnfpga.compile(model, data, board=BOARD, emit="model").graph
    plan = Plan("lfe5u-85f", CLOCK_MHZ, {layer.name: Unrolled() for layer in graph.layers})
    (options.out / "plan.yaml").write_text(plan.to_yaml())
    command = [sys.executable, "-m", "nnfpga", "compile", model, "--data", data, "--board", BOARD, "--emit", "rtl"]
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as cache:
        subprocess.run(
            [*command, "--plan", options.out / "plan.yaml", "-o", options.out / "build"],
            cwd=ROOT, check=True, env={**os.environ, "NNFPGA_CACHE": cache},
        )  # fmt: skip
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    report = json.loads((options.out / "build/report.json").read_text())
    print(f"== {'-'.join(map(str, [64, *options.hidden, 10]))}: {time.monotonic() - start:.0f} s", end=", ")
    print(f"{used.ru_utime + used.ru_stime:.0f} s of processors, {used.ru_maxrss / 1024**2:.2f} GB, load", end=" ")
    print(f"{os.getloadavg()[0]:.1f}, {report['exact']['rtl_vectors']} vectors ({report['exact']['rtl_engine']})")
    rtl = (options.out / "build/rtl/top.v").read_text()
    print(f"{len(re.findall('^  assign .* [-+] ', rtl, re.MULTILINE))} carry chains, {len(rtl) / 1e6:.1f} MB")
    if options.sites:
        print(f"{packed(model, data, plan, options.out / 'sites')} TRELLIS_COMB of 83,640", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
