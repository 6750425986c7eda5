"""Bounds of the error: no input exceeds them, whatever the functions are; for few inputs they are near what occurs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnfpga.compiler.bound import error_bound
from nnfpga.compiler.exact import Ints
from nnfpga.compiler.formats import parse
from nnfpga.compiler.graph import Graph
from nnfpga.compiler.layers.dense import Linear
from nnfpga.compiler.layers.host_affine import HostAffine
from nnfpga.compiler.layers.product import RealProduct
from nnfpga.compiler.layers.rearrange import RealRearrange
from nnfpga.compiler.layers.reduction import ReduceSum
from nnfpga.compiler.layers.scalar import Apply, Scalar
from nnfpga.compiler.passes import Calibration, Entry, cut_input, entry, lower, optimise, sample_values, to_fixed_point
from nnfpga.compiler.real import Op, RealGraph, RealInput
from nnfpga.compiler.scalar.curves import Exp
from nnfpga.compiler.scalar.functions import Affine, Sigmoid
from nnfpga.compiler.scalar.pieces import Line, Pieces
from nnfpga.compiler.scalar.rational import PerChannel, Quadratic

BITS = 5


def network(rng: np.random.Generator, inputs: int, units: int, shared: bool, ends: bool) -> RealGraph:
    """Gaussians of distances to centres, their sum, and a sigmoid where it ``ends`` in one."""
    centres, width = rng.uniform(-0.8, 0.8, (units, inputs)), rng.uniform(0.5, 3.0, units)
    ops: list[Op] = []
    if shared:
        squares = (*[Quadratic(0.0, 1.0, 0.0)] * inputs, *[Quadratic(1.0, 0.0, 0.0)] * inputs)
        weight = np.concatenate([-2 * centres, np.ones_like(centres)], axis=1) * width[:, None]
        ops += [
            RealRearrange("of", ("x",), np.arange(2 * inputs) % inputs),
            Apply("squares", ("of",), PerChannel(squares)),
            Linear("d", ("squares",), weight),
        ]
    else:
        functions = [Quadratic(w, -2 * w * c, w * c**2) for w, row in zip(width, centres, strict=True) for c in row]
        ops += [
            RealRearrange("of", ("x",), np.arange(units * inputs) % inputs),
            Apply("functions", ("of",), PerChannel(tuple(functions))),
            RealRearrange("rows", ("functions",), np.arange(units * inputs).reshape(units, inputs)),
            ReduceSum("sums", ("rows",), (1,)),
            RealRearrange("d", ("sums",), np.arange(units)),
        ]
    ops += [
        Apply("minus", ("d",), Affine(-np.ones(1), -(width * (centres**2).sum(axis=1)) if shared else np.zeros(1))),
        Apply("e", ("minus",), Exp()),
        Linear("z", ("e",), rng.uniform(-2, 2, (1, units))),
    ]
    last = [Apply("y", ("z",), Sigmoid())] if ends else [RealRearrange("y", ("z",), np.array([0]))]
    return RealGraph((RealInput("x", (inputs,)),), (*ops, *last), ("y",))


def integers(real: RealGraph, bits: int = 6) -> tuple[Graph, Entry]:
    """The integer graph of a network for inputs ``fixed<BITS,1>``."""
    x = np.random.default_rng(0).uniform(-1, 1, (500, *real.inputs[0].shape))
    values = dict(sample_values(real, x))
    quantised = to_fixed_point(real, Calibration(values, bits, parse(f"fixed<{BITS},1>")))
    return optimise(lower(quantised)), entry(quantised)


def codes(inputs: int) -> Ints:
    """All of them."""
    one = np.arange(-(1 << BITS - 1), 1 << BITS - 1)
    return np.stack(np.meshgrid(*[one] * inputs), axis=-1).reshape(-1, inputs)


def occurs(graph: Graph, real: RealGraph) -> float:
    """The greatest error over all codes."""
    x = codes(graph.inputs[0].size)
    found = graph.tensors[graph.outputs[0]].real(graph.evaluate(x)[graph.outputs[0]])
    wanted = real.evaluate(x * 2.0 ** (1 - BITS))[real.outputs[0]]
    return float(np.abs(found.reshape(len(x), -1) - wanted.reshape(len(x), -1)).max())


def mutated(graph: Graph, rng: np.random.Generator, by: int) -> Graph:
    """The graph with some values of its functions changed, as loosening does."""

    def jittered(function: Pieces) -> Pieces:
        x = np.arange(function.low, function.high + 1)
        least, most = function.range
        values = np.clip(function(x) + rng.integers(-by, by + 1, x.shape), least, most)
        return Pieces.of(
            function.low, function.high, [Line(v, 0, y, 0) for v, y in zip(x.tolist(), values.tolist(), strict=True)]
        )

    layers = [replace(n, pieces=tuple(map(jittered, n.pieces))) if isinstance(n, Scalar) else n for n in graph.layers]
    return replace(graph, layers=tuple(layers))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1 << 32), st.integers(1, 2), st.booleans(), st.booleans(), st.integers(0, 3))
def test_no_input_exceeds_the_bound(seed: int, inputs: int, shared: bool, ends: bool, by: int) -> None:
    rng = np.random.default_rng(seed)
    real = network(rng, inputs, 3, shared, ends)
    graph, way = integers(real)
    graph = mutated(cut_input(graph, int(rng.integers(3, BITS + 1))), rng, by)
    error = occurs(graph, real)
    bound = error_bound(graph, way, real, error)
    assert bound is not None
    assert error <= bound.error <= 1.021 * error + 1e-6


@pytest.mark.parametrize("shared", [False, True])
def test_a_few_boxes_are_enough_for_a_bound(shared: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nnfpga.compiler.bound.ROUNDS_OF_MANY", 2)
    rng = np.random.default_rng(4)
    real = network(rng, 3, 3, shared, True)
    graph, way = integers(real)
    graph = mutated(graph, rng, 1)
    error, bound = occurs(graph, real), error_bound(graph, way, real)
    assert bound is not None
    assert error <= bound.error < 0.3


def test_a_single_wrong_value_is_seen() -> None:
    """One entry of one Gaussian, which few codes meet."""
    real = network(np.random.default_rng(1), 2, 2, True, True)
    graph, way = integers(real)
    before = error_bound(graph, way, real)
    layer = next(n for n in graph.layers if isinstance(n, Scalar) and n.inputs[0] == "d")
    wrong_at = np.array([3, -5])
    x = graph.evaluate(wrong_at[None], keep=["d"])["d"][0]
    wrong = layer.pieces[0](np.arange(layer.pieces[0].low, layer.pieces[0].high + 1))
    wrong[int(x[0]) - layer.pieces[0].low] += 100
    lines = [Line(layer.pieces[0].low + k, 0, y, 0) for k, y in enumerate(wrong.tolist())]
    pieces = (Pieces.of(layer.pieces[0].low, layer.pieces[0].high, lines), *layer.pieces[1:])
    other = replace(graph, layers=tuple(replace(layer, pieces=pieces) if n is layer else n for n in graph.layers))
    after = error_bound(other, way, real)
    assert before is not None
    assert after is not None
    assert after.error >= occurs(other, real) > before.error
    assert (after.worst[-1] == wrong_at).all()


def test_many_inputs_have_a_bound() -> None:
    real = network(np.random.default_rng(2), 8, 3, False, True)
    graph, way = integers(real)
    x = np.random.default_rng(3).integers(-16, 16, (20_000, 8))
    found = graph.tensors["y_q"].real(graph.evaluate(x)["y_q"])
    error = float(np.abs(found - real.evaluate(x * 2.0 ** (1 - BITS))["y"]).max())
    bound = error_bound(graph, way, real)
    assert bound is not None
    assert error <= bound.error < 0.3


def test_the_host_may_scale_first() -> None:
    """Raw inputs in thousands and in thousandths."""
    rng = np.random.default_rng(5)
    slope, intercept = np.array([0.001, 300.0]), np.array([-5.0, 0.2])
    scaled = HostAffine("x", ("raw",), Affine(slope, intercept))
    real = RealGraph((RealInput("raw", (2,)),), (scaled, *network(rng, 2, 3, False, True).ops), ("y",))
    raw = (rng.uniform(-1, 1, (500, 2)) - intercept) / slope
    values = dict(sample_values(real, raw))
    quantised = to_fixed_point(real, Calibration(values, 6))
    graph, way = optimise(lower(quantised)), entry(quantised)
    low, high = (int(v) for v in (graph.inputs[0].number.low.min(), graph.inputs[0].number.high.max()))
    x = rng.integers(low, high + 1, (20_000, 2))
    found = graph.tensors["y_q"].real(graph.evaluate(x)["y_q"])
    error = float(np.abs(found - real.evaluate((graph.inputs[0].real(x) - intercept) / slope)["y"]).max())
    bound = error_bound(graph, way, real, error)
    assert bound is not None
    assert error <= bound.error < 1.1 * error


@pytest.mark.parametrize("name", ["squares", "other"])
def test_what_cannot_be_followed_has_none(name: str) -> None:
    """A product, or a layer that stands for nothing in the real network."""
    first: Op = RealProduct("squares", ("x", "x"))
    real = RealGraph((RealInput("x", (2,)),), (first, Apply("y", ("squares",), Sigmoid())), ("y",))
    if name == "other":
        real = RealGraph(real.inputs, (Apply("y", ("x",), Sigmoid()),), ("y",))
    graph, way = integers(real)
    if name == "other":
        real = RealGraph(real.inputs, (Apply("other", ("x",), Sigmoid()),), ("other",))
    assert error_bound(graph, way, real) is None
