"""This compiler: every layer unrolled, pipelined for a clock; the stream's handshake is tied so that it always runs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from amaranth.back import rtlil
from amaranth.hdl import ClockDomain, Module, Signal

from nnfpga.boards.devices import LFE5U_85F, XC7A35T
from nnfpga.compiler.circuit.ir import Add, Add3, Circuit
from nnfpga.compiler.device import Device
from nnfpga.compiler.plan import Plan, Unrolled
from nnfpga.rtl.island import Island
from nnfpga.rtl.network import Network

from .cases import CASES
from .made import Made

__all__ = ["DEVICES", "depth", "make"]

DEVICES = {"xc7": XC7A35T}
"""What a family's circuits are made for, else an ECP5: its delays, and whether it adds three words on a chain."""


def make(case: str, clock_mhz: float, work: Path, device: Device = LFE5U_85F) -> Made:
    """From the file to RTLIL; the circuit is checked on the case's vectors."""
    problem = CASES[case].read()
    graph = problem.graph
    plan = Plan(device.name, clock_mhz, {layer.name: Unrolled() for layer in graph.layers})
    network = Network(graph, plan, device)
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
    adders = sum(isinstance(node, Add | Add3) for node in circuit.nodes)
    return Made(path, inputs, outputs, adders, depth(circuit), island.plan.stages)


def depth(circuit: Circuit) -> int:
    """Additions on the longest way."""
    level: list[int] = []
    for node in circuit.nodes:
        level.append(isinstance(node, Add | Add3) + max((level[v] for v in node.reads), default=0))
    return max(level)
