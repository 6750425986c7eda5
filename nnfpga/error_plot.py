"""A picture of a function unit's error over its inputs."""

from __future__ import annotations

import numpy as np

from nnfpga.compiler.real import Reals

from .report.elements import Markup, element, void

__all__ = ["error_plot"]

WIDE, HIGH, LEFT, TOP, BOTTOM = 720, 280, 76, 30, 34
COLUMNS = 600


def error_plot(x: Reals, error: Reals, limit: float | None, title: str) -> str:
    """An SVG: for each column the least and the greatest error of its inputs, and the limit on both sides."""
    reach = 1.1 * max(float(np.abs(error).max()), limit or 0.0, 1e-12)
    span = float(x[-1] - x[0]) or 1.0
    inner, tall = WIDE - LEFT - 12, HIGH - TOP - BOTTOM

    def right(v: float) -> float:
        return LEFT + (v - float(x[0])) / span * inner

    def down(v: float) -> float:
        return TOP + (1 - v / reach) * tall / 2

    parts = np.array_split(np.arange(len(x)), min(COLUMNS, len(x)))
    upper = [f"{right(float(x[p[0]])):.1f},{down(float(error[p].max())):.1f}" for p in parts]
    lower = [f"{right(float(x[p[-1]])):.1f},{down(float(error[p].min())):.1f}" for p in reversed(parts)]
    lines = [line(down(0), right(float(x[0])), "#888", ""), *(
        line(down(v), right(float(x[0])), "#b00", "6 4") for v in (() if limit is None else (limit, -limit))
    )]  # fmt: skip
    marks = [limit or reach / 1.1, 0.0, -(limit or reach / 1.1)]
    labels = [words(LEFT - 8, down(v) + 4, f"{v:.3g}", "end") for v in marks]
    ends = [
        words(LEFT, HIGH - 12, f"x = {float(x[0]):g}", "start"),
        words(WIDE - 12, HIGH - 12, f"{float(x[-1]):g}", "end"),
    ]
    shape = void("polygon", points=" ".join(upper + lower), fill="#36c", stroke="#36c")
    return element(
        "svg", void("rect", width=WIDE, height=HIGH, fill="#fff"), *lines, shape, *labels, *ends,
        words(LEFT, 20, f"error of {title}", "start"),
        xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {WIDE} {HIGH}", width=WIDE, height=HIGH,
        font_family="sans-serif", font_size=13,
    )  # fmt: skip


def line(y: float, left: float, colour: str, dashes: str) -> Markup:
    """A line across."""
    return void(
        "path", d=f"M{left:.1f} {y:.1f}H{WIDE - 12}", stroke=colour, stroke_dasharray=dashes or None, fill="none"
    )


def words(x: float, y: float, text: str, anchor: str) -> Markup:
    """A text."""
    return element("text", text, x=round(x, 1), y=round(y, 1), text_anchor=anchor)
