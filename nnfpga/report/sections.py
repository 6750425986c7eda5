"""The sections of the page: each gives its markup, or nothing where nothing was measured."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from . import measures
from .diagram import diagram
from .elements import Markup, element, join, void
from .interface import interface
from .layers import layer_table
from .units import figure, seconds
from .values import clean, mapping, number, sequence, text

__all__ = ["SECTIONS"]

Report = Mapping[str, Any]


def _section(title: str, *children: Markup, style: str | None = None) -> Markup:
    """A section with its heading; nothing where all children are empty."""
    if not any(children):
        return Markup()
    name = title.lower().replace(" ", "-")
    heading = element("h2", title, id=name)
    return element("section", heading, *children, class_=style, aria_labelledby=name)


def _notes(report: Report) -> Markup:
    found = measures.notes(report)
    listed = element("ul", *(element("li", note) for note in found)) if found else Markup()
    return _section("Notes", listed, style="full notes")


def _tiles(found: Iterable[measures.Measure]) -> Markup:
    tiles = [
        element(
            "div",
            element("dt", measure.label),
            element(
                "dd",
                element("b", measure.value.replace(" us", " µs")),
                element("span", measure.note.replace("+-", "±"), class_="note") if measure.note else Markup(),
            ),
        )
        for measure in found
    ]
    return element("dl", *tiles, class_="tiles") if tiles else Markup()


def _accuracy(report: Report) -> Markup:
    return _section("Accuracy", _tiles(measures.accuracy(report)))


def _speed(report: Report) -> Markup:
    core, link = (number(report, "inferences_per_second", key) for key in ("core", "link"))
    limit = Markup()
    if core and link and core >= 2 * link:
        words = f"The link is the limit: the core could do {figure(round(core / link))} times as many inferences."
        limit = element("p", words, class_="limit")
    return _section("Speed", _tiles(measures.timing(report)), limit)


def _network(report: Report) -> Markup:
    return _section("Network", diagram(report), style="full")


def _layers(report: Report) -> Markup:
    return _section("Layers", layer_table(report), style="full")


def _bars(caption: str, rows: Sequence[Sequence[str]], shares: Sequence[float | None]) -> Markup:
    """A table of name, figures and a bar."""
    lines: list[Markup] = []
    for (name, *figures), share in zip(rows, shares, strict=True):
        cells = [element("td", cell, class_="number") for cell in figures]
        lines.append(element("tr", element("th", name, scope="row"), *cells, _bar(share)))
    return element("table", element("tbody", *lines), class_="bars", aria_label=caption) if lines else Markup()


def _bar(share: float | None) -> Markup:
    if share is None:
        return element("td", class_="bar")
    style = f"width:{100 * min(share, 1):.1f}%"
    filled = element("b", class_="over" if share > 1 else None, style=style) if share else Markup()
    return element("td", element("i", filled), class_="bar", aria_hidden="true")


def _resources(report: Report) -> Markup:
    found = measures.resources(report)
    bounded = any(resource.total is not None for resource in found)
    rows: list[list[str]] = []
    for resource in found:
        row = [resource.label, figure(resource.used)]
        if bounded:
            row.append("" if resource.total is None else f"of {figure(resource.total)}")
            row.append(f"{100 * resource.share:.0f} %" if resource.total else "")
        rows.append(row)
    shares = [None if resource.total is None else resource.share for resource in found]
    bars = _bars("Resources used of the device's", rows, shares)
    return _section("Resources", _tiles(measures.estimates(report)), bars)


def _interface(report: Report) -> Markup:
    return _section("Input and output", interface(report), style="full")


def _time(report: Report) -> Markup:
    steps, total = measures.steps(report), measures.total_seconds(report)
    longest = max((value for _, value in steps), default=0)
    rows = [[name, seconds(value)] for name, value in steps]
    shares: list[float | None] = [value / longest if longest else 0.0 for _, value in steps]
    said = Markup() if total is None else element("p", f"{seconds(total)} in all", class_="limit note")
    return _section("Compile time", _bars("Seconds per step", rows, shares), said)


def _figures(report: Report) -> Markup:
    """Pictures that the user added; as images, in which nothing can run."""
    added = [entry for entry in sequence(report, "figures") if isinstance(entry, Mapping)]
    drawn = [(text(entry, "title"), entry["svg"]) for entry in added if isinstance(entry.get("svg"), str)]
    return join(*(_section(title, _picture(title, svg), style="full") for title, svg in drawn))


def _picture(title: str, svg: str) -> Markup:
    data = b64encode(svg.encode()).decode()
    return void("img", src=f"data:image/svg+xml;base64,{data}", alt=title, class_="figure")


def _facts(found: Mapping[str, str]) -> Markup:
    pairs = (join(element("dt", name), element("dd", value)) for name, value in found.items())
    return element("dl", *pairs, class_="facts") if found else Markup()


def _tools(report: Report) -> Markup:
    versions = mapping(report, "versions")
    return _section("Tools", _facts({clean(name): said for name in versions if (said := text(versions, name))}))


SECTIONS = (_notes, _accuracy, _speed, _figures, _network, _layers, _resources, _time, _interface, _tools)
"""In the order of the page."""
