"""Estimates of unrolled circuits against synthesis, over a kept corpus of measured designs.

    python benchmarks/corpus.py measure [NAME ...]      synthesises and writes benchmarks/corpus.json
    python benchmarks/corpus.py                          prints estimates beside what is kept, and their errors

A design is a graph whose layers are all unrolled, pipelined for 100 MHz on an LFE5U-85F; measured are LUTs
(``LUT4 + 2 CCU2C``, what nextpnr packs but for a cell or two), carry cells and flip-flops, after this compiler's
recipe, and the cycles in simulation, where outputs are compared with the graph. Names begin with the kind; the designs
are made by seeds, so they need not be kept.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from amaranth.back import rtlil
from amaranth.hdl import UnusedElaboratable

from nnfpga.boards.devices.ecp5 import LFE5U_85F
from nnfpga.compiler.exact import Ints, fractions
from nnfpga.compiler.graph import Graph, Layer, Tensor
from nnfpga.compiler.layers.arg_max import ArgMax
from nnfpga.compiler.layers.convolution import Convolution
from nnfpga.compiler.layers.dense import Dense
from nnfpga.compiler.layers.pooling import MaxPooling
from nnfpga.compiler.layers.scalar import Scalar
from nnfpga.compiler.layers.window import Window
from nnfpga.compiler.number import Number
from nnfpga.compiler.plan import Plan, Unrolled, total_cost
from nnfpga.compiler.scalar.pieces import Line, Pieces
from nnfpga.compiler.weights import detect
from nnfpga.rtl import costs
from nnfpga.rtl.network import Network
from nnfpga.sim.choose import choose
from nnfpga.tools.recipes import RECIPES
from nnfpga.tools.yosys import synthesise
from nnfpga.verify import compare_with_graph, vectors

KEPT = Path(__file__).with_name("corpus.json")
CLOCK_MHZ = 100.0
VECTORS = 20
OPERATORS = 500  # about as many has a design
ONE, ZERO = fractions([1]), fractions([0])
BIPOLAR = Number.of(-1, 1, 2)


def source(shape: tuple[int, ...], number: Number) -> Tensor:
    """An input."""
    return Tensor("x", shape, number, ONE, ZERO)


def graph(x: Tensor, *layers: Layer) -> Graph:
    """A chain of layers."""
    return Graph((x,), layers, (layers[-1].name,))


def dense(name: str, of: str, weights: Ints) -> Dense:
    """A matrix."""
    return Dense(name, (of,), detect(weights), np.full(len(weights), ONE[0]))


def normal(rows: int, columns: int, bits: int, density: float, seed: int) -> Ints:
    """Weights that are normal, rounded so that the largest fills the bits; a share of them is zero."""
    rng = np.random.default_rng(seed)
    weights = rng.normal(size=(rows, columns))
    whole = np.rint(weights / np.abs(weights).max() * ((1 << (bits - 1)) - 1)).astype(np.int64)
    return whole * (rng.random(whole.shape) < density)


def shift_clip(x: Tensor, right: int, most: int, seed: int) -> Scalar:
    """Per channel a bias, a shift to the right and a saturation to ``0 .. most``, as behind a matrix."""
    rng, number = np.random.default_rng(seed), x.number.broadcast(x.shape)
    pieces: list[Pieces] = []
    for low, high in zip(number.low.reshape(-1), number.high.reshape(-1), strict=True):
        a, b = int(low), int(high)
        bias = int(rng.integers(-(1 << right), 1 << right))
        first, last = -bias, ((most + 1) << right) - bias
        lines = [Line(a, 0, 0, 0), Line(first, 1, bias, right), Line(last, 0, most, 0)]
        inside = [line for n, line in enumerate(lines) if line.start <= b and (n == 2 or lines[n + 1].start > a)]
        pieces.append(Pieces.of(a, b, [inside[0]._replace(start=a), *inside[1:]]))
    return Scalar(f"{x.name}_q", (x.name,), tuple(pieces), ONE)


def steps(x: Tensor, levels: int, seed: int) -> Scalar:
    """Per channel a staircase between -1 and 1 or from 0 up, at random thresholds."""
    rng, number = np.random.default_rng(seed), x.number.broadcast(x.shape)
    pieces: list[Pieces] = []
    for low, high in zip(number.low.reshape(-1), number.high.reshape(-1), strict=True):
        a, b = int(low), int(high)
        middle = (a + b) // 2 + rng.integers(-(b - a) // 6, (b - a) // 6 + 1, levels - 1)
        starts = sorted({int(v) for v in middle})
        values = (-1, 1) if levels == 2 else range(levels)
        pieces.append(Pieces.of(a, b, [Line(s, 0, v, 0) for s, v in zip([a, *starts], values, strict=False)]))
    return Scalar(f"{x.name}_q", (x.name,), tuple(pieces), ONE)


def curve(x: Tensor, levels: int) -> Scalar:
    """A sigmoid of the input's range with so many levels."""
    a, b = int(x.number.union().low), int(x.number.union().high)
    values = np.rint((levels - 1) / (1 + np.exp(-10 * (np.arange(a, b + 1) / (b - a)))))
    return Scalar(
        f"{x.name}_q", (x.name,), (Pieces.of(a, b, [Line(a + n, 0, int(v), 0) for n, v in enumerate(values)]),), ONE
    )


