"""The network as a picture: one box per layer in the order of the data, in rows that wrap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from . import measures
from .elements import Markup, element, join, void
from .units import shape
from .values import clean, number, text

__all__ = ["diagram"]

BOX, LINE, PAD = 228, 18, 12
GAP, ROW_GAP, MARGIN = 36, 34, 2
COLUMNS = {"four": 4, "two": 2, "one": 1}
"""Style sheet classes: the page shows the picture that suits its width."""

LETTERS = {"kind": 28, "name": 23, "detail": 27}
"""How many letters of each style a box holds."""


@dataclass(frozen=True)
class Box:
    """What stands in a box, from top to bottom, and the class that colours it."""

    style: str
    kind: str
    name: str
    details: tuple[str, ...]


def diagram(report: Mapping[str, Any]) -> Markup:
    """The network as SVG, once for each width of page; empty without layers."""
    layers = [_layer(layer) for layer in measures.layers(report)]
    if not layers:
        return Markup()
    boxes = [_side(report, "input"), *layers, _side(report, "output")]
    return join(*(_picture(boxes, style, columns) for style, columns in COLUMNS.items()))


def _layer(layer: Mapping[str, Any]) -> Box:
    shapes = [clean(shape(layer.get(f"{side}_shape"))) for side in ("input", "output")]
    formats = text(layer, "input_format"), text(layer, "output_format")
    details = _change(*shapes), _change(*formats), text(layer, "implementation")
    heavy = text(layer, "weights") or number(layer, "memory_bits")
    return Box("heavy" if heavy else "light", text(layer, "kind"), text(layer, "name"), tuple(filter(None, details)))


def _change(before: str, after: str) -> str:
    if before == after or not after:
        return before
    return f"{before} → {after}" if before else after


def _side(report: Mapping[str, Any], side: str) -> Box:
    elements = number(report, side, "elements")
    details = "" if elements is None else f"{elements:,.0f}", text(report, side, "format")
    return Box("end", side, text(report, side, "kind"), tuple(filter(None, details)))


def _picture(boxes: Sequence[Box], style: str, columns: int) -> Markup:
    columns = min(columns, len(boxes))
    rows = -(-len(boxes) // columns)
    height = _height(boxes)
    wide = columns * BOX + (columns - 1) * GAP + 2 * MARGIN
    high = rows * height + (rows - 1) * ROW_GAP + 2 * MARGIN
    places = [
        (MARGIN + i % columns * (BOX + GAP), MARGIN + i // columns * (height + ROW_GAP)) for i in range(len(boxes))
    ]
    arrows = [_arrow(a, b, height) for a, b in pairwise(places)]
    drawn = [_box(box, x, y, height) for box, (x, y) in zip(boxes, places, strict=True)]
    names = ", ".join(f"{box.name or box.kind} ({box.kind})" if box.style != "end" else box.kind for box in boxes)
    return element(
        "svg",
        *arrows,
        *drawn,
        class_=f"flow {style}",
        viewBox=f"0 0 {wide} {high}",
        width=wide,
        height=high,
        role="img",
        aria_label=f"Data flow: {names}",
    )


def _height(boxes: Sequence[Box]) -> int:
    lines = max(bool(box.kind) + bool(box.name) + len(box.details) for box in boxes)
    return max(lines, 2) * LINE + 2 * PAD - 4


def _arrow(start: tuple[int, int], end: tuple[int, int], height: int) -> Markup:
    """From a box to the next one: to the right, or down to the first of the next row."""
    (x, y), (u, v) = start, end
    if y == v:
        path = f"M{x + BOX} {y + height / 2:g}H{u - 7}"
        head = f"M{u - 1} {v + height / 2:g}l-8 -5v10z"
    else:
        down, up, middle = x + BOX // 2, u + BOX // 2, y + height + ROW_GAP // 2 - 3
        path = f"M{down} {y + height}V{middle}H{up}V{v - 7}"
        head = f"M{up} {v - 1}l-5 -8h10z"
    return join(void("path", class_="edge", d=path), void("path", class_="head", d=head))


def _box(box: Box, x: int, y: int, height: int) -> Markup:
    lines = [("kind", box.kind), ("name", box.name), *(("detail", detail) for detail in box.details)]
    lines = [(style, words) for style, words in lines if words]
    top = y + (height - LINE * len(lines)) / 2 + 13
    texts = [
        element("text", _cut(words, LETTERS[style]), class_=style, x=x + PAD + 4, y=top + LINE * i)
        for i, (style, words) in enumerate(lines)
    ]
    title = element("title", ", ".join(words for _, words in lines))
    frame = void("rect", x=x, y=y, width=BOX, height=height, rx=10)
    return element("g", title, frame, *texts, class_=f"box {box.style}")


def _cut(words: str, letters: int) -> str:
    return words if len(words) <= letters else f"{words[: letters - 1]}…"
