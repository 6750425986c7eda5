"""What of a model is supported, what each of its nodes becomes, and what it takes: ``nnfpga check``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from math import prod
from pathlib import Path

import numpy as np

from nnfpga.compiler.errors import CompileError, Problem
from nnfpga.compiler.formats import parse
from nnfpga.compiler.frontend import Imported, ModelProto, Outcome, Use, load, newest_opset, opset, survey
from nnfpga.compiler.graph import Graph, Layer
from nnfpga.compiler.layers.convolution import Convolution
from nnfpga.compiler.layers.dense import Dense
from nnfpga.compiler.layers.sines import RealSines
from nnfpga.compiler.number import Number
from nnfpga.compiler.passes import Calibration, by_angles, drop_softmax, simplify, within
from nnfpga.compiler.passes.drop_softmax import Ending, Want
from nnfpga.compiler.plan import Unrolled, segments
from nnfpga.compiler.real import RealGraph, Weighted

from .model import Integers, proven_values, refuse_long, stated_range, to_integers
from .options import Options
from .trace import HOST, Place, trace

__all__ = ["Check", "LayerLine", "NodeLine", "Status", "Summary", "check"]

MOST_PRODUCTS = 1 << 28
MOST_WEIGHTS = 1 << 19
MOST_OPERATIONS = 2000
"""Multiplications for a sample, weights, and real operations up to which integer layers are made: more takes long."""

ASSUMED = (-1.0, 1.0), (0.0, 1.0)
"""Input ranges that are tried where none is stated: some functions take no negative numbers."""


class Status(Enum):
    """What becomes of a node."""

    USED = "used"
    FOLDED = "folded"
    UNSUPPORTED = "unsupported"
    UNREACHED = "unreached"
    """It reads what an unsupported node makes, so nothing is known of it."""


@dataclass(frozen=True)
class NodeLine:
    """One node of the file, by its place there.

    ``used`` are the layers that stand for it, ``into`` those that it is part of ("the host" for what is computed
    outside the hardware).
    """

    number: int
    operator: str
    name: str
    domain: str
    status: Status
    used: tuple[str, ...]
    into: tuple[str, ...]
    text: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class LayerLine:
    """One integer layer; bits are those of its weights and of its result for one sample.

    ``hardware`` are the implementations that it can have today, none with an ``obstacle``.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    values: str
    parameters: int
    macs: int
    weight_bits: int
    activation_bits: int
    hardware: tuple[str, ...]
    obstacle: str


@dataclass(frozen=True)
class Summary:
    """Figures of the whole network for one sample; None where it could not be made.

    ``parameters`` are the elements of matrices and kernels, ``macs`` multiplications with them; ``gives`` is "class" or
    "scores".
    """

    opset: int | None = None
    bits: int = 8
    input_range: tuple[float, float] | None = None
    parameters: int | None = None
    macs: int | None = None
    weight_bits: int | None = None
    activation_bits: int | None = None
    gives: str | None = None
    hardware: bool | None = None


@dataclass(frozen=True)
class Check:
    """Everything that ``nnfpga check`` says of a file."""

    model: str
    nodes: tuple[NodeLine, ...] = ()
    layers: tuple[LayerLine, ...] = ()
    summary: Summary = field(default_factory=Summary)
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def supported(self) -> bool:
        """Whether the model can be compiled to an integer model."""
        return not self.problems


@dataclass(frozen=True)
class Dry:
    """A network that was quantised for a range of inputs, without data; ``sines`` are matrices that could do
    without products."""

    ending: Ending
    range: tuple[float, float]
    integers: Integers | None
    sines: tuple[str, ...] = ()


@np.errstate(all="ignore")  # what is not finite is refused where it matters
def check(path: str | Path, options: Options | None = None) -> Check:
    """Check a file; nothing is raised for what is wrong with it: ``problems`` has it."""
    options = options or Options()
    try:
        proto = load(path)
    except CompileError as error:
        return Check(str(path), problems=problems_of(error, str(path)))
    imported = survey(proto)
    about = Check(str(path), notes=notes_of(proto), summary=Summary(opset(proto), options.bits))
    if imported.problems:
        return failed(about, imported, imported.problems)
    try:
        dry = run_dry(imported, options)
    except CompileError as error:
        return failed(about, imported, problems_of(error, str(path)))
    return described(about, imported, dry)


