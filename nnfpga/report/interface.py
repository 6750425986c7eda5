"""What goes over the link: formats, sizes, labels and the layout of a frame."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .elements import Markup, element, join
from .units import count, figure
from .values import clean, lookup, number, sequence, text

__all__ = ["interface"]

LABELS = 40
"""More labels than this are cut: a thousand classes are not read off a page."""


def interface(report: Mapping[str, Any]) -> Markup:
    """Input and output side by side; empty where neither is described."""
    sides = [side for side in (_side(report, "input"), _side(report, "output")) if side]
    return element("div", *sides, class_="pair") if sides else Markup()


def _side(report: Mapping[str, Any], side: str) -> Markup:
    elements, size = number(report, side, "elements"), number(report, side, "bytes")
    low, high, scale = (number(report, side, key) for key in ("low", "high", "scale"))
    code = text(report, side, "format")
    facts = {
        "Kind": text(report, side, "kind"),
        "Format": element("code", code) if code else "",
        "Integers": "" if low is None or high is None else f"{figure(low)} to {figure(high)}",
        "One unit": "" if scale is None else f"{scale:.9g}",
        "Order": text(report, side, "order"),
        "Elements": "" if elements is None else figure(elements),
        "Payload": "" if size is None else count(size, "byte"),
        "Frame": _frame(lookup(report, side, "frame")),
        "Labels": _labels([clean(label) for label in sequence(report, side, "labels")]),
    }
    pairs = [join(element("dt", name), element("dd", value)) for name, value in facts.items() if value]
    if not pairs:
        return Markup()
    return element("div", element("h3", side), element("dl", *pairs, class_="facts"))


def _frame(frame: Any) -> Markup | str:
    """The fields of a frame: a text, a list of texts, or a dict of field to size."""
    if isinstance(frame, str):
        return clean(frame)
    if isinstance(frame, Mapping):
        fields = [f"{clean(name)}: {_plain(size)}" for name, size in frame.items()]
    elif isinstance(frame, (list, tuple)):
        fields = [_plain(field) for field in frame]
    else:
        return ""
    return element("ol", *(element("li", field) for field in fields), class_="frame") if fields else ""


def _plain(field: Any) -> str:
    if isinstance(field, Mapping):
        return ", ".join(f"{clean(name)} {_plain(value)}" for name, value in field.items())
    if isinstance(field, (list, tuple)):
        return " ".join(_plain(value) for value in field)
    return clean(field)


def _labels(labels: list[str]) -> str:
    more = len(labels) - LABELS
    return ", ".join(labels[:LABELS]) + (f" and {more} more" if more > 0 else "")
