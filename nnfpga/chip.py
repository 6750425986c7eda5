"""The chip: synthesis, place and route, the bitstream, and the netlists compared with the integer model."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from amaranth.hdl import ClockSignal, Instance, Module, ResetSignal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.exact import Ints
from nnfpga.compiler.plan import Unrolled
from nnfpga.rtl.rtlil import to_rtlil

from .options import Emit

if TYPE_CHECKING:
    from nnfpga.rtl.network import Network
    from nnfpga.rtl.top import Top
    from nnfpga.tools.yosys import Family, Netlist

    from .design import Design

__all__ = ["Built", "build", "top_of"]

MOST_VECTORS = 1024
CORE = "network"
QUICK_FROM = 1500  # operators from which abc9's full script takes longer than it is worth
FRAMES = 3  # framed transactions through the pads, time allowing; never fewer than one


@dataclass(frozen=True)
class Built:
    """What synthesis made; ``bitstream`` is None for a device without a board."""

    netlist_json: str
    bitstream: bytes | None = None
    bitstream_name: str = ""


def build(design: Design, work: Path) -> None:
    """Synthesise; for a board place, route and pack; compare the netlists; note everything in the design.

    Raises
    ------
    CompileError
        where a tool fails, the design does not fit, or a netlist differs from the integer model.
    """
    from nnfpga.sim.errors import SimulationError
    from nnfpga.tools.errors import ToolError

    try:
        design.measured["versions"] = versions()
        core = synthesise_core(design, work / "core")
        if design.board is not None and design.options.stop is Emit.BITSTREAM:
            build_board(design, core, work / "chip")
        else:
            resources(design, core)
            design.built = Built(core.json_path.read_text())
        if design.options.verify_seconds > 0:
            verify_core(design, core, work / "gates")
    except SimulationError as error:
        raise CompileError(
            f"the netlist differs from the integer model: {error}; this is a bug, please report it"
        ) from None
    except ToolError as error:
        raise CompileError(str(error)) from None


def family_of(design: Design) -> Family:
    """The device's family, if there is a recipe for it."""
    from nnfpga.tools.recipes import RECIPES

    for family in RECIPES:
        if family == design.device.family:
            return family
    known = ", ".join(RECIPES)
    raise CompileError(f"family {design.device.family}: has no synthesis recipe yet; choose a device of {known}")


def synthesise_core(design: Design, work: Path) -> Netlist:
    """The netlist of the network alone, between its two streams."""
    from nnfpga.tools.yosys import synthesise

    family = family_of(design)
    with design.steps.step("synthesis", f"synthesising the network for {family}"):
        text = to_rtlil(design.component, CORE)
        quick = design.operators > QUICK_FROM
        # abc9 makes units twice as large, but other logic smaller: where there are both, what is smaller in all
        folded = not all(isinstance(choice, Unrolled) for choice in design.plan.choices.values())
        areas = [False] if not design.has_units else [True, False] if folded else [True]
        made = [
            synthesise(
                text, family, CORE, work / f"area{area:d}", quick=quick, area=area, dsp=design.component.blocks > 0,
                options=design.device.synthesis, progress=design.steps.tell,
            )
            for area in areas
        ]  # fmt: skip
        netlist = min(made, key=lambda n: n.resources["lut"])
    design.files["netlist/network.v"] = netlist.verilog_path.read_text()
    return netlist


