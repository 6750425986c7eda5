"""Components as RTLIL text."""

from __future__ import annotations

import gc

from amaranth.back import rtlil
from amaranth.hdl import Elaboratable

__all__ = ["to_rtlil"]


def to_rtlil(component: Elaboratable, name: str) -> str:
    """The text of a component, without source locations.

    Garbage is collected afterwards: all that Amaranth makes is needed until it is done, and looking through it again
    and again takes 40 % of the time that a large circuit takes.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return rtlil.convert(component, name=name, emit_src=False)
    finally:
        if collecting:
            gc.enable()
