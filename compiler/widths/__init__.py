"""Widths of single layers: stated by the user, or searched for the least hardware that keeps the accuracy."""

from __future__ import annotations

from .memory import Memory
from .names import Stated, Widths, resolve
from .samples import Samples, classes
from .search import Found, search

__all__ = ["Found", "Memory", "Samples", "Stated", "Widths", "classes", "resolve", "search"]
