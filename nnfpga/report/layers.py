"""The table of layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import measures
from .elements import Markup, element, join
from .units import figure, shape
from .values import clean, number, text

__all__ = ["layer_table"]

Layer = Mapping[str, Any]


def _figure(key: str) -> Callable[[Layer], str]:
    def read(layer: Layer) -> str:
        value = number(layer, key)
        return "" if value is None else figure(value)

    return read


def _text(key: str) -> Callable[[Layer], str]:
    return lambda layer: text(layer, key)


def _shape(layer: Layer) -> Markup | str:
    return _change(*(clean(shape(layer.get(f"{side}_shape"))).replace("x", "×") for side in ("input", "output")))


def _format(layer: Layer) -> Markup | str:
    return _change(text(layer, "input_format"), text(layer, "output_format"))


def _change(before: str, after: str) -> Markup | str:
    """Before and after, each on one line."""
    if not before or not after or before == after:
        return element("span", before or after, class_="code") if before or after else ""
    return join(element("span", f"{before} →", class_="code"), Markup(" "), element("span", after, class_="code"))


def _estimate(layer: Layer) -> str:
    return measures.layer_estimate(layer).replace("+-", "±")


COLUMNS: tuple[tuple[str, str | None, Callable[[Layer], str]], ...] = (
    ("Layer", None, _text("name")),
    ("Kind", None, _text("kind")),
    ("Implementation", "mono", _text("implementation")),
    ("Shape", "whole", _shape),
    ("Format", None, _format),
    ("Weights", "wide", _text("weights")),
    ("Memory, bits", "number", _figure("memory_bits")),
    ("Cycles", "number", _figure("cycles")),
    ("LUTs, estimated", "number", _estimate),
)
"""Heading, style class and reader of each column; a column that no layer fills is not shown."""


def layer_table(report: Mapping[str, Any]) -> Markup:
    """One row a layer; empty without layers."""
    layers = measures.layers(report)
    columns = [column for column in COLUMNS if any(column[2](layer) for layer in layers)]
    if not columns:
        return Markup()
    head = element("tr", *(element("th", title, class_=_number(style), scope="col") for title, style, _ in columns))
    rows = [
        element("tr", *(_cell(i, style, read(layer)) for i, (_, style, read) in enumerate(columns))) for layer in layers
    ]
    table = element("table", element("thead", head), element("tbody", *rows))
    return element("div", table, class_="scroll", role="region", aria_label="Table of layers", tabindex=0)


def _number(style: str | None) -> str | None:
    return style if style == "number" else None


def _cell(column: int, style: str | None, words: str) -> Markup:
    if column == 0:
        return element("th", words, scope="row")
    return element("td", words, class_=style)
