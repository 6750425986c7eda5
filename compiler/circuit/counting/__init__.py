"""Sums of bits as logic: full adders that rows share, then a tree of them for each row."""

from __future__ import annotations

from .build import build_sums

__all__ = ["build_sums"]
