"""The search for widths, against trying them all."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.graph import Graph, Layer
from nnfpga.compiler.layers.arg_max import RealArgMax
from nnfpga.compiler.layers.dense import Dense, Linear
from nnfpga.compiler.layers.scalar import Apply, Scalar
from nnfpga.compiler.passes import Calibration, lower, quantize
from nnfpga.compiler.real import RealGraph, RealInput
from nnfpga.compiler.scalar.functions import Affine, Relu
from nnfpga.compiler.widths import Found, Memory, Samples, Widths, classes, search
from nnfpga.compiler.widths.prices import Knob, Price, Prices

RNG = np.random.default_rng(0)
CENTRES = RNG.random((4, 8))
TRUTH = RNG.integers(0, 4, 4000)
X = CENTRES[TRUTH] + RNG.normal(size=(4000, 8)) / 5
BIAS = Affine(np.ones(1), -np.square(CENTRES).sum(axis=1) / 2)  # the best class of equal normal clouds
ONE_LAYER = RealGraph(
    (RealInput("x", (8,)),),
    (Linear("fc", ("x",), CENTRES), Apply("s", ("fc",), BIAS), RealArgMax("class", ("s",))),
    ("class",),
)
MIDDLE = np.concatenate([np.eye(8) + RNG.normal(size=(8, 8)) / 50, -np.eye(8)])
TWO_LAYERS = RealGraph(
    (RealInput("x", (8,)),),
    (
        Linear("a", ("x",), MIDDLE),
        Apply("r", ("a",), Relu()),
        Linear("b", ("r",), CENTRES @ np.concatenate([np.eye(8), -np.eye(8)], axis=1)),
        Apply("s", ("b",), BIAS),
        RealArgMax("class", ("s",)),
    ),
    ("class",),
)


def digits(graph: Graph, layer: Layer) -> float:
    """A made-up price: weight bits times input bits, and the bits of functions."""
    wide = [graph.tensors[name].number.union().wire.width for name in (layer.inputs[0], layer.name)]
    if isinstance(layer, Dense):
        return float(layer.weights.bits * wide[0])
    return float(wide[1]) if isinstance(layer, Scalar) else 0.0


def weights_only(graph: Graph, layer: Layer) -> float:
    """Only weights cost something."""
    return float(layer.weights.bits) if isinstance(layer, Dense) else 0.0


def inputs_only(graph: Graph, layer: Layer) -> float:
    """Only what a matrix reads costs something."""
    return float(graph.tensors[layer.inputs[0]].number.union().wire.width) if isinstance(layer, Dense) else 0.0


def samples(graph: RealGraph) -> Samples:
    """The samples with the network's own scores."""
    last = graph.ops[-2].name
    return Samples(X, graph.evaluate(X)[last], TRUTH.astype(np.int64))


def halves(graph: RealGraph) -> tuple[Samples, Samples]:
    whole = samples(graph)
    return whole.part(slice(2000)), whole.part(slice(2000, 4000))


def found(graph: RealGraph, points: float, price: Price = digits, stated: Widths | None = None) -> Found:
    calibration = Calibration(graph.evaluate(X[:500]))
    return search(graph, calibration, stated or Widths(), halves(graph), points, price)


def losses(graph: RealGraph, widths: Widths) -> list[float]:
    """The bounds of what widths lose, on both halves."""
    quantised = quantize(graph, widths.calibrate(graph, Calibration(graph.evaluate(X[:500]))))
    result: list[float] = []
    for half in halves(graph):
        values = quantised.evaluate(half.x)
        result.append(half.drop(values[quantised.makers["class"].inputs[0]]).bound)
    return result


def cost(graph: RealGraph, widths: Widths, price: Price) -> float:
    lowered = lower(quantize(graph, widths.calibrate(graph, Calibration(graph.evaluate(X[:500])))))
    return sum(price(lowered, layer) for layer in lowered.layers)


