from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nnfpga.compiler.device import GENERIC, Device, Timing
from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.exact import fractions
from nnfpga.compiler.graph import Graph, Layer, Tensor
from nnfpga.compiler.layers.arg_max import ArgMax
from nnfpga.compiler.layers.dense import Dense
from nnfpga.compiler.layers.scalar import Scalar
from nnfpga.compiler.number import Number
from nnfpga.compiler.plan import (
    Cost,
    Estimate,
    Folded,
    Goal,
    Implementation,
    Lanes,
    Plan,
    Unrolled,
    make_plan,
    total_cost,
)
from nnfpga.compiler.scalar.pieces import Line, Pieces
from nnfpga.compiler.weights import detect

ONE = fractions([1])
SMALL = Device("small", "ice40", 1000, 1000, 16, 4096, 0, Timing(1, 0.2, 2, 3))


def network() -> Graph:
    rng = np.random.default_rng(0)
    x = Tensor("x", (12,), Number.of(-8, 7), ONE, fractions([0]))
    first = Dense("fc", ("x",), detect(rng.integers(-8, 8, (6, 12))), ONE)
    wide = first.infer(x).number.union()
    relu = Pieces.of(int(wide.low), int(wide.high), [Line(int(wide.low), 0, 0, 0), Line(0, 1, 0, 6)])
    return Graph((x,), (first, Scalar("relu", ("fc",), (relu,), ONE), ArgMax("class", ("relu",))), ("class",))


GRAPH = network()


def model(graph: Graph, layer: Layer, choice: Implementation, device: Device) -> Cost:
    """A made-up cost: a hundred LUTs for each multiplier, cycles for what is left."""
    match choice:
        case Folded(pe, simd):
            units, cycles = pe * simd, 72 // (pe * simd)
        case Lanes(lanes):
            units, cycles = lanes / 10, graph.tensors[layer.inputs[0]].size // lanes
        case _:
            units, cycles = (72 if isinstance(layer, Dense) else 1), 1
    return Cost(Estimate(100.0 * units), Estimate(units), interval=Estimate(cycles), latency=Estimate(cycles + 2))


@pytest.mark.parametrize("goal", Goal)
@pytest.mark.parametrize("luts", [400, 1000, 3000, 10**6])
def test_plans_fit_and_name_every_layer(goal: Goal, luts: int) -> None:
    device = replace(SMALL, luts=luts)
    plan = make_plan(GRAPH, device, goal, 25.0, model)
    plan.check(GRAPH)
    assert (plan.device, plan.clock_mhz) == ("small", 25.0)
    assert total_cost(GRAPH, plan, device, model).lut.value <= 0.8 * luts


def test_goals_order() -> None:
    device = replace(SMALL, luts=5000)
    cost = {g: total_cost(GRAPH, make_plan(GRAPH, device, g, 25.0, model), device, model) for g in Goal}
    assert cost[Goal.AREA].lut.value == min(c.lut.value for c in cost.values())
    assert cost[Goal.THROUGHPUT].interval.value == min(c.interval.value for c in cost.values())
    assert cost[Goal.LATENCY].latency.value == min(c.latency.value for c in cost.values())
    assert cost[Goal.AREA].lut.value < cost[Goal.THROUGHPUT].lut.value


def test_without_limits_everything_is_unrolled() -> None:
    for goal in (Goal.LATENCY, Goal.THROUGHPUT):
        plan = make_plan(GRAPH, GENERIC, goal, 100.0, model)
        assert set(plan.choices.values()) == {Unrolled()}
    assert make_plan(GRAPH, GENERIC, Goal.AREA, 100.0, model).choices["fc"] == Folded(1, 1)


def test_reserved_logic_counts() -> None:
    free = make_plan(GRAPH, replace(SMALL, luts=3000), Goal.THROUGHPUT, 25.0, model)
    tight = make_plan(GRAPH, replace(SMALL, luts=3000), Goal.THROUGHPUT, 25.0, model, Cost(Estimate(2000.0)))
    sizes = [total_cost(GRAPH, p, SMALL, model).lut.value for p in (free, tight)]
    assert sizes[1] < sizes[0]
    assert sizes[1] + 2000 <= 2400