def designs() -> Iterator[tuple[str, Graph]]:
    """The corpus."""
    for rows, columns, bits, density, width in (
        (1, 60, 6, 1.0, 6), (4, 24, 8, 1.0, 8), (8, 16, 4, 1.0, 4), (10, 32, 6, 1.0, 6), (12, 12, 8, 1.0, 5),
        (16, 16, 8, 1.0, 6), (16, 40, 3, 1.0, 6), (32, 16, 6, 0.3, 8), (24, 30, 5, 0.5, 4), (10, 64, 6, 0.15, 4),
        (20, 20, 10, 1.0, 10), (32, 48, 6, 0.6, 4),
    ):  # fmt: skip
        x = source((columns,), Number.bits(width, rows % 8 == 0))
        name = f"dense {rows}x{columns} {bits} bit {density:.0%}, input {width} bit"
        yield name, graph(x, dense("y", "x", normal(rows, columns, bits, density, rows + columns)))
    for rows, columns, number, word in (
        (8, 32, BIPOLAR, "bipolar"), (32, 32, BIPOLAR, "bipolar"), (10, 64, BIPOLAR, "bipolar"),
        (16, 48, Number.bits(3, False), "3 bit"),
    ):  # fmt: skip
        weights = np.random.default_rng(rows).choice([-1, 1], (rows, columns))
        yield f"bipolar {rows}x{columns}, input {word}", graph(source((columns,), number), dense("y", "x", weights))
    weights = np.random.default_rng(3).choice([-1, 0, 0, 1], (24, 40))
    yield "ternary 24x40, input 3 bit", graph(source((40,), Number.bits(3, False)), dense("y", "x", weights))
    rng = np.random.default_rng(4)
    weights = rng.choice([-1, 1], (12, 20)) << rng.integers(0, 5, (12, 20))
    yield "powers of two 12x20, input 5 bit", graph(source((20,), Number.bits(5, True)), dense("y", "x", weights))
    sums = source((24,), Number.of(-2100, 3015))
    yield "scalar shift and clip to 6 bit, 24", graph(sums, shift_clip(sums, 5, 63, 0))
    yield "scalar shift and clip to 3 bit, 24", graph(sums, shift_clip(sums, 8, 7, 1))
    yield "scalar sign, 24", graph(sums, steps(sums, 2, 2))
    yield "scalar staircase of 4 levels, 24", graph(sums, steps(sums, 4, 3))
    byte = source((8,), Number.bits(8, True))
    yield "scalar sigmoid 8 to 6 bit, 8", graph(byte, curve(byte, 64))
    yield "scalar sigmoid 8 to 3 bit, 8", graph(byte, curve(byte, 8))
    window = Window((3, 3), (1, 1), (1, 1), (1, 1), (1, 1))
    image = source((4, 4, 1), Number.bits(4, False))
    kernel = np.random.default_rng(5).integers(-15, 16, (3, 3, 3, 1))
    conv = Convolution("y", ("x",), kernel, window, 1, np.full(3, ONE[0]), (4, 4, 1))
    yield "convolution 3x3 on 4x4x1 to 3, padded", graph(image, conv)
    valid = Window((3, 3), (1, 1), (0, 0), (0, 0), (1, 1))
    image = source((4, 4, 3), Number.bits(3, False))
    kernel = np.random.default_rng(6).integers(-7, 8, (3, 3, 3, 3))
    yield (
        "convolution 3x3 on 4x4x3 to 3",
        graph(image, Convolution("y", ("x",), kernel, valid, 1, np.full(3, ONE[0]), (4, 4, 3))),
    )
    wave = source((16, 1), Number.bits(8, True))
    kernel = np.random.default_rng(7).integers(-31, 32, (2, 5, 1))
    line = Window((5,), (2,), (2,), (2,), (1,))
    yield (
        "convolution 5 on 16x1 to 2, stride 2",
        graph(wave, Convolution("y", ("x",), kernel, line, 1, np.full(2, ONE[0]), (16, 1))),
    )
    pooled = source((4, 4, 4), Number.bits(6, False))
    pool = Window((2, 2), (2, 2), (0, 0), (0, 0), (1, 1))
    yield "max pool 2x2 on 4x4x4", graph(pooled, MaxPooling("y", ("x",), pool, (4, 4, 4)))
    yield "arg-max of 10, 12 bit", graph(source((10,), Number.bits(12, True)), ArgMax("y", ("x",)))
    for seed, (units, bits, width, right, most, density) in enumerate(
        (((20, 16, 5), 5, 4, 5, 15, 1.0), ((32, 12, 12, 4), 6, 8, 9, 63, 0.5), ((16, 24, 10), 3, 6, 4, 7, 1.0))
    ):
        x = source((units[0],), Number.bits(width, False))
        layers: list[Layer] = []
        last = x
        for n, (inputs, outputs) in enumerate(pairwise(units)):
            matrix = dense(f"sum{n}", last.name, normal(outputs, inputs, bits, density, 20 + seed + n))
            layers.append(matrix)
            last = matrix.infer(last)
            if n < len(units) - 2:
                scalar = shift_clip(last, right, most, seed)
                layers.append(scalar)
                last = scalar.infer(last)
        yield f"network {'-'.join(map(str, units))} {bits} bit", graph(x, *layers)
    x = source((32,), BIPOLAR)
    first = dense("sum", "x", np.random.default_rng(8).choice([-1, 1], (24, 32)))
    sign = steps(first.infer(x), 2, 9)
    second = dense("y", sign.name, np.random.default_rng(10).choice([-1, 1], (10, 24)))
    yield "network 32-24-10 bipolar", graph(x, first, sign, second, ArgMax("class", ("y",)))


