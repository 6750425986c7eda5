"""``--max-error``: the error holds on every input, the RTL is the integer model, and what cannot be kept is refused."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper, numpy_helper

import nnfpga
from nnfpga.compiler.bound import Bound
from nnfpga.compiler.exact import fractions
from nnfpga.compiler.graph import Graph, Tensor
from nnfpga.compiler.layers.reduction import ReduceSum, SumReduction
from nnfpga.compiler.layers.scalar import Scalar
from nnfpga.compiler.number import Number
from nnfpga.compiler.passes import Entry, loosen
from nnfpga.compiler.real import RealGraph, RealInput, Reals
from nnfpga.compiler.scalar.pieces import Line, Pieces
from nnfpga.compiler.scalar.quantizer import Quantizer
from nnfpga.max_error import ErrorFound, searched

from .conftest import write_graph

CHOICES: dict[str, Any] = {
    "input_format": "fixed<6,1>", "output": "scores", "device": "lfe5u-12f", "emit": "rtl", "samples": 64,
}  # fmt: skip


def sigmoids(path: Path) -> Path:
    """``0.7 sigmoid(3.3 x + 0.5) - 1.2 sigmoid(0.3 - 1.9 x) + 0.1``."""
    known = {"v": [[3.3, -1.9]], "a": [0.5, 0.3], "w": [[0.7], [-1.2]], "b": [0.1]}
    nodes = [
        helper.make_node("Gemm", ["x", "v", "a"], ["h"]),
        helper.make_node("Sigmoid", ["h"], ["s"]),
        helper.make_node("Gemm", ["s", "w", "b"], ["y"]),
    ]
    write_graph(
        path, nodes, [numpy_helper.from_array(np.array(v, dtype=np.float32), n) for n, v in known.items()], 1, "y"
    )
    return path


def sigmoid(x: Reals) -> Reals:
    """In float64."""
    return 1 / (1 + np.exp(-x))


def test_the_error_holds_on_every_input(tmp_path: Path) -> None:
    x = np.arange(-32, 32).reshape(-1, 1) / 32
    design = nnfpga.compile(sigmoids(tmp_path / "m.onnx"), x.astype(np.float32), max_error=0.02, **CHOICES)
    expected = 0.7 * sigmoid(3.3 * x + 0.5) - 1.2 * sigmoid(0.3 - 1.9 * x) + 0.1
    error = float(np.abs(design.predict(x).reshape(-1, 1) - expected).max())
    stated = design.report()["max_error"]
    assert error <= stated["measured"] + 1e-6
    assert stated["measured"] <= stated["allowed"] == 0.02
    assert error <= stated["proven"] + 1e-6 <= 1.03 * stated["measured"] + 2e-6
    assert design.measured["exact"]["rtl"]
    (note,) = (note for note in design.report()["notes"] if note.startswith("--max-error 0.02: "))
    assert note.endswith(f"; at most {stated['proven']:.3g} for every input code, proven")


def test_the_report_says_how_distances_are_written(tmp_path: Path) -> None:
    """A Gaussian of one input: ``exp(-3 (x - 0.2)^2)``."""
    values = {"c": [0.2], "g": [-3.0], "w": [[1.0]]}
    known = [numpy_helper.from_array(np.array(v, dtype=np.float32), name) for name, v in values.items()]
    nodes = [
        helper.make_node(op, read, [to])
        for op, read, to in (
            ("Sub", ["x", "c"], "d"), ("Mul", ["d", "d"], "q"), ("Mul", ["q", "g"], "m"), ("Exp", ["m"], "e"),
            ("MatMul", ["e", "w"], "y"),
        )
    ]  # fmt: skip
    write_graph(tmp_path / "m.onnx", nodes, known, 1, "y")
    x = np.arange(-32, 32).reshape(-1, 1) / 32
    design = nnfpga.compile(tmp_path / "m.onnx", x.astype(np.float32), max_error=0.02, **CHOICES)
    assert np.abs(design.predict(x).reshape(-1, 1) - np.exp(-3 * (x - 0.2) ** 2)).max() <= 0.02
    (form,) = (note for note in design.report()["notes"] if note.startswith("--max-error: distances are sums of "))
    (both,) = (note for note in design.report()["notes"] if note.startswith("--max-error: compared were "))
    one, shared = "1 functions of one element each", "1 squares that all sums share"
    assert form.removeprefix("--max-error: distances are sums of ") in (one, shared)
    assert f"{shared}: " in both
    assert f" and {one}: " in both
    assert both.count(" LUTs") == 2


def test_the_report_says_where_nothing_is_proven() -> None:
    found = ErrorFound(0.1, 0.05, 7, 0.06)
    assert found.to_dict()["proven"] is None
    assert found.note.endswith(
        "found 0.06; nothing is proven of other inputs: it has more than sums and functions of one element"
    )


def test_more_inputs_have_a_search_and_a_bound(tmp_path: Path) -> None:
    """``sigmoid(x0 - 2 x1 + 0.7 x2)``: what is measured, found between the samples, and proven."""
    known = [numpy_helper.from_array(np.array([[1], [-2], [0.7]], dtype=np.float32), "w")]
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Sigmoid", ["h"], ["y"])]
    write_graph(tmp_path / "m.onnx", nodes, known, 3, "y")
    x = np.random.default_rng(0).uniform(-1, 1, (400, 3)).astype(np.float32)
    design = nnfpga.compile(tmp_path / "m.onnx", x, max_error=0.05, **CHOICES)
    stated = design.report()["max_error"]
    assert stated["measured"] <= 0.05
    assert stated["searched"] <= stated["proven"] < 0.2


def test_inputs_whose_error_is_not_proven_become_samples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bounds = iter([Bound(0.021, np.full((3, 1), 17)), Bound(0.019, np.full((3, 1), 18))])
    asked: list[np.ndarray[Any, np.dtype[np.int64]]] = []

    def counted(graph: Graph, x: np.ndarray[Any, np.dtype[np.int64]], *rest: Any) -> Any:
        asked.append(x)
        return loosen(graph, x, *rest)

    monkeypatch.setattr("nnfpga.max_error.error_bound", lambda *_: next(bounds))
    monkeypatch.setattr("nnfpga.max_error.loosen", counted)
    x = np.arange(-32, 32).reshape(-1, 1) / 32
    design = nnfpga.compile(sigmoids(tmp_path / "m.onnx"), x.astype(np.float32), max_error=0.02, **CHOICES)
    first, second = asked
    assert design.report()["max_error"]["proven"] == 0.019
    assert (second[-3:] == 17).all()
    assert len(second) > len(first)


def test_the_search_finds_what_no_sample_shows() -> None:
    """A network that is off at one corner of three inputs' range only, beyond 3/4 of each."""
    source = Tensor("x", (3,), Number.of(-8, 7), fractions([Fraction(1, 8)]), fractions([0]))
    functions = tuple(Pieces.of(-8, 7, [Line(-8, 8, 0, 0), Line(at, 8, 2, 0)]) for at in (5, 6, 7))
    read = Scalar("f", ("x",), functions, fractions([Fraction(1, 64)]))
    graph = Graph((source,), (read, SumReduction("y", ("f",), (0,), (3,), 1)), ("y",))
    real = RealGraph((RealInput("x", (3,)),), (ReduceSum("y", ("x",), (0,)),), ("y",))
    entry = Entry(np.ones(1), np.zeros(1), Quantizer(source.scale, -8, 7), np.arange(3))
    codes = np.array([[-8, -8, -8], [0, 1, 2], [7, 7, -8], [-8, -8, 7]])
    assert searched(graph, entry, real, codes[:2]) == 0
    assert searched(graph, entry, real, codes) == 6 / 64


@pytest.mark.parametrize(
    ("choices", "text"),
    [
        ({"max_error": 1e-6}, "option max-error: 1e-06 cannot be kept, the error is "),
        ({"max_error": 0.0}, "option max-error: 0.0 is no error; give a number above 0"),
        ({"max_error": 0.1, "curve_error": 1}, "option max-error: curve-error says it too; give one of them"),
        (
            {"max_error": 0.1, "device": None},
            "option max-error: this chip has no function units; choose a board or device",
        ),
    ],
)
def test_what_cannot_be_kept_is_refused(tmp_path: Path, choices: dict[str, Any], text: str) -> None:
    x = np.linspace(-1, 1, 50, dtype=np.float32).reshape(-1, 1)
    with pytest.raises(nnfpga.CompileError) as error:
        nnfpga.compile(sigmoids(tmp_path / "m.onnx"), x, **(CHOICES | choices))
    assert str(error.value).startswith(text)