class Placeholder(wiring.Component):
    """The network as an instance of its finished netlist."""

    def __init__(self, network: Network) -> None:
        super().__init__({"i": In(network.i_edge.signature), "o": Out(network.o_edge.signature)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.submodules.core = Instance(
            CORE, i_clk=ClockSignal(), i_rst=ResetSignal(), i_i__payload=self.i.payload.as_value(),
            i_i__valid=self.i.valid, o_i__ready=self.i.ready, o_o__payload=self.o.payload.as_value(),
            o_o__valid=self.o.valid, i_o__ready=self.o.ready,
        )  # fmt: skip
        return m


def top_of(design: Design, *, netlist: bool = False) -> Top:
    """The network with its host link; with ``netlist`` the network is an instance of its netlist."""
    from nnfpga.rtl.top import Top

    assert design.board is not None
    network = design.component
    i, o = network.i_edge, network.o_edge
    network = Placeholder(network) if netlist else network
    return Top(network, design.board.divisor, i.width, i.lanes, i.beats, o.width, o.lanes, o.beats, o.wire.signed)


def build_board(design: Design, core: Netlist, work: Path) -> None:
    """Netlist, placement, routing and bitstream of the complete chip; the network in it is the netlist ``core``."""
    from nnfpga.boards.build import prepare
    from nnfpga.boards.toplevel import BoardTop
    from nnfpga.tools.nextpnr import place_and_route
    from nnfpga.tools.yosys import rtlil_to_verilog, synthesise

    assert design.board is not None
    steps, board = design.steps, design.board
    with steps.step("synthesis", f"synthesising the host link for {board.name} around it"):
        inputs = prepare(BoardTop(board, top_of(design, netlist=True), design.plan.clock_mhz))
        netlist = synthesise(
            inputs.rtlil, family_of(design), inputs.name, work, parts=(core,), options=board.device.synthesis,
            progress=steps.tell,
        )  # fmt: skip
    design.files["rtl/chip.v"] = rtlil_to_verilog(to_rtlil(top_of(design), "chip"), work / "verilog")
    design.files["netlist/chip.v"] = netlist.verilog_path.read_text()
    constraints = work / f"chip{inputs.constraints_suffix}"
    constraints.write_text(inputs.constraints)
    with steps.step("place_and_route", f"placing and routing, network clock {inputs.frequency_mhz:g} MHz"):
        routed = place_and_route(
            family_of(design), netlist.json_path, constraints, inputs.nextpnr_args, work, seed=design.options.seed,
            freq_mhz=inputs.frequency_mhz, progress=steps.tell,
        )  # fmt: skip
    note_timing(design, routed.fmax_mhz, inputs.frequency_mhz, routed.timing_met)
    resources(design, netlist)
    design.measured["utilisation"] = {name: list(pair) for name, pair in routed.utilisation.items()}
    name = f"{design.model.path.stem}{routed.bitstream.suffix}"
    design.built = Built(netlist.json_path.read_text(), routed.bitstream.read_bytes(), name)
    design.files[name] = design.built.bitstream or b""
    design.measured["bitstream"] = name
    if design.options.verify_seconds > 0:
        verify_chip(design, netlist, inputs.frequency_mhz, work / "pins")


def note_timing(design: Design, fmax: dict[str, tuple[float, float]], clock_mhz: float, met: bool) -> None:
    """The network clock's result is the headline; all clocks are kept."""
    network = [pair for name, pair in fmax.items() if "link" not in name and not name.startswith("clocking.i")]
    design.measured["clock_mhz"] = clock_mhz
    if network:
        design.measured["fmax_mhz"] = min(achieved for achieved, _ in network)
        met = met and design.measured["fmax_mhz"] >= clock_mhz
    design.measured["timing_met"] = met
    design.measured["clocks"] = {name: {"fmax_mhz": a, "wanted_mhz": b} for name, (a, b) in fmax.items()}
    if not met:
        remedy = f"choose --clock {int(design.measured.get('fmax_mhz', clock_mhz) * 0.95)}"
        design.measured.setdefault("notes", []).append(f"timing is not met at {clock_mhz:g} MHz; {remedy}")


def resources(design: Design, netlist: Netlist) -> None:
    """Cells of the netlist by kind; a carry cell counts as the LUTs whose place it takes."""
    design.measured["resources"] = netlist.resources


def inputs_for(design: Design, count: int) -> Ints:
    """Integer vectors for the netlist: the user's held-out samples first."""
    from .verify import vectors

    data = design.model.data
    samples = None if data is None else design.model.quantise(data.x_test[:count])
    return vectors(design.graph, samples, count, design.options.seed)


def verify_core(design: Design, netlist: Netlist, work: Path) -> None:
    """Simulate the network's netlist against the integer model for as long as the user allows."""
    from nnfpga.sim.gates import NoModelError, gate_engine, gate_level
    from nnfpga.sim.harness import Engine, Verilog

    from .verify import compare_with_graph

    network, interval = design.component, design.expected_interval
    i_width, o_width = (e.width * e.lanes for e in (network.i_edge, network.o_edge))

    def compare(verilog: Verilog, engine: Engine, count: int, name: str) -> float:
        """Compare on so many vectors; the seconds that took."""
        start = time.monotonic()
        compare_with_graph(
            design.graph, network, verilog, inputs_for(design, count), engine, work / name, cycles=interval
        )
        return time.monotonic() - start

    with design.steps.step("verify_netlist", "comparing the netlist with the integer model"):
        try:
            verilog, found = gate_level(netlist, i_width, o_width, work, progress=design.steps.tell)
        except NoModelError as error:
            design.measured.setdefault("notes", []).append(str(error))
            return
        engine = gate_engine(2 * MOST_VECTORS * interval)
        done = 4
        compare(verilog, engine, done, "first")  # builds the simulator, too
        each = compare(verilog, engine, done, "again") / done
        more = min(MOST_VECTORS, int(design.options.verify_seconds * 0.8 / max(each, 1e-4)))
        if more > done:
            done = more
            compare(verilog, engine, done, "more")
    exact = design.measured.setdefault("exact", {})
    exact |= {
        "netlist": True,
        "netlist_vectors": done,
        "netlist_engine": type(engine).__name__.removesuffix("Engine").lower(),
    }
    exact["cell_models"] = list(found.models)


def verify_chip(design: Design, netlist: Netlist, clock_mhz: float, work: Path) -> None:
    """Send frames through the pads of the complete chip's netlist and compare the answers."""
    from nnfpga.sim.chip import netlist_chip, open_chip
    from nnfpga.sim.errors import SimulationError
    from nnfpga.sim.gates import NoModelError, gates
    from nnfpga.sim.native import options_for

    from .host import Port
    from .report_data import host_format
    from .simulated_chip import answers

    assert design.board is not None
    board = design.board
    i, o = Port.of(host_format(design.model.source)), Port.of(host_format(design.model.result))
    x = inputs_for(design, FRAMES + 2)[2:]
    expected = design.graph.evaluate(x.reshape(-1, *design.graph.inputs[0].shape))[design.graph.outputs[0]]
    with design.steps.step("verify_pads", "sending frames through the pads of the netlist"):
        try:
            chip = netlist_chip(gates(netlist, work, pads=True, progress=design.steps.tell), netlist.top)
        except NoModelError as error:
            design.measured.setdefault("notes", []).append(str(error))
            return
        ends = (design.graph.inputs[0], design.graph.tensors[design.graph.outputs[0]])
        effort = options_for(20 * board.divisor * FRAMES * sum(tensor.size for tensor in ends))  # ten bits a byte
        with open_chip(
            chip, board.divisor, board.oscillator_mhz, clock_mhz, work, options=effort, progress=design.steps.tell
        ) as session:
            start, done = time.monotonic(), 0
            for seq, (sample, want) in enumerate(zip(x, expected.reshape(len(x), -1), strict=True)):
                if done and time.monotonic() - start > design.options.verify_seconds:
                    break
                frames = answers(session, seq, i.pack(sample))
                if len(frames) != 1 or frames[0].seq != seq or not np.array_equal(o.unpack(frames[0].payload), want):
                    raise SimulationError(f"the chip answered frame {seq} with {frames!r}, not {want.tolist()}")
                done += 1
    design.measured.setdefault("exact", {})["framed"] = done


def versions() -> dict[str, Any]:
    """Versions of the outside programs."""
    from nnfpga.tools.versions import versions as found

    return dict(found())
