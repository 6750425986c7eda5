"""Reading a report whose keys may be absent, or come from a file that somebody edited."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["clean", "flag", "lookup", "mapping", "number", "sequence", "text"]


def lookup(report: Mapping[str, Any], *path: str) -> Any:
    """The value at a path of keys, or None."""
    value: Any = report
    for key in path:
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def number(report: Mapping[str, Any], *path: str) -> float | None:
    """A finite number, or None."""
    value = lookup(report, *path)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return value


def flag(report: Mapping[str, Any], *path: str) -> bool | None:
    """True, False, or None where nothing was measured."""
    value = lookup(report, *path)
    return value if isinstance(value, bool) else None


def text(report: Mapping[str, Any], *path: str) -> str:
    """A text (or a number as text) on one line; empty where there is none."""
    value = lookup(report, *path)
    return clean(value) if isinstance(value, (str, int, float)) and not isinstance(value, bool) else ""


def sequence(report: Mapping[str, Any], *path: str) -> list[Any]:
    """A list; empty where there is none."""
    value = lookup(report, *path)
    return list(value) if isinstance(value, (list, tuple)) else []


def mapping(report: Mapping[str, Any], *path: str) -> dict[str, Any]:
    """A dict; empty where there is none."""
    value = lookup(report, *path)
    return {str(key): item for key, item in value.items()} if isinstance(value, Mapping) else {}


def clean(value: object) -> str:
    """One line that is safe to print and to encode: names from a model may hold anything."""
    words = " ".join(str(value).split())
    return "".join(c if c.isprintable() else "?" for c in words)
