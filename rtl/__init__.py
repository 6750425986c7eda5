"""Amaranth: one file per hardware unit, found by the type of the layer and of the choice for it."""

from __future__ import annotations

from importlib import import_module

from ._build import Site, build, costs, hardware, ways
from .beat import Edge

import_module(".layers", __name__)

__all__ = ["Edge", "Site", "build", "costs", "hardware", "ways"]
