"""The arrays of functions that are compiled."""

from __future__ import annotations

from collections.abc import MutableSequence

__all__ = ["Array", "scratch"]

Array = MutableSequence[int]
"""A NumPy array of int64 for machine code; in Python also a list."""


def scratch(size: int) -> Array:
    """An array that lives as long as the call in which it was made; ``size`` is a constant.

    It must be written before it is read: machine code does not clear it.
    """
    return [0] * size
