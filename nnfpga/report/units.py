"""Figures as people read them."""

from __future__ import annotations

__all__ = ["count", "figure", "percent", "plural", "points", "rate", "seconds", "shape"]


def figure(value: float) -> str:
    """A whole number with thousands, or about four significant digits."""
    if value == int(value):
        return f"{int(value):,}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 0.001:
        return f"{value:.4g}"
    return f"{value:.2e}"


def count(value: float, noun: str, nouns: str = "") -> str:
    """``1 cycle``, ``2,048 cycles``."""
    return f"{figure(value)} {plural(value, noun, nouns)}"


def plural(value: float, noun: str, nouns: str = "") -> str:
    """The noun that goes with a number."""
    return noun if value == 1 else nouns or f"{noun}s"


def percent(share: float) -> str:
    """``0.975`` is ``97.50 %``; 100 % is said of the whole only."""
    text = f"{100 * share:.2f}"
    return f"{'99.99' if text == '100.00' and share < 1 else text} %"


def points(share: float) -> str:
    """A difference of shares in percentage points, signed."""
    value = round(100 * share, 2)
    return f"{value:+.2f} points" if value else "no difference"


def rate(value: float) -> str:
    """Something per second; millions and billions as M and G."""
    for limit, unit in ((1e9, "G"), (1e6, "M")):
        if value >= limit:
            return f"{value / limit:.4g} {unit}/s"
    return f"{figure(value)}/s"


def seconds(value: float) -> str:
    """``<0.1 s``, ``0.4 s``, ``52 s``, ``3 min 20 s``."""
    if 0 < value < 0.05:
        return "<0.1 s"
    if value < 9.95:
        return f"{value:.1f} s"
    whole = round(value)
    return f"{whole} s" if whole < 60 else f"{whole // 60} min {whole % 60} s"


def shape(value: object) -> str:
    """``[1, 8, 8]`` is ``1x8x8``; a scalar is ``1``."""
    if isinstance(value, (list, tuple)):
        return "x".join(str(item) for item in value) or "1"
    return str(value) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
