"""Chips: what each one holds and how fast it is."""

from __future__ import annotations

from .ecp5 import LFE5U_12F, LFE5U_25F, LFE5U_45F, LFE5U_85F
from .ice40 import HX1K, UP5K
from .xc7 import XC7A35T

__all__ = ["DEVICES", "HX1K", "LFE5U_12F", "LFE5U_25F", "LFE5U_45F", "LFE5U_85F", "UP5K", "XC7A35T"]

DEVICES = (HX1K, UP5K, LFE5U_12F, LFE5U_25F, LFE5U_45F, LFE5U_85F)
"""What a user can build for; `XC7A35T` is for LUT counts alone."""
