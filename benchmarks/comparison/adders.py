"""Adder graphs of random matrices: this compiler against da4ml with its default options, both warm."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from nnfpga.compiler.circuit.adders import multiply
from nnfpga.compiler.circuit.ir import Add, Builder, Range
from nnfpga.compiler.exact import Ints
from nnfpga.compiler.number import Number

from .ours import depth
from .peer import installed

__all__ = ["table"]

SIZES = {16: 4, 32: 2, 64: 1, 128: 1}
"""Side of the matrix, and how many seeds (0, 1, ...)."""
PEER_LARGEST = 64  # da4ml takes minutes beyond
INPUT = Number.of(-128, 127)


class Figures(NamedTuple):
    """What a product costs; ``bits`` are the widths of all sums, without the zeros at their ends."""

    adders: int
    bits: int
    depth: int
    cpu: float
    wall: float


def measured(solve: Callable[[], tuple[int, int, int]]) -> Figures:
    """The result of a solver with the time it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = solve()
    return Figures(*result, time.process_time() - cpu, time.perf_counter() - wall)


def ours(matrix: Ints) -> tuple[int, int, int]:
    """Adders, bits and depth of this compiler's circuit, which is checked on random inputs."""
    builder = Builder((INPUT,) * matrix.shape[1])
    circuit = builder.finish(multiply(builder, builder.start(), matrix))
    x = np.random.default_rng(0).integers(-128, 128, (16, matrix.shape[1]))
    assert np.array_equal(circuit.evaluate(x), x @ matrix.T)
    sums = [i for i, node in enumerate(circuit.nodes) if isinstance(node, Add)]
    return len(sums), sum(circuit.ranges[i].width - circuit.ranges[i].zeros for i in sums), depth(circuit)


def peer(matrix: Ints) -> tuple[int, int, int]:
    """The same of da4ml's."""
    from da4ml.cmvm import solve

    kernel = np.ascontiguousarray(matrix.T, np.float32)  # it reads the buffer whatever the strides
    pipeline = solve(kernel, qintervals=[(-128.0, 127.0, 1.0)] * matrix.shape[1])
    assert np.array_equal(pipeline.kernel, kernel)
    sums = [op.qint for stage in pipeline.solutions for op in stage.ops if op.opcode in (0, 1)]
    bits = sum(Range(int(q.min / q.step), int(q.max / q.step)).width for q in sums)
    return len(sums), bits, int(max(pipeline.out_latencies))


def table(sides: list[int]) -> None:
    """Print the table for matrices of these sides, or the usual ones."""
    sizes = {n: SIZES.get(n, 1) for n in sides} or SIZES
    tools = {"ours": ours}
    if installed():
        tools["da4ml"] = peer
    warm = np.random.default_rng(0).integers(-128, 128, (12, 12))
    for solve in tools.values():
        solve(warm)
    print("| matrix | seed | tool | adders | ours to it | bits | depth | CPU s | wall s |")
    print("|---|---|---|---|---|---|---|---|---|")
    for n, seeds in sizes.items():
        for seed in range(seeds):
            matrix = np.random.default_rng(seed).integers(-128, 128, (n, n))
            first: Figures | None = None
            for name, solve in tools.items():
                if solve is peer and n > PEER_LARGEST:
                    continue
                f = measured(lambda solve=solve, matrix=matrix: solve(matrix))
                first = first or f
                ratio = f"{first.adders / f.adders:.3f}"
                print(
                    f"| {n}x{n} | {seed} | {name} | {f.adders} | {ratio} | {f.bits} | {f.depth} "
                    f"| {f.cpu:.2f} | {f.wall:.2f} |",
                    flush=True,
                )
