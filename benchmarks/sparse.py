"""A network of neurons with few inputs: truth tables against adders.

    python benchmarks/sparse.py [--family ecp5 xc7 ice40] [--work FOLDER]

``networks/digits_g`` (trained by ``networks/train.py``): 64-256-128-10, each hidden neuron reads four others of 2 bits.
Its combinational circuit with the choice between both, as compiled networks have it, and with adders alone; both give
the stored outputs on the test rows, and are mapped by this compiler's recipe. LUTs as Yosys counts them, and estimated.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from comparison.cases import own
from comparison.combinational import logic_of

from nnfpga.boards.devices import HX1K, LFE5U_85F, XC7A35T
from nnfpga.compiler.circuit.ir import Logic
from nnfpga.compiler.device import Device
from nnfpga.rtl.circuit_cost import circuit_cost
from nnfpga.rtl.unrolled import circuit_of, expanded, optimised
from nnfpga.tools.recipes import Family
from nnfpga.tools.yosys import synthesise

CHIPS: dict[Family, Device] = {"ecp5": LFE5U_85F, "ice40": HX1K, "xc7": XC7A35T}


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--family", nargs="+", default=[*CHIPS], choices=[*CHIPS])
    parser.add_argument("--work", type=Path, help="keep netlists and logs here")
    options = parser.parse_args()
    problem = own("digits_g", "ufixed<2,2>").read()
    layers = list(problem.graph.layers)
    print("| family | circuit | LUT | estimated | carry cells | functions of bits | CPU s |")
    print("|---|---|---|---|---|---|---|")
    for family in options.family:
        chip = CHIPS[family]
        for name, make in (
            ("adders", lambda chip=chip: optimised(expanded(problem.graph, layers), chip)),
            ("adders or tables", lambda chip=chip: circuit_of(problem.graph, layers, chip)),
        ):
            start = time.process_time()
            circuit = make()
            seconds = time.process_time() - start
            if (circuit.evaluate(problem.x) != problem.y).any():
                raise SystemExit(f"{name}: the circuit differs from the graph")
            with tempfile.TemporaryDirectory() as folder:
                work = (options.work or Path(folder)) / f"{family}-{name.replace(' ', '-')}"
                made = synthesise(logic_of(circuit), family, "circuit", work, quick=True, progress=lambda _: None)
            functions = sum(isinstance(node, Logic) for node in circuit.nodes)
            print(
                f"| {family} | {name} | {made.resources['lut']} | {circuit_cost(circuit, chip).lut.value:.0f} "
                f"| {made.resources['carry']} | {functions} | {seconds:.1f} |",
                flush=True,
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
