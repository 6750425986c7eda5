"""Islands and whole networks under random stalls, in every mixture of implementations."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from importlib import import_module
from threading import current_thread, main_thread
from typing import Any

import numpy as np
import pytest

from nnfpga.compiler.circuit.adders import COMPILED, digit_count, planned
from nnfpga.compiler.circuit.ir import Add, Builder, Circuit, Clamp, Constant
from nnfpga.compiler.circuit.pipeline import schedule
from nnfpga.compiler.circuit.sharing import Shared, share
from nnfpga.compiler.device import GENERIC
from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.exact import fractions
from nnfpga.compiler.graph import Graph, Layer, Tensor
from nnfpga.compiler.layers.arg_max import ArgMax
from nnfpga.compiler.layers.convolution import Convolution
from nnfpga.compiler.layers.dense import Dense
from nnfpga.compiler.layers.extreme import Extremum
from nnfpga.compiler.layers.fill import Fill
from nnfpga.compiler.layers.join import Concatenation, Summation
from nnfpga.compiler.layers.pooling import AveragePooling, MaxPooling
from nnfpga.compiler.layers.product import Product
from nnfpga.compiler.layers.rearrange import Rearrange
from nnfpga.compiler.layers.reduction import ExtremeReduction, SumReduction
from nnfpga.compiler.layers.scalar import Scalar
from nnfpga.compiler.layers.sines import Sines, Waves
from nnfpga.compiler.layers.top_k import TopIndices, TopValues
from nnfpga.compiler.number import Number
from nnfpga.compiler.plan import Folded, Goal, Implementation, Lanes, Plan, Turns, Unrolled, make_plan
from nnfpga.compiler.scalar.functions import Affine, Relu
from nnfpga.compiler.scalar.pieces import Line, Pieces
from nnfpga.compiler.scalar.quantizer import Quantizer
from nnfpga.compiler.scalar.solve import solve
from nnfpga.compiler.weights import detect
from nnfpga.rtl import costs
from nnfpga.rtl.beat import Edge
from nnfpga.rtl.island import Island
from nnfpga.rtl.network import Network
from nnfpga.rtl.unrolled import circuit_of

UNITS = "_units"
ONE, ZERO = fractions([1]), fractions([0])


def layers_of(x: Tensor, *widths: int) -> Graph:
    """A multilayer perceptron with random weights, ReLU between, arg-max at its end."""
    rng = np.random.default_rng(0)
    layers: list[Layer] = []
    tensor = x

    def add(layer: Layer) -> Tensor:
        layers.append(layer)
        return layer.infer(tensor)

    for n, width in enumerate(widths):
        weights = detect(rng.integers(-7, 8, (width, tensor.size)))
        tensor = add(Dense(f"sum{n}", (tensor.name,), weights, ONE))
        if n < len(widths) - 1:
            chain = [Affine(np.ones(1), rng.integers(-9, 9, width).astype(float)), Relu()]
            low, high = (tensor.number.broadcast((width,)).low, tensor.number.broadcast((width,)).high)
            q = Quantizer(fractions([16]), 0, 7)
            pieces = (solve(chain, q, int(low[c]), int(high[c]), Fraction(1), Fraction(0), c) for c in range(width))
            tensor = add(Scalar(f"relu{n}", (tensor.name,), tuple(pieces), ONE))
    add(ArgMax("class", (tensor.name,)))
    return Graph((x,), tuple(layers), ("class",))


GRAPH = layers_of(Tensor("x", (6,), Number.of(-8, 7), ONE, ZERO), 8, 4, 4)
F, L, U = Folded, Lanes, Unrolled()
MIXTURES: dict[str, tuple[Implementation, ...]] = {
    "all unrolled": (U, U, U, U, U, U),
    "folded, unrolled, folded": (F(2, 3), L(2), U, U, F(1, 2), L(1)),
    "unrolled, folded, unrolled": (U, U, F(1, 2), L(1), U, U),
    "all serial": (F(1, 1), L(1), F(1, 1), L(1), F(1, 1), L(1)),
    "awkward widths": (F(4, 6), L(1), F(2, 4), L(4), F(4, 1), L(2)),
    "folded, scalar unrolled": (F(2, 2), U, F(2, 8), U, F(2, 2), U),
}


def plan_of(graph: Graph, choices: tuple[Implementation, ...], clock: float = 100.0) -> Plan:
    return Plan("generic", clock, {n.name: c for n, c in zip(graph.layers, choices, strict=True)})


def batch(graph: Graph, count: int = 12) -> np.ndarray:
    (x,) = graph.inputs
    return np.random.default_rng(1).integers(int(x.number.low), int(x.number.high) + 1, (count, *x.shape))


@pytest.mark.parametrize("mixture", MIXTURES)
def test_mixtures_agree_with_the_integers(harness: Any, mixture: str) -> None:
    plan = plan_of(GRAPH, MIXTURES[mixture])
    network = Network(GRAPH, plan, GENERIC)
    x = batch(GRAPH)
    y = GRAPH.evaluate(x)["class"]
    run = harness.check(lambda: Network(GRAPH, plan, GENERIC), network.i_edge, network.o_edge, x, y)
    if mixture == "all unrolled":
        assert (np.diff(run.delivered) == 1).all(), "one sample a cycle"


@pytest.mark.parametrize("layer", ["sum1", "relu0"])
def test_every_inner_value(harness: Any, layer: str) -> None:
    end = [n.name for n in GRAPH.layers].index(layer) + 1
    part = Graph(GRAPH.inputs, GRAPH.layers[:end], (layer,))
    plan = plan_of(part, MIXTURES["folded, unrolled, folded"][:end])
    network = Network(part, plan, GENERIC)
    x = batch(part)
    harness.check(lambda: Network(part, plan, GENERIC), network.i_edge, network.o_edge, x, part.evaluate(x)[layer])


def test_a_wrong_expectation_is_noticed(harness: Any) -> None:
    plan = plan_of(GRAPH, MIXTURES["folded, unrolled, folded"])
    network = Network(GRAPH, plan, GENERIC)
    x = batch(GRAPH)
    y = GRAPH.evaluate(x)["class"]
    y[7] = (y[7] + 1) % 4
    with pytest.raises(AssertionError, match=r"first wrong \(sample, element\) \[7 0\]"):
        harness.check(lambda: Network(GRAPH, plan, GENERIC), network.i_edge, network.o_edge, x, y)


@pytest.mark.parametrize("free_running", [False, True])
@pytest.mark.parametrize(("clock", "spread"), [(20.0, 0.0), (300.0, 0.0), (300.0, 1.2)])
def test_pipelined_island(harness: Any, clock: float, spread: float, free_running: bool) -> None:
    """With a net that takes long, its wires have stages of their own."""
    graph = Graph(GRAPH.inputs, GRAPH.layers[:3], ("sum1",))
    circuit = circuit_of(graph, list(graph.layers))
    plan = schedule(circuit, replace(GENERIC.timing, spread_ns=spread), clock)
    assert plan.far == (spread > 0)
    i, o = Edge.of(graph.inputs[0], 6), Edge.of(graph.tensors["sum1"], 4)
    x = batch(graph, 20)
    island = Island(circuit, plan, i, o, free_running=free_running)
    run = harness.check(
        lambda: Island(circuit, plan, i, o, free_running=free_running), i, o, x, graph.evaluate(x)["sum1"]
    )
    assert run.delivered[0] - run.accepted[0] == island.latency
    assert (np.diff(run.delivered) == 1).all()
    assert (plan.stages > 1) == (clock > 20)


@pytest.mark.parametrize("clock", [20.0, 300.0])
def test_bipolar_island(harness: Any, clock: float) -> None:
    """Signs through a bipolar layer with thresholds and a second one: sums of bits as full adders."""
    rng = np.random.default_rng(3)
    first, second = rng.choice([-1, 1], (20, 9)), rng.choice([-1, 1], (3, 20))
    steps = [Pieces.of(-9, 9, [Line(-9, 0, -1, 0), Line(int(t), 0, 1, 0)]) for t in rng.integers(-4, 5, 20)]
    x = Tensor("x", (9,), Number.of(-1, 1, 2), ONE, ZERO)
    layers: tuple[Layer, ...] = (
        Dense("a", ("x",), detect(first), fractions(np.ones(20))),
        Scalar("h", ("a",), tuple(steps), ONE),
        Dense("y", ("h",), detect(second), fractions(np.ones(3))),
    )
    graph = Graph((x,), layers, ("y",))
    circuit = circuit_of(graph, list(layers))
    plan = schedule(circuit, GENERIC.timing, clock)
    assert (plan.stages > 1) == (clock > 20)
    i, o = Edge.of(x, 9), Edge.of(graph.tensors["y"], 3)
    values = rng.choice([-1, 1], (40, 9))
    harness.check(lambda: Island(circuit, plan, i, o), i, o, values, graph.evaluate(values)["y"])


def test_constants_and_passed_inputs_keep_step(harness: Any) -> None:
    """An output that is an input, and one that is a constant, beside one that takes several stages."""
    n = Number.of(-8, 7)
    builder = Builder((n, n))
    a, b = builder.start()
    total = a
    for _ in range(6):
        total = builder.add(Add(total, b, 0, 1))
    circuit = builder.finish([a, builder.add(Clamp(total, -9, 9)), builder.add(Clamp(total, 3, 3))])
    plan = schedule(circuit, GENERIC.timing, 300.0)
    assert plan.stages > 2
    i, o = Edge(n, 2, 1), Edge(Number.of(-9, 9), 3, 1)
    x = np.random.default_rng(0).integers(-8, 8, (20, 2))
    harness.check(lambda: Island(circuit, plan, i, o), i, o, x, circuit.evaluate(x))


def test_rearrange(harness: Any) -> None:
    x = Tensor("x", (2, 3), Number.of(-4, 3), ONE, ZERO)
    layer = Rearrange("y", ("x",), np.array([5, 0, 3, 1, 4, 2]))
    graph = Graph((x,), (layer,), ("y",))
    plan = plan_of(graph, (U,))
    network = Network(graph, plan, GENERIC)
    data = batch(graph)
    harness.check(lambda: Network(graph, plan, GENERIC), network.i_edge, network.o_edge, data, layer.evaluate(data))


@pytest.mark.parametrize("low", [-200, -8])
def test_squares_and_reductions(harness: Any, low: int) -> None:
    x = Tensor("x", (4, 3), Number.of(low, 7), ONE, ZERO)
    layers: list[Layer] = [
        Product("square", ("x", "x")),
        ExtremeReduction("most", ("square",), (1,), (4, 3), False),
        SumReduction("sum", ("most",), (0, 1), (4, 1), 1),
    ]
    graph = Graph((x,), tuple(layers), ("sum",))
    plan = plan_of(graph, (U, U, U))
    network = Network(graph, plan, GENERIC)
    data = batch(graph)
    harness.check(
        lambda: Network(graph, plan, GENERIC), network.i_edge, network.o_edge, data, graph.evaluate(data)["sum"]
    )


PADDED = Fill("y", ("x",), np.array([-1, 3, 0, -1, 7]), np.array([-9, 0, 0, 5, 0]), 3)


@pytest.mark.parametrize(
    "layer", [TopIndices("y", ("x",), 2, True, True, 4), TopValues("y", ("x",), 2, False, 4), PADDED]
)
def test_rankings_and_padding(harness: Any, layer: Layer) -> None:
    x = Tensor("x", (2, 4), Number.of(-2, 3), ONE, ZERO)
    graph = Graph((x,), (layer,), ("y",))
    plan = plan_of(graph, (U,))
    network = Network(graph, plan, GENERIC)
    data = batch(graph)
    harness.check(lambda: Network(graph, plan, GENERIC), network.i_edge, network.o_edge, data, layer.evaluate(data))


@pytest.mark.parametrize("choice", [U, Turns(1, 2)], ids=str)
def test_sines(harness: Any, choice: Implementation) -> None:
    x = Tensor("x", (4,), Number.of(0, 7), ONE, ZERO)
    angles = np.random.default_rng(0).integers(-8, 8, (3, 4))
    graph = Graph((x,), (Sines("y", ("x",), angles, Waves.of(3, 6.5), Fraction(1)),), ("y",))
    network = Network(graph, plan := plan_of(graph, (choice,)), GENERIC)
    data = batch(graph)
    harness.check(
        lambda: Network(graph, plan, GENERIC), network.i_edge, network.o_edge, data, graph.evaluate(data)["y"]
    )


@pytest.mark.parametrize("clock", [20.0, 300.0])
def test_branches(harness: Any, clock: float) -> None:
    x = Tensor("x", (4,), Number.of(-8, 7), ONE, ZERO)
    layers = [
        Dense("a", ("x",), detect(np.random.default_rng(2).integers(-7, 8, (4, 4))), ONE),
        Summation("b", ("a", "x"), (np.array([2]), np.array([-3]))),
        Product("c", ("x", "b")),
        Extremum("d", ("c", "a"), (1, 2), True),
        Concatenation("e", ("d", "x"), (1, 3), (4, 4)),
    ]
    graph = Graph((x,), tuple(layers), ("e",))
    plan = plan_of(graph, (U,) * 5, clock)
    network = Network(graph, plan, GENERIC)
    data = batch(graph, 30)
    run = harness.check(
        lambda: Network(graph, plan, GENERIC), network.i_edge, network.o_edge, data, graph.evaluate(data)["e"]
    )
    assert (np.diff(run.delivered) == 1).all()


def test_every_pair_that_is_planned_is_tested() -> None:
    """Units of layers have their own files; everything has Unrolled."""
    units = {(Dense, Folded), (Scalar, Lanes), (ArgMax, Lanes), (Rearrange, Lanes), (Sines, Turns)}
    assert {*getattr(import_module("nnfpga.rtl._build"), UNITS)} == units
    unrolled = {type(n) for n in GRAPH.layers} | {Rearrange, Product, SumReduction, ExtremeReduction}
    unrolled |= {TopIndices, TopValues, Fill, Summation, Concatenation, Extremum, Sines}
    images = {Convolution, MaxPooling, AveragePooling}  # tests/nnfpga/test_images.py
    assert unrolled | images == {*Layer.__subclasses__()}


@pytest.mark.parametrize("goal", Goal)
def test_what_the_planner_makes_is_right(harness: Any, goal: Goal) -> None:
    plan = make_plan(GRAPH, GENERIC, goal, 100.0, costs)
    network = Network(GRAPH, plan, GENERIC)
    x = batch(GRAPH, 6)
    got, _ = harness.drive(Network(GRAPH, plan, GENERIC), network.i_edge, network.o_edge, x, (0.3, 0.3))
    assert np.array_equal(got, GRAPH.evaluate(x)["class"])


def test_a_choice_of_depth_and_effort() -> None:
    """A layer's own choice is what its adders are made by."""
    rng = np.random.default_rng(0)
    x = Tensor("x", (32,), Number.of(-8, 7), fractions([1]), fractions([0]))
    weights = rng.integers(-128, 128, (8, 32))
    graph = Graph((x,), (Dense("fc", ("x",), detect(weights), fractions([1])),), ("fc",))

    def levels(choice: Unrolled) -> int:
        circuit = circuit_of(graph, list(graph.layers), choices={"fc": choice})
        inputs = rng.integers(-8, 8, (20, 32))
        assert np.array_equal(circuit.evaluate(inputs), graph.evaluate(inputs)["fc"])
        depths: list[int] = []
        for node in circuit.nodes:
            sums = isinstance(node, Add) and not isinstance(circuit.nodes[node.a], Constant)  # no change of sign
            depths.append(sums + max((depths[v] for v in node.reads), default=0))
        return max(depths)

    least = (max(map(digit_count, weights)) - 1).bit_length()
    assert levels(Unrolled(slack=0, effort=1)) == least
    assert least < levels(Unrolled(slack=1, effort=1)) <= least + 1


