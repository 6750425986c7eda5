"""``nnfpga function``: the cheapest circuit of a real function, measured on a family of chips.

What comes from the cache imports little: `Asked` and `Made` are named tuples, as dataclasses take a while to load.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from nnfpga.tools import cache
from nnfpga.tools.find import find

from . import __version__

__all__ = ["Asked", "Made", "fingerprint", "make"]

SOURCES = ("compiler/functions", "tools/recipes")


class Asked(NamedTuple):
    """A function, its formats as texts, the greatest error (None: the nearest codes), a family, a seed, and how many
    times as long as usual to search.

    Without a format for the output the coarsest ones within the error are tried. ``use`` is what may be used besides
    LUTs: ``ram``, ``dsp`` or both with a comma, each with what it is worth in LUTs or without (``ram=100,dsp``).
    """

    text: str
    given: str
    result: str | None = None
    error: str | None = None
    family: str = "ice40"
    seed: int = 1
    effort: int = 1
    use: str = ""


class Made(NamedTuple):
    """What was found: the dictionary of the report, the circuit's text form, Verilog, a picture of the error."""

    report: dict[str, Any]
    circuit: str
    verilog: str
    picture: str

    def write(self, folder: Path) -> None:
        """Write all of it into a folder."""
        (folder / "report.json").write_text(json.dumps(self.report, indent=2) + "\n")
        (folder / "circuit.txt").write_text(self.circuit + "\n")
        (folder / "function.v").write_text(self.verilog)
        (folder / "error.svg").write_text(self.picture)


def make(asked: Asked, tell: Callable[[str], None] = lambda _: None) -> Made:
    """The circuit for a function; the same, and from the cache, when it is asked for again.

    Raises
    ------
    CompileError
        where the formula or a format is not understood, or nothing is within the error.
    """
    path = cache.folder("functions") / f"{cache.key(*fingerprint(), json.dumps(asked._asdict()))}.json"
    if path.exists():
        try:
            return Made(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            path.unlink(missing_ok=True)  # a damaged file is made again
    from .function_unit import fresh

    made = Made(**fresh(asked, tell))
    cache.atomic_write(path, json.dumps(made._asdict()))
    return made


@lru_cache(maxsize=1)
def fingerprint() -> list[str | bytes]:
    """What a result depends on besides what is asked: the programs that make and map it."""
    here = Path(__file__).parent
    files = [file for folder in SOURCES for file in sorted((here / folder).glob("*.py"))]
    return [__version__, find("yosys").version, *(file.read_bytes() for file in files)]
