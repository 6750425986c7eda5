from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nnfpga.compiler.device import GENERIC
from nnfpga.compiler.exact import fractions
from nnfpga.compiler.graph import Graph, Tensor
from nnfpga.compiler.layers.scalar import Scalar
from nnfpga.compiler.number import Number
from nnfpga.compiler.plan import Lanes
from nnfpga.compiler.scalar.pieces import Line, Pieces
from nnfpga.rtl import Site, build
from nnfpga.rtl.beat import Edge
from nnfpga.rtl.layers.scalar import Function, ShiftClipUnit, TableUnit

N = Number.of(-40, 40)
TABLE, WIDE, FEW = Number.of(-16, 15), Number.of(-3000, 3000), Number.of(-5, 7, 4)


def relu(bias: int, shift: int, top: int, low: int = -40) -> Pieces:
    """max(0, min(top, (v + bias) >> shift)) from ``low`` to ``-low``."""

    def at(v: int) -> int:
        return min(max((v + bias) >> shift, 0), top)

    lines = [Line(low, 0, 0, 0)]
    first = next(v for v in range(low, -low + 1) if at(v) > 0)
    lines.append(Line(first, 1, bias, shift))
    if at(-low) == top:
        lines.append(Line(next(v for v in range(low, -low + 1) if at(v) == top), 0, top, 0))
    return Pieces.of(low, -low, lines)


def line(multiplier: int, offset: int, shift: int, n: Number = N) -> Pieces:
    return Pieces.of(int(n.low), int(n.high), [Line(int(n.low), multiplier, offset, shift)])


def sign(threshold: int) -> Pieces:
    return Pieces.of(-40, 40, [Line(-40, 0, -1, 0), Line(threshold, 0, 0, 0)])


def curve(n: Number, seed: int, levels: int = 6) -> Pieces:
    rng = np.random.default_rng(seed)
    starts = sorted({int(n.low), *rng.integers(int(n.low) + 1, int(n.high), levels).tolist()})
    values = np.sort(rng.integers(-9, 20, len(starts))).tolist()
    return Pieces.of(int(n.low), int(n.high), [Line(s, 0, v, 0) for s, v in zip(starts, values, strict=True)])


def steps(multiplier: int, offset: int, shift: int, top: int) -> Pieces:
    values = {v: min(max((multiplier * v + offset) >> shift - 6, -top), top) for v in range(-3000, 3001)}
    return Pieces.of(-3000, 3000, [Line(v, 0, y, 0) for v, y in values.items()])


ROWS: dict[str, tuple[Number, int, tuple[Pieces, ...], type]] = {
    "relu": (N, 4, (relu(2, 2, 7),), ShiftClipUnit),
    "one bias": (N, 4, (line(1, 5, 0),), ShiftClipUnit),
    "one negative bias": (N, 4, (line(1, -6, 1),), ShiftClipUnit),
    "left shift": (N, 4, (line(8, 5, 1),), ShiftClipUnit),
    "constant": (N, 4, (Pieces.of(-40, 40, [Line(-40, 0, 3, 0)]),), ShiftClipUnit),
    "sign": (N, 4, (sign(3),), ShiftClipUnit),
    "biases": (N, 4, (relu(2, 2, 7), relu(-3, 2, 7), relu(9, 2, 7), relu(0, 2, 7)), ShiftClipUnit),
    "shifts": (N, 4, (relu(2, 2, 7), relu(-3, 1, 7), relu(9, 3, 5), relu(0, 0, 7)), ShiftClipUnit),
    "both directions": (N, 4, (line(4, 0, 0), line(1, 3, 2), line(2, -2, 0), line(1, 0, 0)), ShiftClipUnit),
    "saturations": (N, 4, (relu(2, 2, 7), relu(-3, 1, 4), sign(0), line(1, 0, 0)), ShiftClipUnit),
    "few channels": (N, 4, (relu(2, 2, 7), relu(-3, 1, 7)), ShiftClipUnit),
    "table": (TABLE, 4, (curve(TABLE, 0),), TableUnit),
    "tables": (TABLE, 4, tuple(curve(TABLE, s) for s in range(4)), TableUnit),
    "table of few": (FEW, 4, (Pieces.of(-5, 7, [Line(-5, 0, 4, 0), Line(0, 0, 9, 0), Line(5, 0, 5, 0)]),), TableUnit),
    "function": (WIDE, 4, (curve(WIDE, 0),), Function),
    "functions": (WIDE, 4, tuple(curve(WIDE, s) for s in range(4)), Function),
    "lines": (WIDE, 4, (Pieces.of(-3000, 3000, [Line(-3000, -3, 1, 2), Line(10, 5, 0, 1)]), curve(WIDE, 4)), Function),
    "products": (WIDE, 4, tuple(steps(s, 1234, 17, 6) for s in (37, -37, 5, 113)), Function),
    "ties to even": (WIDE, 4, tuple(Pieces.of(-3000, 3000, [Line(-3000, m, 7, s, t)])
                                    for m, s, t in ((1, 3, 1), (-3, 4, -2), (5, 2, 1), (1, 0, 1))), Function),
}  # fmt: skip


def graph_of(number: Number, size: int, pieces: tuple[Pieces, ...]) -> Graph:
    shape = (size // len(pieces), len(pieces)) if len(pieces) < size else (size,)
    x = Tensor("x", shape, number, fractions([1]), fractions([0]))
    return Graph((x,), (Scalar("y", ("x",), pieces, fractions([1])),), ("y",))


@pytest.mark.parametrize("lanes", [1, 4])
@pytest.mark.parametrize("row", ROWS)
def test_every_function(harness: Any, row: str, lanes: int) -> None:
    number, size, pieces, kind = ROWS[row]
    graph = graph_of(number, size, pieces)
    (layer,) = graph.layers
    x, y = graph.tensors["x"], graph.tensors["y"]
    i, o = Edge.of(x, lanes), Edge.of(y, lanes)
    domain = np.arange(int(number.low), int(number.high) + 1, int(number.step))
    rng = np.random.default_rng(0)
    data = rng.choice(domain, (24, *x.shape))
    data.reshape(-1, size)[:2] = [[domain[0]] * size, [domain[-1]] * size]

    def make() -> Any:
        unit = build(Site(graph, layer, Lanes(lanes), i, o, GENERIC, 100.0))
        assert isinstance(unit, kind)
        return unit

    run = harness.check(make, i, o, data, layer.evaluate(data))
    assert (np.diff(run.delivered[2:]) == 1).all(), "one beat a cycle"


def test_lanes_must_fit_the_channels() -> None:
    edge = Edge(N, 2, 2)
    with pytest.raises(ValueError, match=r"^lanes must divide the 3 channels, not 2$"):
        ShiftClipUnit((relu(2, 2, 7), relu(2, 2, 6), relu(2, 2, 5)), edge, edge)
