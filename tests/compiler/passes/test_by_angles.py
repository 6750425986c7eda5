"""Matrices of sines behind sines: what is found, and that the function stays."""

from __future__ import annotations

from fractions import Fraction
from math import pi
from typing import Any

import numpy as np
import pytest
from onnx import NodeProto, TensorProto, helper, numpy_helper

from nnfpga.compiler.frontend import import_model
from nnfpga.compiler.layers.dense import Linear
from nnfpga.compiler.layers.scalar import Apply
from nnfpga.compiler.layers.sines import RealSines, Waves
from nnfpga.compiler.passes import by_angles, simplify
from nnfpga.compiler.real import RealGraph

QUARTER = np.float32(pi / 2)
CLIP, SIN = ("Clip", ["zero", "quarter"]), ("Sin", [])
X = np.random.default_rng(1).uniform(-3, 3, (200, 4))


def imported(nodes: list[NodeProto], given: dict[str, Any]) -> RealGraph:
    """The network of these nodes and constants, from 4 values ``x`` to 3 values ``y``."""
    graph = helper.make_graph(
        nodes, "g", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 3])],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in given.items()],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
    return simplify(import_model(model).graph)


def network(*before: tuple[str, list[str]], weight: str = "Sin", rows: float = 1.0, zeros: int = 0) -> RealGraph:
    """Functions of the input, then a matrix that is a function of a constant.

    ``rows`` scales the last row's angles, ``zeros`` of each row are 0.
    """
    angles = np.random.default_rng(0).uniform(-1.5, 1.5, (4, 3)).astype(np.float32)
    angles[:, -1] *= rows
    angles[:zeros] = 0
    nodes, x = list[NodeProto](), "x"
    for n, (kind, others) in enumerate(before):
        nodes.append(helper.make_node(kind, [x, *others], [f"t{n}"]))
        x = f"t{n}"
    nodes += [helper.make_node(weight, ["angles"], ["w"]), helper.make_node("MatMul", [x, "w"], ["y"])]
    given = {"angles": angles, "zero": np.float32(0), "quarter": QUARTER, "half": np.float32(0.5)}
    return imported(nodes, given)


@pytest.mark.parametrize(
    ("before", "scale"),
    [((CLIP, SIN), 1), ((SIN,), 0), ((SIN, ("Relu", [])), 0.5), ((("Relu", []), SIN), 0.5), ((("Abs", []), SIN), 0.5)],
)
def test_found_and_the_same_function(before: tuple[tuple[str, list[str]], ...], scale: float) -> None:
    graph = network(*before)
    x = scale * X if scale else np.abs(X) / 2
    values = graph.evaluate(x)
    found = by_angles(graph, values)
    assert [type(op) for op in found.ops if isinstance(op, Linear | RealSines)] == [RealSines]
    np.testing.assert_allclose(found.evaluate(x)["y"], values["y"], atol=1e-6)


@pytest.mark.parametrize(
    ("before", "x"), [((SIN, ("Relu", [])), 5 * X), ((SIN,), np.abs(X)), ((SIN,), np.abs(X) + 6.3)]
)
def test_angles_beyond_a_quarter_turn_are_folded(before: tuple[tuple[str, list[str]], ...], x: np.ndarray) -> None:
    graph = network(*before)
    values = graph.evaluate(x)
    found = by_angles(graph, values)
    assert [type(op) for op in found.ops] == [Apply, RealSines]
    np.testing.assert_allclose(found.evaluate(x)["y"], values["y"], atol=1e-6)


@pytest.mark.parametrize(
    ("graph", "x"),
    [
        (network(SIN), X),  # angles below zero
        (network(SIN), 2 * np.abs(X)),  # and beyond half a turn
        (network(("Clip", ["half", "quarter"])), X),  # no sine
        (network(CLIP, SIN, weight="Tanh"), X),
        (network(CLIP, SIN, weight="Identity"), X),
        (network(CLIP, SIN, rows=0.1), X),  # a row of small angles
        (network(CLIP, SIN, zeros=1), X),
    ],
)
def test_left_alone(graph: RealGraph, x: np.ndarray) -> None:
    assert by_angles(graph, graph.evaluate(x)) is graph


def test_a_transposed_matrix() -> None:
    angles = np.random.default_rng(0).uniform(-1.5, 1.5, (3, 4)).astype(np.float32)
    nodes = [
        helper.make_node("Clip", ["x", "zero", "quarter"], ["c"]),
        helper.make_node("Sin", ["c"], ["s"]),
        helper.make_node("Sin", ["angles"], ["w"]),
        helper.make_node("Gemm", ["s", "w"], ["y"], transB=1),
    ]
    given = {"angles": angles, "zero": np.float32(0), "quarter": QUARTER}
    real = imported(nodes, given)
    found = by_angles(real, real.evaluate(X))
    assert [type(op) for op in found.ops if isinstance(op, RealSines)] == [RealSines]
    np.testing.assert_allclose(found.evaluate(X)["y"], np.sin(np.clip(X, 0, pi / 2)) @ np.sin(angles).T, atol=1e-6)


def test_a_clip_that_changes_the_angle_stays() -> None:
    graph = network(("Clip", ["half", "quarter"]), SIN)
    values = graph.evaluate(X)
    found = by_angles(graph, values)
    assert len(found.ops) == 2
    np.testing.assert_allclose(found.evaluate(X)["y"], values["y"], atol=1e-6)


@pytest.mark.parametrize("bits", [1, 4, 6])
@pytest.mark.parametrize("gain", [0.25, 1.0, 3.7])
def test_steps_are_near_the_angles(bits: int, gain: float) -> None:
    """Against the real product at the middle of each step."""
    rng = np.random.default_rng(bits)
    op = RealSines("y", ("x",), gain * np.sin(rng.uniform(-pi / 2, pi / 2, (5, 64))))
    made = op.quantised(bits, Fraction(1, 8))
    steps = rng.integers(0, 1 << bits, (100, 64))
    x = steps * (pi / 2) / 2**bits
    error = made.evaluate(x) - np.sin(x) @ op.weight.T
    # angles half a step off and two rounded cosines, as if they were independent
    assert error.std() < gain * np.sqrt(64) * (0.5 * pi / 2 + 1) / 2**bits


@pytest.mark.parametrize(("bits", "amplitude"), [(1, 1.0), (3, 4.2), (6, 32.0), (6, 45.2)])
def test_waves_are_the_nearest_integers(bits: int, amplitude: float) -> None:
    waves, n = Waves.of(bits, amplitude), 1 << bits
    middle = (np.arange(-n, n) + 0.5) * pi / 2 / n
    assert np.abs(waves.even - amplitude * np.cos(middle)).max() <= 1
    assert np.abs(np.asarray(waves.odd) + 0.5 - amplitude * np.sin(middle)).max() <= 0.5 + 1e-9
    for (low, high), now in zip(waves.within(1.0), (waves.even, waves.odd), strict=True):
        assert (low <= now).all()
        assert (now <= high).all()
        assert (high - low).max() <= 2


@pytest.mark.parametrize("bits", [1, 3, 4])
def test_products_within_an_error(bits: int) -> None:
    waves, n = Waves.of(bits, 2.0**bits), 1 << bits
    low, high = waves.products_within(1.0)
    for k in range(n):
        for a in range(n):
            real = 2 * 2**bits * np.sin(a * pi / 2 / n) * np.sin((k + 0.5) * pi / 2 / n)
            allowed = [p for p in range(2 * 2**bits + 2) if abs(p - real) <= 1]
            assert allowed == list(range(low[n * k + a], high[n * k + a] + 1))
