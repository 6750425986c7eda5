"""What a weight matrix is made of: the structure that hardware can use, found exactly in the integers."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from ._weights import Weights, detect

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["Weights", "detect"]
