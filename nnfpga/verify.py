"""Comparing hardware with the integer graph, bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nnfpga.compiler.exact import Ints
from nnfpga.compiler.graph import Graph
from nnfpga.rtl.beat import Edge
from nnfpga.rtl.network import Network
from nnfpga.sim.beats import Words, pack, unpack
from nnfpga.sim.compare import check
from nnfpga.sim.harness import Engine, Run, Source, simulate

__all__ = ["Measured", "beats_of", "compare_with_graph", "tensors_of", "vectors"]

STALL = 0.2  # chance per cycle that an end of the stream is not ready
TIMEOUT = 5  # times the longest expected interval without any beat


@dataclass(frozen=True)
class Measured:
    """What a comparison measured: vectors that agreed, and the cycles of an undisturbed run."""

    vectors: int
    engine: str
    latency_cycles: int | None = None
    interval_cycles: int | None = None


def vectors(graph: Graph, samples: Ints | None, count: int, seed: int) -> Ints:
    """Integer inputs to compare on: extremes and random ones of the input's lattice, the user's samples in between.

    The result is (count, elements): least, greatest, then samples as far as there are some, then random.
    """
    source = graph.inputs[0]
    number = source.number.broadcast(source.shape)
    low, high, step = (a.reshape(-1) for a in (number.low, number.high, number.step))
    rng = np.random.default_rng(seed)
    steps = np.where(step > 0, (high - low) // np.maximum(step, 1), 0)
    real = np.zeros((0, source.size), dtype=np.int64) if samples is None else samples.reshape(len(samples), -1)
    real = real[: max(count - 4, 1)]
    free = max(count - 2 - len(real), 0)
    random = low + step * rng.integers(0, steps + 1, (free, source.size))
    return np.concatenate([np.stack([low, high]), random[:2], real, random[2:]])[:count]


def beats_of(edge: Edge, values: Ints) -> Words:
    """Tensors (samples, elements) as the words of beats."""
    return pack(edge.pack(values), edge.width)


def tensors_of(edge: Edge, words: Words) -> Ints:
    """The words of beats as tensors (samples, elements)."""
    return edge.unpack(unpack(words, edge.width, edge.lanes))


def compare_with_graph(
    graph: Graph, network: Network, source: Source, x: Ints, engine: Engine, work: Path, *, cycles: float, seed: int = 1
) -> Measured:
    """Run a design on integer inputs and compare every output with the integer graph.

    All vectors run with random stalls on both ends; the first few run again undisturbed, for latency and interval.

    Parameters
    ----------
    source
        the network, or Verilog that has its streams
    x
        (samples, elements)
    cycles
        the estimated interval, which bounds how long the design may stand still

    Raises
    ------
    SimulationError
        naming the first wrong value, or how the design misbehaves.
    """
    expected = graph.evaluate(x.reshape(-1, *graph.inputs[0].shape))[graph.outputs[0]].reshape(len(x), -1)
    patience = int(TIMEOUT * cycles) + 10_000
    runs: list[Run] = []
    for part, stall, name in ((x, STALL, "stalled"), (x[:4], 0.0, "free")):
        beats = len(part) * network.o_edge.beats
        run = simulate(
            source, beats_of(network.i_edge, part), beats, engine=engine, stall_in=stall, stall_out=stall, seed=seed,
            timeout_cycles=patience, work=work / name,
        )  # fmt: skip
        check(expected[: len(part)], tensors_of(network.o_edge, run.outputs), run=run)
        runs.append(run)
    free = runs[-1]
    first_in = free.accepted.reshape(-1, network.i_edge.beats)[:, 0]
    last_out = free.delivered.reshape(-1, network.o_edge.beats)[:, -1]
    interval = int(last_out[-1] - last_out[-2]) if len(last_out) > 1 else None
    name = type(engine).__name__.removesuffix("Engine").lower()
    return Measured(len(x), name, int(last_out[0] - first_in[0]) + 1, interval)
