"""Fits the estimate of unrolled matrices (``rtl/unrolled_cost.py``) to circuits that are made and counted.

    python benchmarks/fit_matrices.py [--count 70] [--seed 0]

Random matrices of 1 to 32 rows, 8 to 100 columns, 2 to 8 bits, of which all, half or a quarter of the weights are not
zero, times vectors of 1 to 8 bits; convolutions whose positions share sums. Each becomes a circuit, which is counted as
for an LFE5U-85F (``rtl/circuit_cost.py``). Prints the constants, by least squares of the logarithms, and the errors
that they leave beside those of the constants in the file.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator

import numpy as np

from nnfpga.boards.devices.ecp5 import LFE5U_85F
from nnfpga.compiler.exact import fractions
from nnfpga.compiler.graph import Layer, Tensor
from nnfpga.compiler.layers.convolution import Convolution
from nnfpga.compiler.layers.dense import Dense
from nnfpga.compiler.layers.window import Window
from nnfpga.compiler.number import Number
from nnfpga.compiler.weights import detect
from nnfpga.rtl.unrolled_cost import DIGITS, Features, estimate, expanded, features, widths

ONE, ZERO = fractions([1]), fractions([0])
LARGEST = 12_000


def source(shape: tuple[int, ...], bits: int) -> Tensor:
    """An unsigned input."""
    return Tensor("x", shape, Number.bits(bits, False), ONE, ZERO)


def matrices(rng: np.random.Generator) -> Iterator[tuple[Dense, Tensor]]:
    """Random matrices, without end."""
    while True:
        rows, columns = (
            int(rng.choice(sizes)) for sizes in ([1, 2, 4, 8, 12, 16, 24, 32], [8, 12, 16, 24, 32, 64, 100])
        )
        bits, width, density = int(rng.integers(2, 9)), int(rng.integers(1, 9)), float(rng.choice([0.25, 0.5, 1, 1]))
        if rows * columns * bits > LARGEST:
            continue
        real = rng.normal(size=(rows, columns)) if rng.random() < 0.5 else rng.uniform(-1, 1, (rows, columns))
        weights = np.rint(real / np.abs(real).max() * ((1 << (bits - 1)) - 1)).astype(np.int64)
        weights *= rng.random(weights.shape) < density
        if np.abs(weights).any(axis=1).all() and np.count_nonzero(weights) > 2 * rows:
            yield Dense("y", ("x",), detect(weights), np.full(rows, ONE[0])), source((columns,), width)


def convolutions(rng: np.random.Generator) -> Iterator[tuple[Convolution, Tensor]]:
    """Random convolutions of overlapping windows on small images, without end."""
    while True:
        side, kernel, pad = int(rng.integers(4, 7)), int(rng.integers(2, 4)), int(rng.integers(0, 2))
        channels, outputs = int(rng.integers(1, 4)), int(rng.choice([1, 2, 4, 6]))
        weights = rng.normal(size=(outputs, kernel, kernel, channels))
        weights = np.rint(weights / np.abs(weights).max() * ((1 << int(rng.integers(2, 7))) - 1)).astype(np.int64)
        window = Window((kernel, kernel), (1, int(rng.integers(1, 3))), (pad, pad), (pad, pad), (1, 1))
        layer = Convolution("y", ("x",), weights, window, 1, np.full(outputs, ONE[0]), (side, side, channels))
        yield layer, source((side, side, channels), int(rng.integers(1, 7)))


def summary(errors: list[float]) -> str:
    """Median, nine of ten, worst."""
    size = np.abs(errors)
    return f"median {np.median(size):.1%}, nine of ten {np.quantile(size, 0.9):.1%}, worst {size.max():.1%}"


def errors(pairs: list[tuple[Layer, Tensor]], made: list[float]) -> list[float]:
    """Of the estimates."""
    return [estimate(layer, LFE5U_85F, x).lut.value / lut - 1 for (layer, x), lut in zip(pairs, made, strict=True)]


def main() -> int:
    """Fit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=70, help="matrices; half as many convolutions")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)
    dense = [pair for pair, _ in zip(matrices(rng), range(options.count), strict=False)]
    made = [expanded(layer, LFE5U_85F, x).lut.value for layer, x in dense]
    rows: list[Features] = []
    for layer, x in dense:
        found = features(layer.weights.to_dense(), widths(x.number.broadcast(x.shape)), np.ones(x.size))
        assert found is not None
        rows.append(found)
    table = np.array([[1.0, *np.log([f.additions, f.width + DIGITS * f.digits, f.density])] for f in rows])
    solution, *_ = np.linalg.lstsq(table, np.log(made), rcond=None)
    print("FACTOR, SIZE, WIDTH, DENSITY =", ", ".join(f"{v:.3f}" for v in [np.exp(solution[0]), *solution[1:]]))
    print("their errors:", summary(list(np.exp(table @ solution) / made - 1)))
    print("errors of the constants in the file:", summary(errors([*dense], made)))
    images = [pair for pair, _ in zip(convolutions(rng), range(options.count // 2), strict=False)]
    made = [expanded(layer, LFE5U_85F, x).lut.value for layer, x in images]
    wrong = errors([*images], made)
    print(f"convolutions: OVERLAP is to be multiplied with {np.exp(-np.mean(np.log(np.add(wrong, 1)))):.3f}")
    print("errors of the constants in the file:", summary(wrong))
    return 0


if __name__ == "__main__":
    sys.exit(main())
