"""Quantised files against the qonnx executor: every quantiser's integers end to end, the outputs, the accuracy.

    python benchmarks/quantised.py [MODEL ...]

TFC_1W1A and TFC_2W2A on all 10,000 test images of MNIST, resnet8_quant on 200 images of CIFAR-10 (a few minutes). It
needs the models and data of the folder that ``NNFPGA_DATA`` names, see tests/conftest.py, and ``pip install qonnx``
(1.0.0), which is no requirement of nnfpga: its executor is the only oracle here that shares no code with us.
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
import onnx

import nnfpga
from nnfpga.compiler.frontend import import_model, load
from nnfpga.compiler.passes import simplify
from nnfpga.fidelity import find_sites

SHARED = Path(os.environ.get("NNFPGA_DATA", Path(__file__).parents[2] / "shared"))
MODELS = {"TFC_1W1A": "qonnx", "TFC_2W2A": "qonnx", "resnet8_quant": "cifar10"}
BATCH = {"qonnx": 10_000, "cifar10": 50}
READABLE_IR_VERSION = 8  # qonnx wraps each node in a model of onnx's newest version, which ONNX Runtime may not read


def mnist() -> tuple[Any, Any]:
    """The test images and labels."""
    parts = ("images-idx3", "labels-idx1")
    raw = [gzip.decompress((SHARED / f"data/mnist/t10k-{part}-ubyte.gz").read_bytes()) for part in parts]
    return np.frombuffer(raw[0][16:], np.uint8).reshape(-1, 1, 28, 28) / 255, np.frombuffer(raw[1][8:], np.uint8)


def cifar() -> tuple[Any, Any]:
    """200 of the test images, every tenth, and their labels."""
    data = np.load(SHARED / "data/cifar10-jpeg/cifar10_jpeg_2k_2k.npz")
    return data["x_test"][::10].transpose(0, 3, 1, 2) / 255, data["y_test"][::10]


def executed(path: Path, x: Any, names: list[str]) -> dict[str, Any]:
    """Tensors of the qonnx executor for a batch."""
    from qonnx.core.modelwrapper import ModelWrapper
    from qonnx.core.onnx_exec import execute_onnx
    from qonnx.transformation.infer_shapes import InferShapes

    onnx.IR_VERSION = READABLE_IR_VERSION
    proto = load(path)
    proto.ir_version = READABLE_IR_VERSION
    held = {t.name for t in proto.graph.initializer}
    (source,) = (i for i in proto.graph.input if i.name not in held)
    for info in (source, *proto.graph.output):
        info.type.tensor_type.shape.dim[0].dim_value = len(x)
    del proto.graph.value_info[:]
    context = execute_onnx(
        ModelWrapper(proto).transform(InferShapes()), {source.name: x}, return_full_exec_context=True
    )
    return {name: context[name].reshape(len(x), -1) for name in names}


def compare(name: str) -> bool:
    """Print what a model gives; whether all integers are equal."""
    kind = MODELS[name]
    path = SHARED / "models" / kind / f"{name}.onnx"
    x, y = mnist() if kind == "qonnx" else cifar()
    x = x.astype(np.float32)
    start = time.monotonic()
    design = nnfpga.compile(path, {"x": x[:500], "x_test": x[:20], "y_test": y[:20]}, emit="model", output="scores")
    compiled = time.monotonic() - start
    imported = import_model(load(path))
    sites = {s.op.name: s for s in find_sites(simplify(imported.graph), imported.onnx_names)}
    sites = {n: s for n, s in sites.items() if n in design.graph.tensors}
    output = load(path).graph.output[0].name
    elements = different = right = 0
    worst, ours_time, theirs_time = 0.0, 0.0, 0.0
    for first in range(0, len(x), BATCH[kind]):
        part, labels = x[first : first + BATCH[kind]], y[first : first + BATCH[kind]]
        start = time.monotonic()
        reference = executed(path, part, [*(s.onnx for s in sites.values()), output])
        theirs_time += time.monotonic() - start
        start = time.monotonic()
        values = design.graph.evaluate(design.model.quantise(part), keep=list(sites))
        ours_time += time.monotonic() - start
        for site_name, site in sites.items():
            theirs = site.codes(reference[site.onnx].astype(np.float64), design.graph.tensors[site_name].shape)
            elements += theirs.size
            different += int((theirs != values[site_name]).sum())
        scores = design.predict(part).reshape(len(part), -1)
        worst = max(worst, float(np.abs(scores - reference[output]).max()))
        right += int((scores.argmax(axis=1) == labels).sum())
        agree = bool((scores.argmax(axis=1) == reference[output].argmax(axis=1)).all())
        if not agree:
            print(f"{name}: a class differs in images {first} to {first + len(part)}")
    print(
        f"{name}: {len(x)} images, {len(sites)} quantisers, {elements:,} integers, {different} differ; largest "
        f"difference of an output {worst:.3g}; accuracy {right / len(x):.2%}; compile {compiled:.1f} s, integers "
        f"{ours_time:.1f} s, qonnx {theirs_time:.1f} s", flush=True,
    )  # fmt: skip
    return different == 0


def main() -> int:
    """Compare the models that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", nargs="*", metavar="MODEL", help=", ".join(MODELS))
    equal = [compare(name) for name in parser.parse_args().models or MODELS]
    return 0 if all(equal) else 1


if __name__ == "__main__":
    sys.exit(main())
