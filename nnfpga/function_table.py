"""What ``nnfpga function`` prints."""

from __future__ import annotations

from typing import Any

from .functions import Made

__all__ = ["to_text"]

MOST_LINES = 400
NAMES = {"bram": "block RAM", "dsp": "multiplier"}


def to_text(made: Made) -> str:
    """The circuit, what each candidate takes, and the greatest error over all inputs."""
    report = made.report
    lines = made.circuit.splitlines()
    if len(lines) > MOST_LINES:
        lines = [f"({len(lines)} lines; -o writes them)"]
    budget = "the nearest output" if report["error"] is None else f"at most {report['error']}"
    lines += [
        "",
        f"{report['function']}: {report['input']} to {report['output']}, {report['family']}, {report['yosys']}",
        *map(candidate_line, report["candidates"]),
        *([] if (ram := report["block_ram"]) is None or "bram" in report["in_luts"] else [ram_line(ram)]),
        *(f"a {NAMES[kind]} counts as {worth:g} LUTs" for kind, worth in report["in_luts"].items()),
        f"greatest error over all {report['codes']} inputs: {report['greatest_error']:g} ({budget})",
    ]
    return "\n".join(lines)


def candidate_line(candidate: dict[str, Any]) -> str:
    """What a candidate takes, and what it is."""
    chosen = "*" if candidate["chosen"] else ""
    used = f"{chosen:>3} {candidate['lut']:5} LUTs {candidate['carry']:3} carries"
    return f"{used}  {candidate['method']}, {candidate['output']}{others(candidate)}"


def others(candidate: dict[str, Any]) -> str:
    """What a candidate takes besides LUTs, and when its result comes."""
    used = [f"{n} {name}{'s' * (n > 1)}" for kind, name in NAMES.items() if (n := candidate[kind])]
    return "".join(f"; {part}" for part in [*used, *["a cycle later"] * candidate["latency"]])


def ram_line(ram: dict[str, Any]) -> str:
    """What the function takes in block RAM."""
    size = f"a table of {ram['inputs']} bits to {ram['outputs']}"
    return f"    {ram['lut']:5} LUTs and {ram['rams']} block RAM{'s' * (ram['rams'] > 1)}, a cycle later: {size}"