@pytest.mark.skipif(not COMPILED, reason="needs llvmlite")
def test_matrices_are_searched_side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    """On two cores neither matrix is left for the main thread, and the circuit is that of one core."""
    graph = layers_of(Tensor("x", (24,), Number.of(-8, 7), ONE, ZERO), 24, 16)
    inside: list[bool] = []

    def recorded(*args: Any, **options: Any) -> Shared:
        inside.append(current_thread() is main_thread())
        return share(*args, **options)

    monkeypatch.setattr("nnfpga.compiler.circuit.sharing.share", recorded)
    made: list[Circuit] = []
    for cores in (1, 2):
        monkeypatch.setattr("os.cpu_count", lambda cores=cores: cores)
        planned.cache_clear()
        made.append(circuit_of(graph, list(graph.layers)))
    assert inside == [True, True, False, False]
    assert str(made[0]) == str(made[1])


def test_no_hardware() -> None:
    plan = plan_of(GRAPH, (U, F(1, 1), U, U, U, U))
    with pytest.raises(CompileError) as caught:
        Network(GRAPH, plan, GENERIC)
    text = "layer 'relu0': Scalar has no hardware in the form Folded(pe=1, simd=1); choose one of: Lanes, Unrolled"
    assert str(caught.value) == text


def test_several_outputs_and_empty_graphs() -> None:
    x = GRAPH.inputs[0]
    with pytest.raises(CompileError) as caught:
        Network(Graph((x,), (), ("x",)), Plan("generic", 100.0, {}), GENERIC)
    assert str(caught.value) == "the graph: nothing is left to compute; give a network with layers"
    two = Graph((x,), (ArgMax("a", ("x",)), ArgMax("b", ("x",))), ("a", "b"))
    with pytest.raises(CompileError) as caught:
        Network(two, plan_of(two, (U, U)), GENERIC)
    assert str(caught.value) == "the graph: several outputs have no hardware yet; keep one output"


def test_edges_of_an_island() -> None:
    circuit = circuit_of(GRAPH, list(GRAPH.layers))
    edge = Edge.of(GRAPH.inputs[0], 3)
    with pytest.raises(ValueError, match=r"^edges of an island must have one beat, not 2 and 2$"):
        Island(circuit, schedule(circuit, GENERIC.timing, 50.0), edge, edge)
    with pytest.raises(ValueError, match=r"^lanes must divide the 6 elements of 'x', not 4$"):
        Edge.of(GRAPH.inputs[0], 4)
