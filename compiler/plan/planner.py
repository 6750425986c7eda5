"""The search for a plan that fits the device and serves the goal.

Layers are chosen in groups: a matrix and what follows it up to the next matrix, or branches until they meet, which are
always unrolled. It starts from the smallest choice of
every group; while the goal gains and the sum still fits, the group that holds the goal back takes its next better
choice. For latency, everything unrolled comes first if that fits. The products of all groups together get the device's
multiplier blocks, those first that save most LUTs; what is left over is logic. An unrolled network that does not fit
may have functions as tables in block RAM.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum
from math import inf

from ..circuit.adders import digit_count
from ..device import Device
from ..errors import CompileError
from ..graph import Graph, Layer
from ..layers.dense import Dense
from ..layers.sines import Sines
from .cost import Cost, CostModel
from .implementations import Folded, Implementation, Lanes, Turns, Unrolled
from .plan import Plan
from .segments import is_chain, segments

__all__ = ["Goal", "make_plan", "total_cost"]

FILL = 0.8  # share of the device that a plan may use: above it routing and timing get hard
WIDEST = 256  # multipliers of one folded matrix that are considered
HOPELESS = 12.0  # unrolled is not even estimated where its signed digits exceed this many per LUT of the device


class Goal(Enum):
    """What a plan is for."""

    LATENCY = "latency"
    THROUGHPUT = "throughput"
    AREA = "area"


Choices = dict[str, Implementation]


@dataclass(frozen=True)
class Option:
    """One way to build a group of layers, and what that costs."""

    choices: Choices
    cost: Cost


def make_plan(
    graph: Graph, device: Device, goal: Goal, clock_mhz: float, model: CostModel, reserved: Cost | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Plan:  # fmt: skip
    """A plan for the whole graph; ``reserved`` is what other logic (the host link) needs of the device.

    Raises
    ------
    CompileError
        where even the smallest choice of every layer does not fit.
    """
    reserved = reserved or Cost()
    groups = split(graph)
    if goal is Goal.LATENCY or (goal is Goal.THROUGHPUT and not device.limited):
        unrolled = spatial(graph, groups, device, model)
        if unrolled and not fits(unrolled, device, reserved):
            unrolled = with_tables(graph, unrolled, device, model, reserved)
        if unrolled and fits(unrolled, device, reserved):
            return plan_of(device, clock_mhz, unrolled)
    candidates = [options_of(graph, group, device, model) for group in groups]
    chosen = [
        min(options, key=lambda o: (o.cost.lut.value + 20 * o.cost.bram.value, o.cost.interval.value))
        for options in candidates
    ]
    if not fits(chosen, device, reserved):
        chosen = [min(options, key=lambda o: (o.cost.bram.value, o.cost.lut.value)) for options in candidates]
    if not fits(chosen, device, reserved):
        raise CompileError(too_large(chosen, device, reserved))
    if goal is not Goal.AREA:
        progress("planning")
        chosen = improve(chosen, candidates, goal, device, reserved)
    return plan_of(device, clock_mhz, chosen)


def total_cost(graph: Graph, plan: Plan, device: Device, model: CostModel) -> Cost:
    """The sum over a plan's layers."""
    total = Cost()
    for layer in graph.layers:
        total += model(graph, layer, plan.choices[layer.name], device)
    return total


def split(graph: Graph) -> list[list[Layer]]:
    """Each matrix with what follows it, branches up to where they meet, and what follows these."""
    groups: list[list[Layer]] = []
    for segment in segments(graph):
        if not groups or isinstance(segment[0], Dense | Sines) or not is_chain([*groups[-1], *segment]):
            groups.append([])
        groups[-1] += segment
    return groups


def spatial(graph: Graph, groups: list[list[Layer]], device: Device, model: CostModel) -> list[Option]:
    """Every group unrolled; none where that is hopeless on the device, which a count of digits tells at once."""
    if any(isinstance(n, Sines) for group in groups for n in group):
        return []  # constants times sines take less than functions of angles
    digits = sum(digit_count(n.weights.to_dense()) for group in groups for n in group if isinstance(n, Dense))
    if digits > HOPELESS * device.luts:
        return []
    return [option(graph, {n.name: Unrolled() for n in group}, device, model) for group in groups]


def with_tables(graph: Graph, unrolled: list[Option], device: Device, model: CostModel, reserved: Cost) -> list[Option]:
    """An unrolled network with functions as tables in block RAM: as many as it takes to fit, those first that save most
    LUTs a RAM. Each gives all its elements in a beat, a cycle later."""
    found: list[tuple[float, int, Choices]] = []
    alone = {segment[0].name: segment[0] for segment in segments(graph) if len(segment) == 1}
    for i, group in enumerate(unrolled):
        for layer in (alone[name] for name in group.choices if name in alone):
            choice = Lanes(graph.tensors[layer.name].size)
            try:
                table, logic = (model(graph, layer, way, device) for way in (choice, Unrolled()))
            except CompileError:
                continue
            if table.bram.value and table.lut.value < logic.lut.value:
                saved = (logic.lut.value - table.lut.value) / table.bram.value
                found.append((saved, i, {layer.name: choice}))
    chosen = [*unrolled]
    for _, i, table in sorted(found, key=lambda f: -f[0]):
        changed = option(graph, {**chosen[i].choices, **table}, device, model)
        tried = [*chosen[:i], changed, *chosen[i + 1 :]]
        if total_of(tried, device, reserved).bram.value <= device.brams:
            chosen = tried
        if fits(chosen, device, reserved):
            break
    return chosen


