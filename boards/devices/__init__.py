"""Chips: what each one holds and how fast it is."""

from __future__ import annotations

from .ecp5 import LFE5U_12F, LFE5U_25F, LFE5U_45F, LFE5U_85F
from .ice40 import HX1K, UP5K
from .xc3s import XC3S200
from .xc7 import XC7A35T

__all__ = ["DEVICES", "HX1K", "LFE5U_12F", "LFE5U_25F", "LFE5U_45F", "LFE5U_85F", "TYPICAL", "UP5K", "XC7A35T"]

DEVICES = (HX1K, UP5K, LFE5U_12F, LFE5U_25F, LFE5U_45F, LFE5U_85F)
"""What a user can build for; `XC7A35T` is for LUT counts alone."""

TYPICAL = {device.family: device for device in (UP5K, LFE5U_25F, XC7A35T, XC3S200)}
"""A chip of a family: what block RAMs and multipliers are worth in LUTs where none is stated."""
