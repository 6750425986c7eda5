"""RBF networks of 2 inputs, 4 Gaussian units and 1 sigmoid output, 16-bit ports, within an error of the float network.

    python benchmarks/rbf.py [--draws 0 1 2 3 4] [--error 0.01] [--family xc3s] [--route 1] [--seeds 3]

The network of Shymkovych, Telenyk and Kravets (2021: 1,193 LUT, 101.579 ns on Spartan-3); their centres are not known,
so networks are drawn: centres uniform in +-0.8, widths in 0.4 .. 0.8, output weights in +-2, bias in +-0.5; inputs
fixed<16,1>, in +-1. Each is read as by ``nnfpga compile --max-error``, its functions looked for on the family. LUTs are
those of the family, mapped as they are written; no multiplier, no RAM. The error is the greatest one of the circuit
against ONNX Runtime, on a grid of all 256 high bytes of both inputs, low bytes at random; ``proven`` is what the report
says that no input exceeds. The notes say how distances are written, and what the other way takes. The first ``--route``
networks are routed between registers on an LFE5U-85F, speed grade 6; delays are of the median seed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
import onnx
from amaranth.back import rtlil
from amaranth.hdl import Cat, Module, Signal
from comparison.routing import Setting, route, wrapped
from comparison.synthesis import through_ours
from onnx import TensorProto, helper, numpy_helper

from nnfpga.compiler.circuit.ir import Circuit, Range
from nnfpga.compiler.device import GENERIC, Device
from nnfpga.compiler.frontend import predict_float
from nnfpga.model import Model, read_model
from nnfpga.options import Options
from nnfpga.rtl.logic import emit, shape_of
from nnfpga.rtl.unrolled import circuit_of
from nnfpga.tools.recipes import Family
from nnfpga.tools.yosys import synthesise

UNITS, BITS = 4, 16
FAMILIES: dict[str, Family] = {"xc3s": "xc3s", "ice40": "ice40", "ecp5": "ecp5", "xc7": "xc7"}


def main() -> None:
    """Print a row per network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--draws", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--error", type=float, default=0.01)
    parser.add_argument("--family", choices=FAMILIES, default="xc3s")
    parser.add_argument("--route", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--work", type=Path, default=Path("build/rbf"))
    options = parser.parse_args()
    family = FAMILIES[options.family]
    device = replace(GENERIC, name=family, family=family)
    print(f"| network | LUTs ({family}) | error | proven | ECP5 delay, ns | s |\n|---|---|---|---|---|---|", flush=True)
    luts: list[int] = []
    for place, draw in enumerate(options.draws):
        start, work = time.monotonic(), options.work / str(draw)
        work.mkdir(parents=True, exist_ok=True)
        circuit, error, found = within(
            draw, options.error, device, work, lambda text: print(text, file=sys.stderr, flush=True)
        )
        luts.append(synthesise(rtlil_of(circuit), family, "circuit", work / family, area=True).resources["lut"])
        delay = ""
        if place < options.route:
            text = wrapped(rtlil_of(circuit), 2 * BITS, circuit.ranges[circuit.outputs[0]].width)
            through_ours(text, "ecp5", "wrapper", work / "ecp5")
            how = Setting(freq_mhz=100.0)
            runs = [1e3 / route(seed, how, work / "ecp5").mhz for seed in range(1, options.seeds + 1)]
            delay = f"{median(runs):.2f} ({', '.join(f'{ns:.2f}' for ns in runs)})"
        proven = "" if found.error is None or found.error.proven is None else f"{found.error.proven:.5f}"
        print(
            f"| {draw} | {luts[-1]} | {error:.5f} | {proven} | {delay} | {time.monotonic() - start:.0f} |", flush=True
        )
        print("\n".join(found.notes), file=sys.stderr, flush=True)
    print(f"| median | {median(luts):g} | | | | |")


def network(seed: int, path: Path) -> None:
    """An ONNX file in the spelling that exporters give."""
    rng = np.random.default_rng(seed)
    centres = rng.uniform(-0.8, 0.8, (UNITS, 2))
    inner = 1 / (2 * rng.uniform(0.4, 0.8, UNITS) ** 2)
    values = {
        "c": centres, "g": -inner, "w": rng.uniform(-2, 2, (UNITS, 1)), "b": rng.uniform(-0.5, 0.5, 1),
    }  # fmt: skip
    known = [numpy_helper.from_array(v.astype(np.float32), name) for name, v in values.items()]
    known += [numpy_helper.from_array(np.array([k], dtype=np.int64), name) for name, k in (("one", 1), ("two", 2))]
    nodes = [
        helper.make_node("Unsqueeze", ["x", "one"], ["u"]),
        helper.make_node("Sub", ["u", "c"], ["d"]),
        helper.make_node("Mul", ["d", "d"], ["q"]),
        helper.make_node("ReduceSum", ["q", "two"], ["s"], keepdims=0),
        helper.make_node("Mul", ["s", "g"], ["m"]),
        helper.make_node("Exp", ["m"], ["e"]),
        helper.make_node("Gemm", ["e", "w", "b"], ["z"]),
        helper.make_node("Sigmoid", ["z"], ["y"]),
    ]
    ends = [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", k]) for n, k in (("x", 2), ("y", 1))]
    graph = helper.make_graph(nodes, "rbf", ends[:1], ends[1:], known)
    opset = helper.make_opsetid("", 13)
    onnx.save(helper.make_model(graph, opset_imports=[opset], ir_version=8), str(path))


def within(
    seed: int, error: float, device: Device, work: Path, tell: Callable[[str], None]
) -> tuple[Circuit, float, Model]:  # fmt: skip
    """The circuit of a network, its greatest error on the grid, and the model."""
    network(seed, work / "rbf.onnx")
    x = np.random.default_rng(seed).uniform(-1, 1, (4000, 2)).astype(np.float32)
    chosen = Options(max_error=error, input_format=f"fixed<{BITS},1>", output="scores")
    model = read_model(work / "rbf.onnx", x, chosen, device, tell)
    circuit = circuit_of(model.graph, list(model.graph.layers), device)
    (work / "circuit.txt").write_text(str(circuit))
    return circuit, error_of(model, circuit), model


def error_of(model: Model, circuit: Circuit) -> float:
    """The greatest error of a circuit, which must equal the integer model there."""
    rng = np.random.default_rng(0)
    high = np.arange(-(1 << BITS - 1), 1 << BITS - 1, 1 << 8)
    grid = np.stack(np.meshgrid(high, high), axis=-1).reshape(-1, 2)
    grid = grid + rng.integers(0, 1 << 8, grid.shape)
    name, given = model.graph.outputs[0], circuit.evaluate(grid)
    if not np.array_equal(given, model.graph.evaluate(grid)[name].reshape(given.shape)):
        raise AssertionError("circuit and integer graph differ")
    expected = predict_float(model.onnx, model.scores, (grid * 2.0 ** (1 - BITS)).astype(np.float32))
    return float(np.abs(model.outside(name).real(given) - expected).max())


def rtlil_of(circuit: Circuit) -> str:
    """The circuit alone as a module ``circuit`` with the ports of the comparison's wrapper."""
    m = Module()
    clock, source = Signal(name="clk"), Signal(2 * BITS, name="model_inp")
    output = circuit.ranges[circuit.outputs[0]]
    (value,) = emit(m, circuit, [word(source[:BITS]), word(source[BITS:])], "v")
    last = Signal(shape_of(Range(output.low, output.high)), name="model_out")
    m.d.comb += last.eq(value)
    return rtlil.convert(m, ports=[clock, source, last], name="circuit", emit_src=False)


def word(bits: Signal) -> Signal:
    """Bits as a number with a sign."""
    return Cat(bits).as_signed()


if __name__ == "__main__":
    main()