def option(graph: Graph, choices: Choices, device: Device, model: CostModel) -> Option:
    """A choice for a group with its cost."""
    layers = {n.name: n for n in graph.layers}
    total = Cost()
    for name, choice in choices.items():
        total += model(graph, layers[name], choice, device)
    return Option(choices, total)


def options_of(graph: Graph, group: list[Layer], device: Device, model: CostModel) -> list[Option]:
    """The ways to build a group that are worth a look."""
    head = group[0]
    if not is_chain(group):
        return [option(graph, {layer.name: Unrolled() for layer in group}, device, model)]
    if not isinstance(head, Dense | Sines):
        size = graph.tensors[head.inputs[0]].size
        lanes = [n for n in range(1, size + 1) if size % n == 0 and n <= WIDEST]
        return [option(graph, serial(graph, group, n, device, model), device, model) for n in lanes]
    outputs, inputs = head.weights.shape if isinstance(head, Dense) else head.angles.shape
    folded = Folded if isinstance(head, Dense) else Turns
    shapes = [(p, s) for p in divisors(outputs) for s in divisors(inputs) if p * s <= WIDEST]
    return [
        option(graph, {head.name: folded(p, s), **serial(graph, group[1:], p, device, model)}, device, model)
        for p, s in shapes
    ]


def serial(graph: Graph, layers: list[Layer], lanes: int, device: Device, model: CostModel) -> Choices:
    """Layers at the pace of the matrix before them where there is hardware for that; others unrolled."""

    def choice(layer: Layer) -> Implementation:
        try:
            model(graph, layer, Lanes(lanes), device)
        except CompileError:
            return Unrolled()
        return Lanes(lanes)

    return {layer.name: choice(layer) for layer in layers}


def divisors(n: int) -> list[int]:
    """All divisors, ascending."""
    return [d for d in range(1, n + 1) if n % d == 0]


def total_of(options: list[Option], device: Device, reserved: Cost) -> Cost:
    """The sum, with products in multiplier blocks."""
    return sum((o.cost for o in options), reserved).with_blocks(device)


def within(total: Cost, device: Device) -> bool:
    """Whether a sum stays within the share of the device that a plan may use; RAMs and multipliers may be used up."""
    logic = total.lut.value <= FILL * device.luts and total.ff.value <= FILL * device.ffs
    return logic and total.bram.value <= device.brams and total.dsp.value <= device.dsps


def fits(options: list[Option], device: Device, reserved: Cost) -> bool:
    """Whether the sum of options is `within` the device."""
    return within(total_of(options, device, reserved), device)


def improve(
    chosen: list[Option], candidates: list[list[Option]], goal: Goal, device: Device, reserved: Cost
) -> list[Option]:
    """Take the best next step of one group as long as there is one that fits."""

    def slowness(option: Option) -> float:
        return option.cost.interval.value if goal is Goal.THROUGHPUT else option.cost.latency.value

    def luts(group: int, option: Option) -> float:
        """Of all groups with another option for one; infinite where that does not fit."""
        total = total_of([*chosen[:group], option, *chosen[group + 1 :]], device, reserved)
        return total.lut.value if within(total, device) else inf

    while True:
        order = sorted(range(len(chosen)), key=lambda i: -slowness(chosen[i]))
        for i in order if goal is Goal.LATENCY else order[:1]:
            faster = [(luts(i, o), slowness(o), o) for o in candidates[i] if slowness(o) < slowness(chosen[i])]
            faster = [step for step in faster if step[0] < inf]
            if faster:
                nearest = max(slow for _, slow, _ in faster)
                *_, best = min((step for step in faster if step[1] >= nearest * 0.6), key=lambda step: step[:2])
                chosen = [*chosen[:i], best, *chosen[i + 1 :]]
                break
        else:
            return chosen if goal is Goal.LATENCY else at_pace(chosen, candidates, device, reserved)


def at_pace(chosen: list[Option], candidates: list[list[Option]], device: Device, reserved: Cost) -> list[Option]:
    """The smallest option of each group that is as fast as the slowest group: what is faster waits for it."""
    pace = max(o.cost.interval.value for o in chosen)
    for i, options in enumerate(candidates):
        ways = [[*chosen[:i], o, *chosen[i + 1 :]] for o in (chosen[i], *options) if o.cost.interval.value <= pace]
        totals = [total_of(way, device, reserved) for way in ways]
        sizes = [total.lut.value if within(total, device) else inf for total in totals]
        chosen = ways[sizes.index(min(sizes))]
    return chosen


def plan_of(device: Device, clock_mhz: float, options: list[Option]) -> Plan:
    """The plan that a list of options makes."""
    choices: Choices = {}
    for o in options:
        choices |= o.choices
    return replace(Plan(device.name, clock_mhz, {}), choices=choices)


def too_large(options: list[Option], device: Device, reserved: Cost) -> str:
    """The sentence for a network that does not fit."""
    total = total_of(options, device, reserved)
    return (
        f"the network is too large for {device.name}: its smallest form needs about {total.lut.value:.0f} of "
        f"{device.luts} LUTs and {total.bram.value:.0f} of {device.brams} block RAMs (plans use at most {FILL:.0%} of "
        f"the LUTs); choose a larger board or fewer bits"
    )
