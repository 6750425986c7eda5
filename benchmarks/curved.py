"""Networks with curved functions, unrolled: LUTs with tables, with units, and with units that may be a little off.

    python benchmarks/curved.py [torch_curved] [wine] [--families ecp5,xc7] [--curve-error 0,1]

``torch_curved`` is of ``tests/models``; ``wine`` (13-12-3, sigmoid) is trained here with scikit-learn. The logic
alone is mapped, without registers, LUTs as they are written. The error is the greatest one of an output against
the float model.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
from amaranth.back import rtlil
from amaranth.hdl import Module, Signal
from onnx import TensorProto, helper, numpy_helper
from sklearn.datasets import load_wine
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

from nnfpga.boards.devices import LFE5U_25F, XC7A35T
from nnfpga.compiler.circuit.ir import Circuit, Range
from nnfpga.compiler.device import Device
from nnfpga.model import accuracy, read_model
from nnfpga.options import Options
from nnfpga.rtl.logic import emit, shape_of
from nnfpga.rtl.unrolled import circuit_of
from nnfpga.tools.recipes import Family
from nnfpga.tools.yosys import synthesise
from nnfpga.units import NetworkUnits

MODELS = Path(__file__).parents[1] / "tests/models"
DEVICES: dict[Family, Device] = {"ecp5": LFE5U_25F, "xc7": XC7A35T}
VECTORS = 300


def main() -> None:
    """Print a row per network, family and way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("networks", nargs="*", default=["torch_curved", "wine"])
    parser.add_argument("--families", default="ecp5,xc7")
    parser.add_argument("--curve-error", default="0,1")
    options = parser.parse_args()
    print("| network | family | functions as | LUTs | greatest error | class as float | s |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for name in options.networks:
        with TemporaryDirectory() as folder:
            model, data = (
                wine(Path(folder)) if name == "wine" else (f"{MODELS / name}_torchscript.onnx", MODELS / f"{name}.npz")
            )
            for family, device in DEVICES.items():
                if family in options.families.split(","):
                    rows(name, family, device, model, data, [int(e) for e in options.curve_error.split(",")])


def rows(name: str, family: Family, device: Device, model: Any, data: Any, errors: list[int]) -> None:
    """The rows of a network on a family."""
    for error in errors:
        start = time.monotonic()
        read = read_model(model, data, Options(output="scores", curve_error=error), device, silent)
        for units in (None, NetworkUnits.of(device, silent)) if error == 0 else (NetworkUnits.of(device, silent),):
            layers = list(read.graph.layers)
            circuit = circuit_of(read.graph, layers, device, units=units)
            source = read.graph.inputs[0]
            x = np.random.default_rng(0).integers(
                source.number.low.min(), source.number.high.max() + 1, (VECTORS, source.size)
            )
            expected = read.graph.evaluate(x.reshape(-1, *source.shape))[layers[-1].name].reshape(len(x), -1)
            if not np.array_equal(circuit.evaluate(x), expected):
                raise SystemExit(f"{name}: the circuit differs from the graph")
            with TemporaryDirectory() as work:
                luts = synthesise(rtlil_of(circuit), family, "top", Path(work), area=True, progress=silent).resources[
                    "lut"
                ]
            way = "tables" if units is None else "units" if error == 0 else f"units, {error} off at most"
            fixed = accuracy(read)["fixed"]
            print(f"| {name} | {family} | {way} | {luts} | {fixed['max_abs_error']:.5f} | {fixed['agreement']:.2%} | "
                  f"{time.monotonic() - start:.0f} |", flush=True)  # fmt: skip


def silent(_: str) -> None:
    """Tell nobody."""


def rtlil_of(circuit: Circuit) -> str:
    """A circuit as RTLIL, its inputs and outputs as ports."""
    m = Module()
    inputs = [Signal(shape_of(Range.of(n)), name=f"x{i}") for i, n in enumerate(circuit.inputs)]
    outputs: list[Signal] = []
    for i, value in enumerate(emit(m, circuit, [*inputs], "v")):
        outputs.append(Signal(value.shape(), name=f"y{i}"))
        m.d.comb += outputs[-1].eq(value)
    return rtlil.convert(m, ports=[*inputs, *outputs], name="top", emit_src=False)


def wine(folder: Path) -> tuple[Path, Path]:
    """A network for scikit-learn's wines, and their data."""
    x, y = load_wine(return_X_y=True)
    x = StandardScaler().fit_transform(x).astype(np.float32)
    net: Any = MLPClassifier((12,), activation="logistic", max_iter=3000, random_state=0, solver="lbfgs").fit(x, y)
    arrays = [a.astype(np.float32) for pair in zip(net.coefs_, net.intercepts_, strict=True) for a in pair]
    nodes = [
        helper.make_node("Gemm", ["x", "w0", "b0"], ["h"]),
        helper.make_node("Sigmoid", ["h"], ["s"]),
        helper.make_node("Gemm", ["s", "w1", "b1"], ["y"]),
    ]
    names = [numpy_helper.from_array(a, n) for a, n in zip(arrays, ("w0", "b0", "w1", "b1"), strict=True)]
    ports = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [None, size]) for n, size in (("x", 13), ("y", 3))]
    graph = helper.make_graph(nodes, "wine", ports[:1], ports[1:], names)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, folder / "wine.onnx")
    np.savez(folder / "wine.npz", x=x, y=y)
    return folder / "wine.onnx", folder / "wine.npz"


if __name__ == "__main__":
    main()
