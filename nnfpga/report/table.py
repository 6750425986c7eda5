"""The report as plain text of at most 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from . import measures
from .units import count, figure, seconds, shape
from .values import clean, number, text

__all__ = ["to_table"]

WIDTH = 80
LABEL = 16
LEAST = {"layer": 10, "kind": 9}
"""These columns of the layer table are cut first, to so many letters; then the widest one."""


def to_table(report: Mapping[str, Any]) -> str:
    """The report as text: verdicts, figures, layers, resources, seconds, warnings. Ends with a newline."""
    blocks = (
        _title(report),
        _verdicts(report),
        _measures(measures.accuracy(report)),
        _measures(measures.timing(report)),
        _data(report),
        _measures(measures.estimates(report)),
        _resources(report),
        _layers(report),
        _seconds(report),
        [line for note in measures.notes(report) for line in _wrapped("Note", note)],
    )
    return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"


def _title(report: Mapping[str, Any]) -> list[str]:
    lines = [*textwrap.wrap(text(report, "model"), WIDTH), *textwrap.wrap(measures.target(report), WIDTH)]
    return lines or ["nnfpga report"]


def _verdicts(report: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    for verdict in measures.verdicts(report):
        answer = verdict.answer if verdict.good else verdict.answer.upper()
        first, *rest = verdict.details or ("",)
        lines += _wrapped(verdict.topic, f"{answer}: {first}" if first else answer)
        for detail in rest:
            lines += _wrapped("", detail)
    return lines


def _measures(found: Sequence[measures.Measure]) -> list[str]:
    values = max((len(measure.value) for measure in found), default=0)
    return [f"{m.label:<{LABEL}}{m.value:<{values}}{m.note and f'  {m.note}'}".rstrip() for m in found]


def _data(report: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    for side in ("input", "output"):
        elements, size = number(report, side, "elements"), number(report, side, "bytes")
        parts = [text(report, side, "kind"), text(report, side, "format")]
        parts += [] if elements is None else [count(elements, "element")]
        parts += [] if size is None else [count(size, "byte")]
        order = text(report, side, "order")
        said = ", ".join(filter(None, (*parts, order and f"order {order}")))
        lines += _wrapped(side.capitalize(), said) if said else []
    return lines


def _resources(report: Mapping[str, Any]) -> list[str]:
    found = measures.resources(report)
    used = max((len(figure(resource.used)) for resource in found), default=0)
    total = max((len(figure(resource.total or 0)) for resource in found), default=0)
    lines: list[str] = []
    for resource in found:
        line = f"{resource.label:<{LABEL}}"
        line += f"{figure(resource.used):>{used}}"
        if resource.total is not None:
            line += f" of {figure(resource.total):>{total}}"
        if resource.total:
            line += f"  {100 * resource.share:5.1f} %  {_bar(resource.share)}"
        lines.append(line)
    return lines


def _bar(share: float) -> str:
    filled = min(20, max(round(20 * share), int(share > 0)))
    return f"[{'#' * filled}{'.' * (20 - filled)}]"


def _layers(report: Mapping[str, Any]) -> list[str]:
    heads = ("layer", "kind", "shape", "format", "implementation", "cycles", "~LUTs")
    rows = [
        (
            text(layer, "name"),
            text(layer, "kind"),
            clean(shape(layer.get("output_shape"))),
            text(layer, "output_format"),
            text(layer, "implementation"),
            _count(layer, "cycles"),
            _count(layer, "estimated_lut"),
        )
        for layer in measures.layers(report)
    ]
    columns = [(h, [row[i] for row in rows]) for i, h in enumerate(heads) if any(row[i] for row in rows)]
    if not columns:
        return []
    widths = [max(len(head), *map(len, cells)) for head, cells in columns]
    _narrow(widths, [head for head, _ in columns])
    lines = [[_cut(head, width) for (head, _), width in zip(columns, widths, strict=True)]]
    lines.append(["-" * width for width in widths])
    for cells in zip(*(cells for _, cells in columns), strict=True):
        lines.append([_cut(cell, width) for cell, width in zip(cells, widths, strict=True)])
    right = [head in ("cycles", "~LUTs") for head, _ in columns]
    return [_row(line, widths, right) for line in lines]


def _narrow(widths: list[int], heads: Sequence[str]) -> None:
    while sum(widths) + 2 * (len(widths) - 1) > WIDTH:
        first = [i for i, head in enumerate(heads) if widths[i] > LEAST.get(head, WIDTH)]
        widest = max(first or range(len(widths)), key=lambda i: widths[i])
        widths[widest] -= 1


def _row(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = (c.rjust(w) if r else c.ljust(w) for c, w, r in zip(cells, widths, right, strict=True))
    return "  ".join(padded).rstrip()


def _count(layer: Mapping[str, Any], key: str) -> str:
    value = number(layer, key)
    return "" if value is None else figure(round(value))


def _cut(word: str, width: int) -> str:
    return word if len(word) <= width else f"{word[: width - 2]}.."


def _seconds(report: Mapping[str, Any]) -> list[str]:
    steps, total = measures.steps(report), measures.total_seconds(report)
    said = ", ".join(f"{name} {seconds(value)}" for name, value in steps)
    if total is None:
        return []
    return _wrapped("Time", f"{seconds(total)}: {said}" if said else seconds(total))


def _wrapped(label: str, words: str) -> list[str]:
    indent = " " * LABEL
    return textwrap.wrap(words, WIDTH, initial_indent=f"{label:<{LABEL}}", subsequent_indent=indent) or [label]
