"""Chips: what each one holds and how fast it is."""

from __future__ import annotations

from .ecp5 import LFE5U_12F, LFE5U_25F, LFE5U_45F, LFE5U_85F
from .ice40 import HX1K, UP5K

__all__ = ["DEVICES", "HX1K", "LFE5U_12F", "LFE5U_25F", "LFE5U_45F", "LFE5U_85F", "UP5K"]

DEVICES = (HX1K, UP5K, LFE5U_12F, LFE5U_25F, LFE5U_45F, LFE5U_85F)
