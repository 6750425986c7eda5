"""What ``nnfpga function`` prints."""

from __future__ import annotations

from typing import Any

from .functions import Made

__all__ = ["to_text"]

MOST_LINES = 400


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
        *(
            f"{'*' if c['chosen'] else ' ':>3} {c['lut']:5} LUTs {c['carry']:3} carries  {c['method']}, {c['output']}"
            for c in report["candidates"]
        ),
        *([] if (ram := report["block_ram"]) is None else [ram_line(ram)]),
        f"greatest error over all {report['codes']} inputs: {report['greatest_error']:g} ({budget})",
    ]
    return "\n".join(lines)


def ram_line(ram: dict[str, Any]) -> str:
    """What the function takes in block RAM."""
    size = f"a table of {ram['inputs']} bits to {ram['outputs']}"
    return f"    {ram['lut']:5} LUTs and {ram['rams']} block RAM{'s' * (ram['rams'] > 1)}, a cycle later: {size}"
