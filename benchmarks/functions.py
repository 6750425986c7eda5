"""Function units: LUTs after mapping by family, the greatest error over all inputs, seconds.

    python benchmarks/functions.py [--families xc3s,ice40,ecp5,xc7] [--effort 1] [--seed 1] [--only gaussian]
        [--route 3]

Results are taken from nnfpga's cache where they are there; seconds are those of this run. The plain table is mapped by
Yosys beside them where it has at most 10 input bits. ``--route N`` places and routes the units for ECP5 with N seeds,
between registers, and prints the median of the delays: LUTs as they are written, and by abc9.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from amaranth.back import rtlil
from comparison.delays import delays

from nnfpga.compiler.circuit.ir import Circuit
from nnfpga.functions import Asked, Made, make
from nnfpga.rtl.unit import Unit
from nnfpga.tools.yosys import synthesise

UNITS: dict[str, tuple[str, str, str | None, str | None]] = {
    "gaussian, 16 bit": ("exp(-x**2)", "fixed<16,3>", None, "0.005"),
    "gaussian, 16 bit, fine": ("exp(-x**2)", "fixed<16,3>", None, "0.001"),
    "sigmoid, 16 bit": ("sigmoid(x)", "fixed<16,4>", None, "0.0039"),
    "sigmoid, 16 bit, coarse": ("sigmoid(x)", "fixed<16,4>", None, "0.0077"),
    "sigmoid, 7 bit": ("sigmoid(x)", "fixed<7,4>", None, "0.0039"),
    "sigmoid, 7 bit, coarse": ("sigmoid(x)", "fixed<7,4>", None, "0.0077"),
    "root, 16 bit": ("sqrt(x)", "ufixed<16,0>", None, "0.001"),
    "logarithm, 16 bit": ("log(x+1/65536)", "ufixed<16,0>", None, "0.001"),
    "exact root, 16 bit": ("sqrt(x)", "ufixed<16,0>", "ufixed<16,0>", None),
    "exact root, 12 bit": ("sqrt(x)", "ufixed<12,12>", "ufixed<7,7>", None),
    "exact sigmoid": ("sigmoid(x)", "fixed<8,4>", "ufixed<8,0>", None),
    "exact tanh": ("tanh(x)", "fixed<8,3>", "fixed<8,1>", None),
    "exact gelu": ("gelu(x)", "fixed<8,4>", "fixed<8,4>", None),
}


def main() -> None:
    """Print a row per unit and family."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", default="xc3s,ice40,ecp5,xc7")
    parser.add_argument("--effort", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="units whose name begins so")
    parser.add_argument("--route", type=int, default=0, metavar="SEEDS", help="the routed delay on ECP5, too")
    options = parser.parse_args()
    print("| unit | in | out | error | greatest | family | LUTs | carries | plain table | ns | s |")
    print("|---|---|---|---|---|---|---|---|---|---|---|", flush=True)
    for name, (text, given, result, error) in UNITS.items():
        for family in options.families.split(",") if name.startswith(options.only) else ():
            start = time.monotonic()
            made = make(Asked(text, given, result, error, family, options.seed, options.effort))
            seconds = time.monotonic() - start
            delay = routed(made, options.route) if family == "ecp5" and options.route else ""
            print(row(name, made.report, delay, seconds), flush=True)


def routed(made: Made, seeds: int) -> str:
    """The median delay of a unit, in nanoseconds: LUTs as they are written, then by abc9, and how many these are."""
    circuit = Circuit.parse(made.circuit)
    with TemporaryDirectory() as work:
        found = [median(delays(circuit, Path(work, str(area)), seeds, area)) for area in (True, False)]
        text = rtlil.convert(Unit(circuit), name="unit", emit_src=False)
        luts = synthesise(text, "ecp5", "unit", Path(work, "unit"), progress=lambda _: None).resources["lut"]
    return f"{found[0]:.2f}; abc9: {found[1]:.2f} with {luts} LUTs"


def row(name: str, report: dict[str, Any], delay: str, seconds: float) -> str:
    """A row of the table."""
    plain = [c["lut"] for c in report["candidates"] if c["estimate"] is None]
    cells = [
        f"{name}: `{report['function']}`",
        report["input"],
        report["output"],
        report["error"] or "nearest",
        f"{report['greatest_error']:.5f}",
        report["family"],
        report["resources"]["lut"],
        report["resources"]["carry"],
        plain[0] if plain else "",
        delay,
        f"{seconds:.0f}",
    ]
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    main()
