"""Boards and chips, found by name. Nothing here imports Amaranth: that waits until a design is built."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import TypeVar

from nnfpga.compiler.device import GENERIC, Device
from nnfpga.compiler.errors import CompileError, Problem

from .board import Board
from .devices import DEVICES
from .icebreaker import ICEBREAKER
from .icestick import ICESTICK
from .ulx3s import ULX3S

__all__ = ["Board", "find", "find_device", "names"]

_boards = {board.name: board for board in (ICEBREAKER, ICESTICK, *ULX3S)}
_devices = {device.name: device for device in (*DEVICES, GENERIC)}

_T = TypeVar("_T")


def names() -> tuple[str, ...]:
    """The names of all boards."""
    return tuple(_boards)


def find(name: str) -> Board:
    """Return the board of that name, in upper or lower case; raise ``CompileError`` if there is none."""
    return _find("board", name, _boards)


def find_device(name: str) -> Device:
    """Return the chip of that name, in upper or lower case; raise ``CompileError`` if there is none."""
    return _find("device", name, _devices)


def _find(kind: str, name: str, known: Mapping[str, _T]) -> _T:
    if name.lower() in known:
        return known[name.lower()]
    near = get_close_matches(name.lower(), known, 1)
    hint = f"did you mean '{near[0]}'? " if near else ""
    raise CompileError(
        [Problem(f"{kind} '{name}'", f"no {kind} of that name is known", f"{hint}known: {', '.join(known)}")]
    )
