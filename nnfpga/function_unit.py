"""Makes function units: candidates, mapped by Yosys, the cheapest with its error on all inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from functools import partial
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from nnfpga.boards.devices import TYPICAL
from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.formats import parse as parse_format
from nnfpga.compiler.functions.blocks import Blocks, in_blocks
from nnfpga.compiler.functions.choose import Effort, candidates, plain
from nnfpga.compiler.functions.expression import parse
from nnfpga.compiler.functions.memory import in_memory
from nnfpga.compiler.functions.recurrences import recurrences
from nnfpga.compiler.functions.smooth import smooth, table_of
from nnfpga.tools.find import find
from nnfpga.tools.recipes import Family
from nnfpga.tools.yosys import rtlil_to_verilog

from . import __version__
from .error_plot import error_plot
from .function_formats import read_error, targets_of
from .function_ram import block_rams, ram_table
from .functions import Asked
from .units import FABRICS, mapped

__all__ = ["fresh"]

Given = TypeVar("Given")
Result = TypeVar("Result")

KINDS = {"ram": "bram", "dsp": "dsp"}
NONE = {"lut": 0, "bram": 0, "dsp": 0}
USUAL = Effort(24, 10_000, 8, 100_000, 300_000, 3, 1_000_000)
MOST_EFFORT = 1000
ROUGHLY = 1.5  # what an estimate may be above the LUTs of another candidate, whose count is exact, to be mapped
MAPPED = 2  # candidates that are mapped besides the plain table
MAX_PLAIN = 10  # input bits of a table that is given to the tools as it is, beside others
MAX_ALONE = 12  # and where there is nothing else: what has more takes Yosys hours


def fresh(asked: Asked, tell: Callable[[str], None]) -> dict[str, Any]:
    """The fields of what `functions.make` gives."""
    faults: list[str] = []
    family, effort = noted(faults, family_of, asked.family), noted(faults, effort_of, asked.effort)
    use = noted(faults, lambda text: use_of(text, family), asked.use)
    f, error = noted(faults, parse, asked.text), noted(faults, read_error, asked.error)
    source = noted(faults, parse_format, asked.given)
    result = None if asked.result is None else noted(faults, parse_format, asked.result)
    if asked.result is None and asked.error is None:
        faults.append("neither the output's format nor an error is given; add --out, --error or both")
    if family is None or effort is None or use is None or f is None or source is None or faults:
        raise CompileError("\n".join(faults))
    formats = targets_of(f, source, result, error)
    targets = [target for _, target in formats]
    found = candidates(targets, FABRICS[family], effort, asked.seed, tell)[:MAPPED]
    below = min((ROUGHLY * c.luts for c in found if c.luts is not None), default=inf)
    found += smooth(targets, FABRICS[family], effort, asked.seed, below, tell)
    table = table_of(FABRICS[family], effort, asked.seed)
    found += recurrences(targets, FABRICS[family], table, below, tell)
    if use:
        blocks = Blocks(partial(block_rams, family), use.get("bram"), use.get("dsp"))
        found += in_blocks(targets, FABRICS[family], blocks, table)
    ram = ram_table(targets, family)
    if not found and source.width > MAX_ALONE:
        what = "no logic was found for so many inputs and so small an error"
        else_ram = "" if ram is None else f", or use a table of {ram.inputs} bits in {ram.rams} block RAMs"
        raise CompileError(f"'{asked.text}': {what}; allow a greater one{else_ram}")
    if source.width <= MAX_PLAIN or not found:
        found.append(plain(targets[0]))
    with TemporaryDirectory(prefix="nnfpga-") as work:
        made: list[tuple[dict[str, int], str]] = []
        for n, c in enumerate(found):
            tell(f"{family}: mapping the {c.method}")
            circuit = c.circuit if c.address is None else in_memory(c.circuit, c.address)
            made.append(mapped(circuit, family, Path(work, str(n)), tell, c.dsp))
        ways = [
            (c, *m) for c, m in zip(found, made, strict=True) if m[0]["dsp"] or not c.dsp
        ]  # small products are LUTs
        found, made = [c for c, *_ in ways], [(used, text) for _, used, text in ways]
        chosen, resources, text = min(ways, key=lambda m: m[1]["lut"] + sum(w * m[1][kind] for kind, w in use.items()))
        verilog = rtlil_to_verilog(text, Path(work), progress=tell)
        if chosen.latency:
            verilog = (
                f"// y is the result of the x before, a cycle of clk later; a new x may come every cycle\n{verilog}"
            )
    form_of = {id(target): form for form, target in formats}
    form = form_of[id(chosen.target)]
    x = chosen.target.codes * float(source.scale)
    y = chosen.circuit.evaluate(chosen.target.codes.reshape(-1, 1))[:, 0] * float(form.scale)
    errors = y - f.evaluate(x).value
    report = {
        "nnfpga": __version__,
        "function": asked.text,
        "input": str(source),
        "output": str(form),
        "error": asked.error,
        "greatest_error": float(f"{abs(errors).max():.6g}"),
        "codes": len(x),
        "family": family,
        "yosys": find("yosys").version,
        "seed": asked.seed,
        "effort": asked.effort,
        "method": chosen.method,
        "resources": resources,
        "latency": chosen.latency,
        "in_luts": use,
        "block_ram": None if ram is None else asdict(ram),
        "candidates": [
            {
                "method": c.method,
                "output": str(form_of[id(c.target)]),
                "estimate": c.luts,
                "latency": c.latency,
                "chosen": c is chosen,
                **used,
            }
            for c, (used, _) in zip(found, made, strict=True)
        ],
    }
    picture = error_plot(x, errors, None if error is None else float(error), asked.text)
    return {"report": report, "circuit": str(chosen.circuit), "verilog": verilog, "picture": picture}


def noted(faults: list[str], read: Callable[[Given], Result], given: Given) -> Result | None:
    """What is read from a text; what is wrong with it is noted."""
    try:
        return read(given)
    except CompileError as error:
        faults.append(str(error))
        return None


def effort_of(times: int) -> Effort:
    """So many times the usual search, but for the first one of each start."""
    if not 1 <= times <= MOST_EFFORT:
        raise CompileError(f"effort {times}: is not in 1 .. {MOST_EFFORT}; choose one in that range")
    return replace(USUAL, longer=times * USUAL.longer, last=times * USUAL.last, end=times * USUAL.end)


def use_of(text: str, family: Family | None) -> dict[str, float]:
    """What each kind of resource that may be used is worth in LUTs: as stated, or what a typical chip has to one."""
    worth: dict[str, float] = {}
    for part in (part.strip() for part in text.split(",") if part.strip()):
        name, equals, stated = part.partition("=")
        if name not in KINDS or (equals and not stated.isdecimal()):
            raise CompileError(
                f"use '{part}': is not known; write ram or dsp, or with what one is worth in LUTs: ram=100"
            )
        typical = 0.0 if family is None else TYPICAL[family].in_luts({**NONE, KINDS[name]: 1})
        worth[KINDS[name]] = float(stated) if equals else round(typical, 1)
    return worth


def family_of(name: str) -> Family:
    """The family of that name."""
    for family in FABRICS:
        if family == name:
            return family
    raise CompileError(f"family '{name}': is not known; choose one of {', '.join(FABRICS)}")
