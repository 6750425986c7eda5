"""A network's last matrix with an arg-max behind it: scores as the matrix gives them, and without what all rows share.

    NNFPGA_DATA=... python benchmarks/classes.py [mlp_a] [bnn_d] [cancer_e] [--family ecp5 xc7 ice40] [--work FOLDER]

The combinational circuits of the last matrix, its biases and the arg-max, mapped by this compiler's recipe; both give
the same classes for random inputs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from comparison.cases import CASES
from comparison.combinational import logic_of

from nnfpga.boards.devices import HX1K, LFE5U_85F, XC7A35T
from nnfpga.compiler.circuit.ir import Builder, Circuit
from nnfpga.compiler.device import Device
from nnfpga.compiler.graph import Graph
from nnfpga.compiler.layers.arg_max import ArgMax
from nnfpga.compiler.layers.dense import Dense
from nnfpga.rtl.unrolled import circuit_of, optimised
from nnfpga.tools.recipes import Family
from nnfpga.tools.yosys import synthesise

CHIPS: dict[Family, Device] = {"ecp5": LFE5U_85F, "xc7": XC7A35T, "ice40": HX1K}
SAMPLES = 1000


def decision(case: str) -> Graph:
    """The last matrix of a case and what follows it, with an arg-max."""
    graph = CASES[case].read().graph
    at = max(n for n, layer in enumerate(graph.layers) if isinstance(layer, Dense))
    x = graph.tensors[graph.layers[at].inputs[0]]
    layers = (*graph.layers[at:], ArgMax("class", (graph.outputs[0],)))
    return Graph((replace(x),), layers, ("class",))


def as_given(graph: Graph, device: Device) -> Circuit:
    """Each layer by itself."""
    builder = Builder(tuple(graph.inputs[0].number.elements(graph.inputs[0].shape)))
    values = builder.start()
    for layer in graph.layers:
        values = layer.expand(builder, values)
    return optimised(builder.finish(values), device)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", default=["mlp_a", "bnn_d", "cancer_e"])
    parser.add_argument("--family", nargs="+", default=[*CHIPS], choices=[*CHIPS])
    parser.add_argument("--work", type=Path, help="keep netlists and logs here")
    options = parser.parse_args()
    print("| last layer of | family | scores as given | without what rows share | ratio |")
    print("|---|---|---|---|---|")
    for case in options.cases:
        graph = decision(case)
        number, rng = graph.inputs[0].number.broadcast(graph.inputs[0].shape), np.random.default_rng(0)
        low, step = number.low.astype(np.int64), number.step.astype(np.int64)
        most = (number.high.astype(np.int64) - low) // np.maximum(step, 1)
        x = low + step * rng.integers(0, most + 1, (SAMPLES, *low.shape))
        for family in options.family:
            luts: list[int] = []
            for name, make in (("given", as_given), ("less", lambda g, chip: circuit_of(g, list(g.layers), chip))):
                circuit = make(graph, CHIPS[family])
                if (circuit.evaluate(x) != graph.evaluate(x)["class"]).any():
                    raise SystemExit(f"{case}: the circuit differs from the graph")
                with tempfile.TemporaryDirectory() as folder:
                    work = (options.work or Path(folder)) / f"{case}-{family}-{name}"
                    made = synthesise(logic_of(circuit), family, "circuit", work, quick=True, progress=lambda _: None)
                luts.append(made.resources["lut"])
            print(f"| {case} | {family} | {luts[0]} | {luts[1]} | {luts[1] / luts[0]:.3f} |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
