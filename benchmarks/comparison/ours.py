"""This compiler: every layer unrolled, pipelined for a clock; the stream's handshake is tied so that it always runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from amaranth.back import rtlil
from amaranth.hdl import ClockDomain, Module, Signal

from nnfpga.boards.devices import ecp5
from nnfpga.compiler.circuit.ir import Add, Circuit
from nnfpga.compiler.plan import Plan, Unrolled
from nnfpga.rtl.island import Island
from nnfpga.rtl.network import Network

from .cases import CASES
from .made import Made

__all__ = ["depth", "make"]


def make(case: str, clock_mhz: float, work: Path) -> Made:
    """From the file to RTLIL; the circuit is checked on the case's vectors."""
    problem = CASES[case].read()
    graph = problem.graph
    plan = Plan(ecp5.LFE5U_85F.name, clock_mhz, {layer.name: Unrolled() for layer in graph.layers})
    network = Network(graph, plan, ecp5.LFE5U_85F)
    (stage,) = network.stages
    island = stage.unit
    assert isinstance(island, Island)
    circuit = island.circuit
    if not np.array_equal(circuit.evaluate(problem.x), problem.y):
        raise SystemExit(f"{case}: the circuit differs from the graph")
    i, o = network.i_edge, network.o_edge
    inputs, outputs = i.width * i.lanes, o.width * o.lanes
    m = Module()
    domain = ClockDomain("sync", reset_less=True)
    m.domains += domain
    m.submodules.network = network
    source, result = Signal(inputs, name="model_inp"), Signal(outputs, name="model_out")
    m.d.comb += [
        network.i.payload.as_value().eq(source),
        network.i.valid.eq(1),
        network.o.ready.eq(1),
        result.eq(network.o.payload.as_value()),
    ]
    path = work / "ours.il"
    text = rtlil.convert(m, ports=[domain.clk, source, result], name="circuit", emit_src=False)
    path.write_text(text)
    adders = sum(isinstance(node, Add) for node in circuit.nodes)
    return Made(path, inputs, outputs, adders, depth(circuit), island.plan.stages)


def depth(circuit: Circuit) -> int:
    """Additions on the longest way."""
    level: list[int] = []
    for node in circuit.nodes:
        level.append(isinstance(node, Add) + max((level[v] for v in node.reads), default=0))
    return max(level)
