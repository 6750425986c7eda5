"""The network: units in a row, joined by streams; branches and what joins them are one unrolled unit."""

from __future__ import annotations

from dataclasses import dataclass, replace

from amaranth.hdl import Module
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from nnfpga.compiler.circuit.pipeline import schedule
from nnfpga.compiler.device import Device
from nnfpga.compiler.errors import CompileError, Problem
from nnfpga.compiler.functions.lookups import Units
from nnfpga.compiler.graph import Graph, Layer
from nnfpga.compiler.plan import Cost, Estimate, Plan, Unrolled, lanes_in, lanes_out

from ._build import Site, build, costs
from .beat import Edge
from .circuit_cost import circuit_cost
from .island import Island
from .products import Multiplies, blocks_of, give_blocks
from .unrolled import circuit_of
from .width import convert

__all__ = ["Network", "Stage", "check_ends", "stages_of"]


@dataclass(frozen=True)
class Stage:
    """One unit and the layers that it computes: several where neighbours are unrolled."""

    layers: tuple[Layer, ...]
    unit: wiring.Component
    i: Edge
    o: Edge


def stages_of(graph: Graph, plan: Plan, device: Device, units: Units | None = None) -> list[Stage]:
    """The units in order, joined by one stream each; branches lie within one unrolled unit.

    Raises
    ------
    CompileError
        where the plan does not fit the graph, or a layer has no hardware.
    """
    check_ends(graph)
    plan.check(graph)
    islands: list[list[Layer]] = []
    for layer in graph.layers:
        unrolled = isinstance(plan.choices[layer.name], Unrolled)
        if unrolled and islands and isinstance(plan.choices[islands[-1][-1].name], Unrolled):
            islands[-1].append(layer)
        else:
            islands.append([layer])
    return [stage(graph, plan, device, layers, units) for layers in islands]


def check_ends(graph: Graph) -> None:
    """Raise CompileError where the network has nothing to compute, or more than one result."""
    problems: list[Problem] = []
    if len(graph.outputs) != 1:
        problems.append(Problem("the graph", "several outputs have no hardware yet", "keep one output"))
    if not graph.layers:
        problems.append(Problem("the graph", "nothing is left to compute", "give a network with layers"))
    if problems:
        raise CompileError(problems)


def stage(graph: Graph, plan: Plan, device: Device, layers: list[Layer], units: Units | None) -> Stage:
    """The unit of neighbouring layers."""
    first, last = layers[0], layers[-1]
    choice = plan.choices[first.name]
    i = Edge.of(graph.tensors[first.inputs[0]], lanes_in(graph, first, choice))
    o = Edge.of(graph.tensors[last.name], lanes_out(graph, last, plan.choices[last.name]))
    if isinstance(choice, Unrolled):
        circuit = circuit_of(graph, layers, device, plan.choices, units)
        return Stage(tuple(layers), Island(circuit, schedule(circuit, device.timing, plan.clock_mhz), i, o), i, o)
    return Stage((first,), build(Site(graph, first, choice, i, o, device, plan.clock_mhz)), i, o)


class Network(wiring.Component):
    """The whole network between two streams; width converters stand where neighbours' beats differ.

    Products of variables go into the device's multiplier blocks as long as there are some: ``blocks`` of them.

    Its latency and throughput are those of its units: measured by simulation and reported. ``units`` finds logic for
    functions in unrolled layers that else are tables.

    Members
    -------
    i, o : streams of lane words, formats ``i_edge`` and ``o_edge``
    """

    def __init__(self, graph: Graph, plan: Plan, device: Device, units: Units | None = None) -> None:
        self.graph, self.plan, self.device = graph, plan, device
        self.stages = stages_of(graph, plan, device, units)
        self.blocks = give_blocks([s.unit for s in self.stages if isinstance(s.unit, Multiplies)], device)
        self.i_edge, self.o_edge = self.stages[0].i, self.stages[-1].o
        super().__init__({"i": In(self.i_edge.signature), "o": Out(self.o_edge.signature)})

    def estimate(self) -> Cost:
        """LUTs and flip-flops before synthesis: circuits of unrolled islands are counted, other units estimated.

        The latency counts the cycle in which an input is taken and the one in which the result leaves. That of islands
        is exact; width converters are not in it.
        """
        total = Cost(latency=Estimate(1))
        for stage in self.stages:
            if isinstance(stage.unit, Island):
                cost = circuit_cost(stage.unit.circuit, self.device, stage.unit.plan)
                total += replace(cost, latency=Estimate(stage.unit.latency))
            else:
                (layer,) = stage.layers
                total += costs(self.graph, layer, self.plan.choices[layer.name], self.device)
        return total.with_blocks(self.device)

    def blocks_of(self, layer: Layer) -> int:
        """Multiplier blocks of a layer's unit, which is its own."""
        units = (s.unit for s in self.stages if s.layers == (layer,) and isinstance(s.unit, Multiplies))
        return sum(blocks_of(unit, self.device) for unit in units)

    def estimated_mhz(self) -> float | None:
        """The clock of the slowest island by the delays that its schedule is made with; None without islands."""
        longest = [stage.unit.plan.critical_ns for stage in self.stages if isinstance(stage.unit, Island)]
        return 1e3 / (max(longest) + self.device.timing.overhead_ns) if longest else None

    def elaborate(self, platform: object) -> Module:
        m = Module()
        source = wiring.flipped(self.i)
        previous: Edge | None = None
        for stage in self.stages:
            name = stage.layers[-1].name
            if previous is not None:
                for n, converter in enumerate(convert(stage.i.width, previous.lanes, stage.i.lanes)):
                    m.submodules[f"to_{name}_{n}"] = converter
                    wiring.connect(m, source, converter.i)
                    source = converter.o
            m.submodules[name] = stage.unit
            wiring.connect(m, source, stage.unit.i)
            source, previous = stage.unit.o, stage.o
        wiring.connect(m, source, wiring.flipped(self.o))
        return m
