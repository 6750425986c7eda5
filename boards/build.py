"""What Yosys and nextpnr need to build a design for a board."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .toplevel import BoardTop

__all__ = ["BuildInputs", "prepare"]

_SUFFIXES = {"ice40": ".pcf", "ecp5": ".lpf"}


@dataclass(frozen=True)
class BuildInputs:
    """A complete design as text, pads and clocks included.

    Members
    -------
    name: of the top module.
    rtlil: the design, for Yosys' ``read_rtlil``.
    constraints: pins and clock frequencies, for nextpnr.
    constraints_suffix: ``.pcf`` (nextpnr's ``--pcf``) or ``.lpf`` (``--lpf``).
    nextpnr_args: chip, package and speed grade.
    family: ``ice40`` or ``ecp5``, as in ``synth_<family>`` and ``nextpnr-<family>``.
    frequency_mhz: of the network clock.
    """

    name: str
    rtlil: str
    constraints: str
    constraints_suffix: str
    nextpnr_args: tuple[str, ...]
    family: str
    frequency_mhz: float


def prepare(toplevel: BoardTop, name: str = "top") -> BuildInputs:
    """Turn a design into the inputs of Yosys and nextpnr; runs no program and is deterministic.

    Raises ``ValueError`` unless ``name`` is a word of letters, digits and underscores, ``CompileError`` if the package
    amaranth-boards is missing.
    """
    if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
        raise ValueError(f"Design name must be a word of letters, digits and underscores, not {name!r}")
    board = toplevel.board
    plan = board.platform().prepare(toplevel, name, emit_src=False)
    family = board.device.family
    suffix = _SUFFIXES[family]
    return BuildInputs(
        name=name,
        rtlil=plan.files[f"{name}.il"],
        constraints=plan.files[name + suffix],
        constraints_suffix=suffix,
        nextpnr_args=board.nextpnr_args,
        family=family,
        frequency_mhz=toplevel.frequency_mhz,
    )