def plan_of(g: Graph) -> Plan:
    """All unrolled."""
    return Plan(LFE5U_85F.name, CLOCK_MHZ, {layer.name: Unrolled() for layer in g.layers})


def measure(name: str, g: Graph) -> dict[str, int]:
    """What synthesis makes of a graph; the cycles that it takes in simulation, where every output is compared."""
    network = Network(g, plan_of(g), LFE5U_85F)
    text = rtlil.convert(network, name="network", emit_src=False)
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        cells = synthesise(text, "ecp5", "network", work / "yosys", quick=True, progress=lambda _: None).cells
        engine = choose(OPERATORS, VECTORS)
        checked = compare_with_graph(g, network, network, vectors(g, None, VECTORS, 0), engine, work / "sim", cycles=1)
    if checked.latency_cycles is None:
        raise SystemExit(f"{name}: no result in simulation")
    of = RECIPES["ecp5"].resources(cells)
    return {"lut": of["lut"], "carry": of["carry"], "ff": of["ff"], "cycles": checked.latency_cycles}


def main() -> int:
    """Measure, or compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="?", choices=["measure", "compare"], default="compare")
    parser.add_argument("names", nargs="*", help="only designs whose names begin so")
    options = parser.parse_args()
    wanted = [(n, g) for n, g in designs() if not options.names or n.startswith(tuple(options.names))]
    kept: dict[str, Any] = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    if options.what == "measure":
        for name, g in wanted:
            start = time.monotonic()
            kept[name] = measure(name, g)
            print(f"{name}: {kept[name]} ({time.monotonic() - start:.0f} s)", flush=True)
            KEPT.write_text(json.dumps(kept, indent=1) + "\n")
    compare([(name, g, kept[name]) for name, g in wanted if name in kept])
    return 0


def compare(rows: list[tuple[str, Graph, dict[str, int]]]) -> None:
    """Print estimates beside what was measured, and the errors."""
    print("| design | LUT estimated | measured | error | before the circuit | on carry chains | measured | error "
          "| FF | measured | error | cycles | measured |")  # fmt: skip
    print("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
    warnings.simplefilter("ignore", UnusedElaboratable)  # circuits are only counted
    errors: dict[str, list[float]] = {name: [] for name in ("LUT", "LUT before the circuit is made", "carry", "FF")}
    late = 0
    for name, g, row in rows:
        cost = Network(g, plan_of(g), LFE5U_85F).estimate()
        plan = total_cost(g, plan_of(g), LFE5U_85F, costs)
        pairs = ((cost.lut, row["lut"]), (plan.lut, row["lut"]), (cost.carry, 2 * row["carry"]), (cost.ff, row["ff"]))
        off = [(e.value - measured) / max(measured, e.value, 1) if not measured else e.value / measured - 1
               for e, measured in pairs]  # fmt: skip
        for of, error in zip(errors.values(), off, strict=True):
            of.append(error)
        late += round(cost.latency.value) != row["cycles"]
        print(
            f"| {name} | {cost.lut.value:.0f} | {row['lut']} | {off[0]:+.1%} | {off[1]:+.1%} | {cost.carry.value:.0f} "
            f"| {2 * row['carry']} | {off[2]:+.1%} | {cost.ff.value:.0f} | {row['ff']} | {off[3]:+.1%} "
            f"| {cost.latency.value:.0f} | {row['cycles']} |"
        )
    for of, error in errors.items():
        size = np.abs(error)
        print(f"{of}: median error {np.median(size):.1%}, nine of ten within {np.quantile(size, 0.9):.1%}, "
              f"worst {size.max():.1%}")  # fmt: skip
    print(f"{len(rows)} designs, latency wrong in {late}")


if __name__ == "__main__":
    sys.exit(main())
