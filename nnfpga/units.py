"""Function units for the networks of a device: found once, kept in the cache, taken where they save LUTs."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory

from amaranth.back import rtlil

from nnfpga.compiler.circuit.ir import Circuit
from nnfpga.compiler.device import Device
from nnfpga.compiler.functions.choose import Effort, candidates, plain
from nnfpga.compiler.functions.lookups import Units
from nnfpga.compiler.functions.memory import Memory
from nnfpga.compiler.functions.network import Fabric
from nnfpga.compiler.functions.smooth import smooth
from nnfpga.compiler.functions.target import Target
from nnfpga.rtl.unit import Block, MemoryUnit, Unit
from nnfpga.tools import cache
from nnfpga.tools.recipes import Family
from nnfpga.tools.yosys import synthesise

from .functions import fingerprint
from .progress import silent

__all__ = ["FABRICS", "NetworkUnits", "mapped", "rough_units"]

FABRICS: dict[Family, Fabric] = {
    "ice40": Fabric(4, absorbs=False),
    "ecp5": Fabric(4, absorbs=False, fixed=True),
    "xc7": Fabric(6, absorbs=True),
    "xc3s": Fabric(4, absorbs=True),
}
"""Families whose recipes can map logic as it is written: on others a unit would be built anew, and larger."""


TABLE_BITS = 12
"""Of an input whose table is mapped, too."""
ROUGH = Effort(4, 1_000, 1, 3_000, 3_000)
"""Of a search that only judges: a tenth of the time."""
CLEARLY = 1.2
"""Where the table takes so many times the LUTs that the search counts, the unit need not be mapped."""


class NetworkUnits:
    """The units of one family by their targets, as `with_units` asks for them.

    A unit and the plain table are mapped by Yosys, and the smaller one is taken. ``found`` are the units that were
    taken so far.
    """

    def __init__(self, family: Family, tell: Callable[[str], None], effort: Effort | None = None) -> None:
        self.family: Family = family
        self.tell, self.effort = tell, effort or Effort()
        self.found: dict[str, Circuit] = {}

    @staticmethod
    def of(device: Device, tell: Callable[[str], None]) -> NetworkUnits | None:
        """Those of a device; None where its family has none."""
        return next((NetworkUnits(family, tell) for family in FABRICS if family == device.family), None)

    def __call__(self, target: Target) -> Circuit | None:
        """The unit of a target; None where the plain table takes no more LUTs."""
        if target.bits <= FABRICS[self.family].inputs:
            return None  # a LUT for each bit
        asked = f"{self.family} {self.effort} {target.bits} {target.signed}"
        key = cache.key(*fingerprint(), asked, target.low.tobytes(), target.high.tobytes())
        path = cache.folder("functions") / f"{key}.units.json"
        units = read(path, target)
        if units is None:
            units = self.fresh(target) if target.bits <= TABLE_BITS else self.large(target)
            cache.atomic_write(path, json.dumps([str(unit) for unit in units]))
        self.found.update((key, unit) for unit in units)
        return units[0] if units else None

    def fresh(self, target: Target) -> list[Circuit]:
        """The unit, searched for and compared; none where the table is better."""
        low, high = int(target.low.min()), int(target.high.max())
        self.tell(f"{self.family}: looking for the logic of a function of {target.bits} bits to {low} .. {high}")

        def luts(circuit: Circuit, name: str) -> int:
            return mapped(circuit, self.family, Path(work, name), self.tell)[0]["lut"]

        with TemporaryDirectory(prefix="nnfpga-") as work, ThreadPoolExecutor(1) as pool:
            table = pool.submit(luts, plain(target).circuit, "table")  # another program's work, beside the search
            found = candidates([target], FABRICS[self.family], self.effort, 1, silent)[:1]
            if not found:
                return []
            (unit,) = found
            better = CLEARLY * (unit.luts or 0) < table.result() or luts(unit.circuit, "unit") < table.result()
        return [unit.circuit] if better else []

    def large(self, target: Target) -> list[Circuit]:
        """The smallest unit, as mapped, of a target that is too large for a table: also polynomials in segments."""
        fabric = FABRICS[self.family]
        low, high = int(target.low.min()), int(target.high.max())
        self.tell(f"{self.family}: looking for logic or lines for a function of {target.bits} bits to {low} .. {high}")
        found = candidates([target], fabric, self.effort, 1, silent)[:1]
        found += smooth([target], fabric, self.effort, 1, inf, silent)
        with TemporaryDirectory(prefix="nnfpga-") as work:
            sizes = [
                mapped(c.circuit, self.family, Path(work, str(n)), self.tell)[0]["lut"] for n, c in enumerate(found)
            ]
        return [found[sizes.index(min(sizes))].circuit] if found else []


def rough_units(device: Device) -> Units:
    """Units of a short search, with which a network takes up to a half more: to compare forms of it."""
    fabric = next(fabric for family, fabric in FABRICS.items() if family == device.family)

    def found(target: Target) -> Circuit | None:
        if target.bits <= fabric.inputs:
            return None
        return next((c.circuit for c in candidates([target], fabric, ROUGH, 1, lambda _: None)), None)

    return found


def mapped(
    circuit: Circuit | Memory, family: Family, work: Path, tell: Callable[[str], None], dsp: bool = False
) -> tuple[dict[str, int], str]:
    """What a circuit takes on a family, LUTs as they are written (a plain table takes fewer so, too); its RTLIL."""
    if isinstance(circuit, Memory):
        unit = MemoryUnit(circuit, dsp)
    else:
        unit = Unit(circuit, dsp) if len(circuit.inputs) == len(circuit.outputs) == 1 else Block(circuit)
    text = rtlil.convert(unit, name="unit", emit_src=False)
    return synthesise(text, family, "unit", work, area=True, dsp=dsp, progress=tell).resources, text


def read(path: Path, target: Target) -> list[Circuit] | None:
    """The unit in a file of the cache, or none where that says so; None where it has to be made."""
    try:
        units = [Circuit.parse(text) for text in json.loads(path.read_text())]
        good = all(target.holds(unit.evaluate(target.codes.reshape(-1, 1))[:, 0]) for unit in units)
    except (OSError, ValueError, TypeError, OverflowError):  # damaged
        return None
    return units if good else None