def test_too_large() -> None:
    with pytest.raises(CompileError) as caught:
        make_plan(GRAPH, replace(SMALL, luts=100), Goal.AREA, 25.0, model)
    assert str(caught.value) == (
        "the network is too large for small: its smallest form needs about 120 of 100 LUTs and 0 of 16 block RAMs "
        "(plans use at most 80% of the LUTs); choose a larger board or fewer bits"
    )


def with_tables(graph: Graph, layer: Layer, choice: Implementation, device: Device) -> Cost:
    """The made-up cost, where the function takes 600 LUTs unrolled, or a block RAM for each lane."""
    cost = model(graph, layer, choice, device)
    if not isinstance(layer, Scalar):
        return cost
    if isinstance(choice, Unrolled):
        return replace(cost, lut=Estimate(600.0))
    assert isinstance(choice, Lanes)
    return replace(cost, lut=Estimate(10.0), bram=Estimate(float(choice.lanes)))


@pytest.mark.parametrize(
    ("luts", "rams", "relu"), [(9900, 16, Unrolled()), (9300, 16, Lanes(6)), (9300, 5, None), (8900, 16, None)]
)
def test_functions_in_block_ram_let_an_unrolled_network_fit(luts: int, rams: int, relu: Implementation | None) -> None:
    """7,200 LUTs for the matrix, 600 or six RAMs for its function, 100 for the arg-max."""
    device = replace(SMALL, luts=luts, ffs=luts, brams=rams)
    plan = make_plan(GRAPH, device, Goal.LATENCY, 25.0, with_tables)
    plan.check(GRAPH)
    assert isinstance(plan.choices["fc"], Folded if relu is None else Unrolled)
    assert relu is None or plan.choices["relu"] == relu


def test_yaml_round_trip() -> None:
    plan = Plan("small", 12.5, {"fc": Folded(2, 3), "relu": Lanes(2), "class": Unrolled()})
    assert Plan.from_yaml(plan.to_yaml()) == plan
    assert plan.to_yaml() == (
        "device: small\nclock_mhz: 12.5\nlayers:\n  fc:\n    folded:\n      pe: 2\n      simd: 3\n"
        "  relu:\n    lanes:\n      lanes: 2\n  class:\n    unrolled: {}\n"
    )


def test_yaml_of_what_is_not_usual() -> None:
    plan = Plan("small", 12.5, {"fc": Unrolled(slack=0), "relu": Unrolled(effort=9)})
    assert plan.to_yaml().endswith("  fc:\n    unrolled:\n      slack: 0\n  relu:\n    unrolled:\n      effort: 9\n")
    assert Plan.from_yaml(plan.to_yaml()) == plan


@pytest.mark.parametrize("text", ["", "3", "layers: 3", "a: [", "device: x\nclock_mhz: fast\nlayers: {}", "layers: {}"])
def test_no_plan(text: str) -> None:
    with pytest.raises(CompileError, match=r"^plan: the file is no plan; write one with compile and edit it$"):
        Plan.from_yaml(text)


@pytest.mark.parametrize(
    "choice", [{"folded": {"pe": 1}}, {"folded": {"pe": 0, "simd": 1}}, {"magic": {}}, "unrolled",
               {"lanes": {"lanes": True}}, {"lanes": {"lanes": 1.5}}, {"unrolled": {"slack": -1}},
               {"unrolled": {"effort": 0}}, {"unrolled": {"depth": 1}}]
)  # fmt: skip
def test_no_implementation(choice: object) -> None:
    with pytest.raises(CompileError) as caught:
        Implementation.from_dict(choice)
    names = "folded, lanes, turns, unrolled"
    assert str(caught.value) == f"plan: {choice!r} is no implementation; write one of {names} with its parameters"


def test_a_plan_that_does_not_fit_the_graph() -> None:
    plan = Plan("small", 12.0, {"fc": Folded(4, 5), "relu": Lanes(2), "other": Unrolled()})
    with pytest.raises(CompileError) as caught:
        plan.check(GRAPH)
    assert str(caught.value).splitlines() == [
        "plan, layer 'class': has no choice; add it",
        "plan, layer 'other': is not in the model; remove it",
        "plan, layer 'fc': 5 lanes do not divide the 12 elements of 'x'; choose a divisor of 12",
        "plan, layer 'fc': 4 lanes do not divide the 6 elements of 'fc'; choose a divisor of 6",
    ]