def problems_of(error: CompileError, where: str) -> tuple[Problem, ...]:
    """An error's problems; one that is a plain sentence is taken apart."""
    if error.problems:
        return error.problems
    text = str(error).removeprefix(f"{where}: ")
    what, _, remedy = text.partition("; ")
    return (Problem(where, what, remedy),)


def notes_of(proto: ModelProto) -> tuple[str, ...]:
    """What is worth knowing of a file that is no problem."""
    version, newest = opset(proto), newest_opset()
    newer = version is not None and version > newest
    return (f"opset {version} is newer than {newest}, the newest that the installed onnx knows",) if newer else ()


def run_dry(imported: Imported, options: Options) -> Dry:
    """Quantise and lower for the stated range of inputs, or one that is assumed."""
    refuse_long(imported.graph)
    real, ending = drop_softmax(imported.graph, Want(options.output))
    stated = options.input_range is not None or options.input_format is not None
    ranges = (stated_range(options),) if stated else ASSUMED
    if is_large(real):
        return Dry(ending, ranges[0], None)
    real, ending = drop_softmax(simplify(imported.graph), Want(options.output))
    chosen = None if options.input_format is None else parse(options.input_format)
    for number, (low, high) in enumerate(ranges, 1):
        try:
            live = within(real, low, high) if stated else real
            values = proven_values(live, low, high)
            calibration = Calibration(values, options.bits, chosen, proven=True)
            sines = tuple(op.name for op in by_angles(live, values).ops if isinstance(op, RealSines))
            return Dry(ending, (low, high), to_integers(live, calibration), sines)
        except CompileError:
            if number == len(ranges):
                raise
    raise AssertionError("there is a range")


def is_large(real: RealGraph) -> bool:
    """Whether the integer layers would take too long."""
    weighted = [op for op in real.ops if isinstance(op, Weighted)]
    products = sum(op.weight.size * prod(real.shapes[op.name][:-1]) for op in weighted)
    weights = sum(op.weight.size for op in weighted)
    return products > MOST_PRODUCTS or weights > MOST_WEIGHTS or len(real.ops) > MOST_OPERATIONS


def failed(about: Check, imported: Imported, problems: tuple[Problem, ...]) -> Check:
    """The listing of a model that is not supported."""
    blamed: dict[str, list[Problem]] = {}
    for problem in problems:
        blamed.setdefault(problem.where, []).append(problem)
    kinds = {op.name: type(op).__name__.lower().removeprefix("real") for op in imported.graph.ops}
    lines: list[NodeLine] = []
    for use in imported.uses:
        own = tuple(blamed.get(use.label, use.problems))
        status = Status.UNSUPPORTED if own else {
            Outcome.OPERATIONS: Status.USED, Outcome.UNREACHED: Status.UNREACHED,
        }.get(use.outcome, Status.FOLDED)  # fmt: skip
        names = tuple(dict.fromkeys(kinds[name] for name in use.tensors if name in kinds))
        lines.append(line(use, status, Place(), own, f"used as {' and '.join(names)}" if names else ""))
    return replace(about, nodes=tuple(lines), problems=problems)


def line(use: Use, status: Status, place: Place, problems: Sequence[Problem], text: str) -> NodeLine:
    """A node's line; ``text`` stands where the status does not say it all."""
    if status is Status.UNSUPPORTED:
        text = "not supported because " + "; ".join(f"{p.what}, try: {p.remedy}" for p in problems)
    elif status is Status.UNREACHED:
        text = "not looked at: it reads what an unsupported node makes"
    elif use.outcome is Outcome.CONSTANT and not place.all:
        text = "folded into a constant"
    elif use.outcome is Outcome.ALIAS and not place.all:
        text = "folded away: its result is its input"
    return NodeLine(
        use.number, use.operator, use.name or next(iter(use.outputs), ""), use.domain, status, place.used, place.into,
        text, tuple(problems),
    )  # fmt: skip


