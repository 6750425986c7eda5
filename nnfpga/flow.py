"""The whole way: model, plan, RTL, netlist, bitstream, each step checked against the integer model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nnfpga.compiler.device import GENERIC, Device
from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.layers.dense import Dense
from nnfpga.compiler.plan import Cost, Estimate, Goal, Plan, Turns, Unrolled, make_plan, total_cost

from .design import Design
from .model import Model, accuracy, read_model
from .options import Emit, Options
from .progress import Steps, silent
from .report_data import element_bytes

__all__ = ["compile"]

RTL_SECONDS = 6.0  # how long the comparison of the RTL may take where the user does not say how many samples
MOST_SAMPLES = 1024
GENERIC_CLOCK_MHZ = 50.0
LINK_LUTS, LINK_FFS = Estimate(300, 0.15), Estimate(130, 0.1)  # 259 to 323 and 125 to 134: docs/link.md


def compile(
    model: str | Path, data: Any = None, *, progress: Callable[[str], None] = silent, **choices: Any
) -> Design:  # fmt: skip
    """Compile an ONNX model.

    Parameters
    ----------
    model
        path of the ONNX file
    data
        path of a .npz file, an array of samples, or a mapping with ``x`` and optionally ``y``, ``x_test``, ``y_test``
    progress
        gets a line of text at the start of each step
    choices
        see :class:`nnfpga.options.Options`: ``board="icebreaker"``, ``target="latency"``, ``bits=8``, ...

    Raises
    ------
    CompileError
        where something cannot be compiled, every offender named; or where hardware and integer model differ.
    """
    options = Options().updated(choices)
    options.check()
    board, device = find_device(options)
    steps = Steps(progress)
    with steps.step("model", f"reading and quantising {model}"):
        read = read_model(model, data, options, device, progress)
        clock = options.clock or (board.default_clock_mhz if board else GENERIC_CLOCK_MHZ)
        if read.has_sines and options.max_drop is None:
            read = smaller(
                read, read_model(model, data, options, device, progress, angles=True), device, clock, options
            )
        measured: dict[str, Any] = dict(accuracy(read))
    if options.stop is Emit.MODEL:
        return Design(read, Plan(device.name, 0.0, {}), device, board, options, steps, measured)
    with steps.step("plan", f"planning for {device.name}"):
        plan = choose_plan(read.graph, device, clock, options, progress)
    design = Design(read, plan, device, board, options, steps, measured)
    with TemporaryDirectory(prefix="nnfpga-") as work:
        check_rtl(design, Path(work))
        if options.stop.rank >= Emit.NETLIST.rank:
            from .chip import build

            build(design, Path(work))
    return design


def find_device(options: Options) -> tuple[Any, Device]:
    """The board and the device that the user chose, without multiplier blocks where these are not wanted."""
    from nnfpga import boards

    board = boards.find(options.board) if options.board else None
    device = board.device if board else boards.find_device(options.device) if options.device else GENERIC
    if options.dsp and not device.dsps:
        raise CompileError(f"option dsp: {device.name} has no multiplier blocks; leave it out")
    return board, replace(device, dsps=0) if options.dsp is False else device


def choose_plan(graph: Any, device: Device, clock: float, options: Options, progress: Callable[[str], None]) -> Plan:
    """The user's plan, checked, or the planner's."""
    from nnfpga.rtl import costs
    from nnfpga.rtl.network import check_ends

    check_ends(graph)
    if options.plan is None:
        reserved = link_cost(graph, device) if options.board else None
        return make_plan(graph, device, Goal(options.target), clock, costs, reserved, progress)
    try:
        text = Path(options.plan).read_text()
    except OSError as error:
        raise CompileError(f"{options.plan}: cannot be read ({error.strerror}); give a plan.yaml") from None
    except UnicodeDecodeError:
        raise CompileError(f"{options.plan}: is no plan; give a plan.yaml") from None
    plan = Plan.from_yaml(text)
    plan.check(graph)
    return Plan(device.name, options.clock or plan.clock_mhz, plan.choices)


def smaller(products: Model, angles: Model, device: Device, clock: float, options: Options) -> Model:
    """The network with products, or that with matrices of sines on angles: what the goal says, then fewer LUTs.

    A plan of the user's says it itself. Where products by constants are unrolled they stay: they are additions anyway.
    """
    from nnfpga.rtl import costs

    if options.plan is not None:
        try:
            turned = Turns in map(type, Plan.from_yaml(Path(options.plan).read_text()).choices.values())
        except (CompileError, OSError, UnicodeDecodeError):
            return products  # where the plan is read the error is told
        return angles if turned else products
    found: list[tuple[float, float, Model]] = []
    for model in (products, angles):
        try:
            plan = choose_plan(model.graph, device, clock, options, silent)
        except CompileError:
            continue
        if any(isinstance(layer, Dense) and plan.choices[layer.name] == Unrolled() for layer in model.graph.layers):
            return products
        total = total_cost(model.graph, plan, device, costs).with_blocks(device)
        speed = {Goal.LATENCY: total.latency.value, Goal.THROUGHPUT: total.interval.value, Goal.AREA: 0.0}
        found.append((speed[Goal(options.target)], total.lut.value, model))
    return min(found, key=lambda f: f[:2])[2] if found else products


def link_cost(graph: Any, device: Device) -> Cost:
    """What the host link needs beside the network: logic, and a memory for one input frame."""
    number = graph.inputs[0].number.union()
    payload = 8 * graph.inputs[0].size * element_bytes(max(number.wire.width, 1))
    return Cost(LINK_LUTS, LINK_FFS, Estimate(-(-payload // device.bram_bits)))


def check_rtl(design: Design, work: Path) -> None:
    """Make the RTL, write it as Verilog with a bench, and compare it with the integer model."""
    from nnfpga.sim.choose import choose
    from nnfpga.sim.errors import SimulationError
    from nnfpga.sim.testbench import write_testbench
    from nnfpga.sim.verilog import to_verilog
    from nnfpga.tools.errors import ToolError

    from .verify import beats_of, compare_with_graph, vectors

    steps, graph = design.steps, design.graph
    try:
        with steps.step("rtl", "making the RTL"):
            network = design.component
            verilog = to_verilog(network, work / "rtl")
        data = design.model.data
        samples = None if data is None else design.model.quantise(data.x_test[:MOST_SAMPLES])
        interval = design.expected_interval
        count = design.options.samples or how_many(design.operators, interval, progress=steps.tell)
        engine = choose(design.operators, count * interval * 1.5, steps.tell)
        x = vectors(graph, samples, count, design.options.seed)
        with steps.step("simulate", f"comparing the RTL with the integer model on {len(x)} vectors"):
            source = network if name_of(engine) == "amaranth" else verilog
            result = compare_with_graph(
                graph, network, source, x, engine, work / "sim", cycles=interval, seed=design.options.seed
            )
        few = x[:16]
        expected = graph.evaluate(few.reshape(-1, *graph.inputs[0].shape))[graph.outputs[0]].reshape(len(few), -1)
        bench = write_testbench(
            verilog, beats_of(network.i_edge, few), beats_of(network.o_edge, expected), work / "bench",
            timeout_cycles=int(5 * interval) + 10_000,
        )  # fmt: skip
    except SimulationError as error:
        raise CompileError(
            f"the RTL differs from the integer model: {error}; this is a bug of nnfpga, please report it"
        ) from None
    except ToolError as error:
        raise CompileError(str(error)) from None
    design.files["rtl/top.v"] = bench.design.read_text()
    for file in (bench.bench, bench.vectors_in, bench.vectors_out):
        text = file.read_text()
        design.files[f"rtl/{file.name}"] = text.replace("design.v", "top.v") if file is bench.bench else text
    exact = {"vectors": result.vectors, "rtl": True, "rtl_vectors": result.vectors, "rtl_engine": result.engine}
    design.measured["exact"] = exact
    design.measured["latency_cycles"] = result.latency_cycles
    design.measured["interval_cycles"] = result.interval_cycles


def name_of(engine: object) -> str:
    """An engine's name in small letters."""
    return type(engine).__name__.removesuffix("Engine").lower()


def how_many(operators: float, interval: float, progress: Callable[[str], None]) -> int:
    """Vectors that fit the time for the comparison, at least 8."""
    from nnfpga.sim.choose import amaranth_seconds, choose, icarus_seconds, verilator_seconds

    seconds = {"amaranth": amaranth_seconds, "icarus": icarus_seconds, "verilator": verilator_seconds}
    engine = choose(operators, MOST_SAMPLES * interval * 1.5, progress)
    estimate = seconds[name_of(engine)]
    start, full = estimate(operators, 0), estimate(operators, MOST_SAMPLES * interval * 1.5)
    share = RTL_SECONDS / max(full - start, 1e-9)
    return max(8, min(MOST_SAMPLES, int(MOST_SAMPLES * share)))
