"""What a slice of 7 series cannot hold, though the netlist's LUTs fit."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

__all__ = ["split_luts"]


def split_luts(netlist: Path, top: str) -> int:
    """LUTs with two outputs that a packer splits: the carry chain's sum beside them leaves without a register.

    A slice has one way out for the second output and that sum, besides the flip-flop's.
    """
    module: dict[str, Any] = json.loads(netlist.read_text())["modules"][top]
    cells: list[dict[str, Any]] = list(module["cells"].values())
    readers: dict[int | str, set[str]] = defaultdict(set)
    second: dict[int | str, int | str] = {}
    for cell in cells:
        for port, bits in cell["connections"].items():
            if cell["port_directions"][port] == "input":
                for bit in bits:
                    readers[bit].add(f"{cell['type']}.{port}")
        if cell["type"] == "LUT6_2" and cell["connections"]["O5"]:
            second[cell["connections"]["O6"][0]] = cell["connections"]["O5"][0]
    for port in module["ports"].values():
        if port["direction"] == "output":
            for bit in port["bits"]:
                readers[bit].add("port")
    registered = {"FDRE.D", "FDSE.D", "FDCE.D", "FDPE.D"}
    return sum(
        bool(readers[second[s]] and readers[o] - registered)
        for cell in cells if cell["type"] == "CARRY4"
        for s, o in zip(cell["connections"]["S"], cell["connections"]["O"], strict=True) if s in second
    )  # fmt: skip
