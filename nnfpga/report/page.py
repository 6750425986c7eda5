"""The page as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import measures, sections
from .elements import Markup, element, join, void
from .style import STYLE
from .values import text

__all__ = ["to_html"]


def to_html(report: Mapping[str, Any]) -> str:
    """The report as one HTML page that needs no other file, no network and no script.

    ``report`` is what ``report.json`` holds. Sections whose figures were not measured do not appear.
    """
    name = text(report, "model") or "nnfpga report"
    head = element(
        "head",
        void("meta", charset="utf-8"),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", name if name == "nnfpga report" else f"{name}: nnfpga report"),
        element("style", Markup(STYLE)),
    )
    parts = [section(report) for section in sections.SECTIONS]
    body = element("body", _header(report, name), element("main", *parts) if any(parts) else Markup(), _footer())
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en')}\n"


def _header(report: Mapping[str, Any], name: str) -> Markup:
    place = measures.target(report)
    children = [element("h1", name)]
    if place:
        children.append(element("p", place, class_="target"))
    verdicts = [_verdict(verdict) for verdict in measures.verdicts(report)]
    if verdicts:
        children.append(element("ul", *verdicts, class_="verdicts", aria_label="Verdict"))
    return element("header", *children)


def _verdict(verdict: measures.Verdict) -> Markup:
    mark = element("span", "✓" if verdict.good else "✗", aria_hidden="true", class_="mark")
    answer = element("strong", mark, verdict.answer.capitalize())
    details = (element("span", detail) for detail in verdict.details)
    topic = element("span", verdict.topic, class_="topic")
    return element("li", topic, answer, join(*details), class_="good" if verdict.good else "bad")


def _footer() -> Markup:
    return element("footer", element("p", "Written by nnfpga. What is not shown was not measured."))
