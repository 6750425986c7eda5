"""Synthesis recipes, one file per family of chips. ``docs/hardware.md`` says what each does and why."""

from .ecp5 import ECP5
from .gowin import GOWIN
from .ice40 import ICE40
from .nexus import NEXUS
from .recipe import MARKED, Family, Recipe, Request
from .xilinx import XC3S, XC7

__all__ = ["MARKED", "RECIPES", "Family", "Recipe", "Request"]

RECIPES: dict[Family, Recipe] = {recipe.family: recipe for recipe in (ICE40, ECP5, XC7, XC3S, GOWIN, NEXUS)}
