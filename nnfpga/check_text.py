"""The result of ``nnfpga check`` as text, and as JSON."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from nnfpga.compiler.errors import printable

from .check import Check, LayerLine

__all__ = ["VERSION", "to_json", "to_text"]

VERSION = 1
"""Of the JSON document: a change that a reader must know of makes it greater."""

WIDTH = 120
LONGEST = 36  # longer names are cut in the middle; the JSON document has them whole


def to_json(check: Check) -> str:
    """The document that docs/check.md describes."""
    nodes: list[dict[str, Any]] = [{**asdict(node), "status": node.status.value} for node in check.nodes]
    document = {
        "version": VERSION,
        "model": check.model,
        "supported": check.supported,
        "nodes": nodes,
        "layers": [asdict(layer) for layer in check.layers],
        "summary": asdict(check.summary),
        "problems": [asdict(problem) for problem in check.problems],
        "notes": list(check.notes),
    }
    return json.dumps(document, indent=1, allow_nan=False)


def to_text(check: Check) -> str:
    """Nodes, layers and summary, without an end of line; empty where the file could not be read."""
    blocks = [nodes_of(check), layers_of(check), summary_of(check) if check.nodes else []]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def nodes_of(check: Check) -> list[str]:
    """A line per node, continued where it is long."""
    rows = [(str(n.number), cut(n.operator), cut(n.name)) for n in check.nodes]
    if not rows:
        return []
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    lines: list[str] = []
    for row, node in zip(rows, check.nodes, strict=True):
        head = f"{row[0]:>{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]:<{widths[2]}}  "
        words = " ".join(cut(word) for word in printable(node.text).split(" "))
        room = max(WIDTH - len(head), 40)
        first, *rest = textwrap.wrap(words, room, break_on_hyphens=False) if len(words) > room else [words]
        lines += [f"{head}{first}", *(" " * len(head) + line for line in rest)]
    return lines


def layers_of(check: Check) -> list[str]:
    """A table of the integer layers."""
    if not check.layers:
        return []
    head = ("layer", "kind", "shape", "values", "weights", "MACs", "weight bits", "result bits", "hardware")
    rows = [head, *(row_of(layer) for layer in check.layers)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    return ["  ".join(map(aligned, range(len(head)), row, widths)).rstrip() for row in rows]


def aligned(column: int, cell: str, width: int) -> str:
    """A cell: figures to the right."""
    return f"{cell:>{width}}" if 4 <= column < 8 else f"{cell:<{width}}"


def row_of(layer: LayerLine) -> Sequence[str]:
    """A layer's cells."""
    shape = "x".join(map(str, layer.shape)) or "1"
    hardware = f"no: {layer.obstacle}" if layer.obstacle else ", ".join(layer.hardware).lower()
    numbers = (f"{n:,}" if n else "" for n in (layer.parameters, layer.macs, layer.weight_bits))
    return cut(layer.name), layer.kind, shape, layer.values, *numbers, f"{layer.activation_bits:,}", hardware


def summary_of(check: Check) -> list[str]:
    """What it takes, what it gives, and whether it is supported."""
    s = check.summary
    lines = [f"note: {note}" for note in check.notes]
    if s.parameters is not None and s.input_range is not None:
        low, high = s.input_range
        lines += [
            f"parameters   {s.parameters:,} weights",
            f"MACs         {s.macs:,} a sample",
            f"memory       {s.weight_bits:,} bits of weights, {s.activation_bits:,} bits of results of all layers",
            f"chosen       {s.bits} bits where the file does not quantise; inputs in {low:g} .. {high:g}",
        ]
        some = f"none: {check.layers[0].obstacle}" if check.layers else "none: no layer is left"
        lines.append(f"hardware     {'every layer has some; compile says what fits a chip' if s.hardware else some}")
    if not check.supported:
        return [*lines, f"not supported: {count(len(check.problems), 'problem')}"]
    return [*lines, f"supported; the hardware gives {'the class' if s.gives == 'class' else 'the scores'}"]


def count(number: int, what: str) -> str:
    """A number with its noun."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def cut(text: str) -> str:
    """A name that fits its column."""
    text = printable(text)
    half = (LONGEST - 3) // 2
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3 - half]}...{text[-half:]}"