def described(about: Check, imported: Imported, dry: Dry) -> Check:
    """The listing of a model that is supported."""
    gives = "class" if dry.ending.classifies else "scores"
    summary = replace(about.summary, gives=gives, input_range=dry.range)
    if dry.integers is None:
        result = failed(replace(about, summary=summary), imported, ())
        note = "it is large: its integer layers were not made"
        return replace(result, notes=(*about.notes, note))
    graph = dry.integers.graph
    places = trace(imported, dry.integers.quantised, graph)
    obstacle, ways = obstacle_of(graph), ways_of(graph)
    layers = tuple(layer_line(graph, layer, ways[layer.name], obstacle) for layer in graph.layers)
    kinds = {layer.name: layer.kind for layer in layers} | {t.name: "input" for t in graph.inputs}
    nodes = tuple(placed(use, places[use.number], kinds) for use in imported.uses)
    summary = replace(
        summary,
        parameters=sum(layer.parameters for layer in layers),
        macs=sum(layer.macs for layer in layers),
        weight_bits=sum(layer.weight_bits for layer in layers),
        activation_bits=sum(layer.activation_bits for layer in layers),
        hardware=bool(layers) and not any(layer.obstacle for layer in layers),
    )
    what = "works on angles, without products, where that takes fewer LUTs"
    notes = (*about.notes, *(f"matrix of sines {name}: {what}" for name in dry.sines))
    return replace(about, nodes=nodes, layers=layers, summary=summary, notes=notes)


def placed(use: Use, place: Place, kinds: dict[str, str]) -> NodeLine:
    """A supported node's line."""
    said = {name: name if name == HOST else f"{kinds.get(name, 'layer')} {name}" for name in place.all}
    parts: list[str] = []
    if place.used:
        parts.append(f"used as {', '.join(said[n] for n in place.used)}")
    if inside := [said[n] for n in place.into if n != HOST]:
        parts.append(f"{'a constant, ' if use.outcome is Outcome.CONSTANT else ''}folded into {', '.join(inside)}")
    if HOST in place.into:
        parts.append(f"left to {HOST}")
    if use.outcome is Outcome.OPERATIONS and not parts:
        parts.append("folded away: no output needs it")
    status = Status.USED if place.used else Status.FOLDED
    return line(use, status, place, (), "; ".join(parts))


def layer_line(graph: Graph, layer: Layer, ways: tuple[str, ...], obstacle: str) -> LayerLine:
    """A layer with its figures."""
    tensor = graph.tensors[layer.name]
    parameters = bits = macs = 0
    match layer:
        case Dense():
            parameters, bits = prod(layer.weights.shape), layer.weights.bits
        case Convolution():
            parameters = layer.weights.size
            bits = parameters * Number.of(layer.weights.min(), layer.weights.max()).wire.width
        case _:
            pass
    macs = parameters * prod(tensor.shape[:-1])
    return LayerLine(
        layer.name, type(layer).__name__.lower(), tensor.shape, str(tensor.number.union()), parameters, macs, bits,
        tensor.size * tensor.number.union().wire.width, () if obstacle else ways, obstacle,
    )  # fmt: skip


def obstacle_of(graph: Graph) -> str:
    """Why the network as a whole has no hardware, or nothing."""
    from nnfpga.rtl.network import check_ends

    try:
        check_ends(graph)
    except CompileError as error:
        return error.problems[0].what
    return ""


def ways_of(graph: Graph) -> dict[str, tuple[str, ...]]:
    """The implementations that each layer can have, by name: branches are unrolled up to where they meet."""
    from nnfpga.rtl import ways

    return {
        layer.name: (Unrolled.__name__,) if len(segment) > 1 else ways(layer)
        for segment in segments(graph)
        for layer in segment
    }