@pytest.mark.parametrize("price", [digits, weights_only, inputs_only])
@pytest.mark.parametrize("points", [0.5, 2.0])
def test_one_layer_gets_the_cheapest_widths(price: Price, points: float) -> None:
    """Of all 49 pairs of widths none that keeps the drop on both halves is cheaper, whatever is paid for."""
    best = min(
        cost(ONE_LAYER, widths, price)
        for w, a in product(range(2, 9), repeat=2)
        if max(losses(ONE_LAYER, widths := Widths({"fc": w}, {"x": a}))) <= points
    )
    result = found(ONE_LAYER, points, price)
    assert max(losses(ONE_LAYER, result.widths)) <= points
    assert cost(ONE_LAYER, result.widths, price) == pytest.approx(best)
    assert best < cost(ONE_LAYER, Widths(), price)


def test_two_layers() -> None:
    """Twice the same, cheaper than eight bits, kept on samples that the search did not see; more drop costs less."""
    results = {points: found(TWO_LAYERS, points) for points in (0.5, 5.0)}
    assert results[0.5] == found(TWO_LAYERS, 0.5)
    for points, result in results.items():
        assert max(losses(TWO_LAYERS, result.widths)) <= points
        assert result.checked.bound <= points
        assert result.cost <= 0.8 * result.usual_cost
    assert results[5.0].cost < results[0.5].cost


def test_what_is_paid_for_is_saved() -> None:
    """Where only weights cost, inputs keep all their bits or spare them for nothing; and the other way round."""
    weights, inputs = found(TWO_LAYERS, 1.0, weights_only), found(TWO_LAYERS, 1.0, inputs_only)
    bits = [sum(w for w in result.widths.weights.values() if isinstance(w, int)) for result in (weights, inputs)]
    assert bits[0] < bits[1]


def test_stated_widths_stay() -> None:
    """What the user states is no knob."""
    result = found(TWO_LAYERS, 1.0, stated=Widths({"a": 7}, {"x": 6}))
    assert result.widths.weights["a"] == 7
    assert result.widths.activations["x"] == 6


def test_what_cannot_be_kept() -> None:
    """Too few samples for such a small drop."""
    few = samples(ONE_LAYER).part(slice(50))
    with pytest.raises(CompileError, match=r"option max-drop: 0\.5 points cannot be kept for sure: 16 bits everywhere"):
        search(ONE_LAYER, Calibration(ONE_LAYER.evaluate(X)), Widths(), (few, few), 0.5, digits)


def test_memory_gives_what_evaluation_gives() -> None:
    """Variants that share a beginning."""
    memory, values = Memory(X), TWO_LAYERS.evaluate(X[:500])
    for widths in (Widths(), Widths({"b": 3}), Widths({"b": 3}, {"a": 4}), Widths({"a": 3}), Widths()):
        quantised = quantize(TWO_LAYERS, widths.calibrate(TWO_LAYERS, Calibration(values)))
        for name in ("s", "r_q", "class"):
            assert np.array_equal(memory.evaluate(quantised, name), quantised.evaluate(X)[name])


def test_prices_are_those_of_the_mixed_network() -> None:
    """The table's matrices cost what they cost where all widths are mixed."""
    calibration = Calibration(TWO_LAYERS.evaluate(X[:500]))
    uniform = {b: quantize(TWO_LAYERS, Calibration(calibration.values, b)) for b in range(2, 9)}
    knobs = {"a": Knob("a", True), "b": Knob("b", True), "x_q": Knob("x", False), "r_q": Knob("a", False)}
    prices = Prices(uniform, knobs, digits)
    rng = np.random.default_rng(1)
    for _ in range(10):
        choice = {knob: int(rng.integers(2, 9)) for knob in knobs.values()}
        widths = Widths(
            {k.layer: b for k, b in choice.items() if k.weights},
            {k.layer: b for k, b in choice.items() if not k.weights},
        )
        assert prices.total(choice) == pytest.approx(cost(TWO_LAYERS, widths, digits), rel=0.02)


def test_drop_is_counted() -> None:
    """Lost less won, in percent; its bound is above, and falls with more samples."""
    truth = np.zeros(1000, np.int64)
    right, wrong = np.array([1.0, 0.0]), np.array([0.0, 1.0])
    before, after = np.tile(right, (1000, 1)), np.tile(right, (1000, 1))
    before[:10], after[10:30] = wrong, wrong
    drop = Samples(np.zeros((1000, 1)), before, truth).drop(after)
    assert drop.points == pytest.approx(1.0)
    assert drop.bound == pytest.approx((10 + 1.645 * 31**0.5) / 10)
    assert classes(np.array([[0.5], [-0.5]])).tolist() == [1, 0]
