"""What a user can choose, checked at once: from the command line, from Python, or from a YAML file."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from math import inf, isfinite
from pathlib import Path
from typing import Any

import yaml

from nnfpga.compiler.errors import CompileError, Problem
from nnfpga.compiler.formats import Format, Ranges, parse

__all__ = ["Emit", "Options", "read_config"]

BITS = range(2, 17)


class Emit(Enum):
    """Where a compile stops."""

    MODEL = "model"
    RTL = "rtl"
    NETLIST = "netlist"
    BITSTREAM = "bitstream"

    @property
    def rank(self) -> int:
        """Its place in the order of steps."""
        return list(Emit).index(self)


@dataclass(frozen=True)
class Options:
    """Choices for one compile; a value of None lets the compiler choose.

    ``bits`` is the width of weights and activations, ``clock`` in MHz, ``samples`` how many vectors the RTL is compared
    on, ``verify_seconds`` the time for simulating the netlist, ``output`` one of auto, class, scores;
    ``calibration`` one of minmax, percentile, mse. ``layers`` holds formats of single layers; ``max_drop`` are the
    points of accuracy (percent) that the search for the others may lose. ``curve_error`` is how many units of its
    result a curved function of a float model may be off where that takes less logic. ``max_error`` is how far the
    outputs of a float model may be off, in their own unit, where that takes less logic. ``dsp`` says whether products
    go into the chip's multiplier blocks as long as there are some; where nothing is said they do.
    """

    board: str | None = None
    device: str | None = None
    target: str = "area"
    clock: float | None = None
    bits: int = 8
    layers: Mapping[str, Mapping[str, int | Format]] = field(default_factory=dict[str, Mapping[str, int | Format]])
    max_drop: float | None = None
    curve_error: int = 0
    max_error: float | None = None
    calibration: str = "mse"
    input_format: str | None = None
    input_range: tuple[float, float] | None = None
    samples: int | None = None
    emit: str | None = None
    output: str = "auto"
    plan: str | None = None
    verify_seconds: float = 60.0
    seed: int = 1
    dsp: bool | None = None

    def check(self) -> None:
        """Raise CompileError naming every choice that cannot be."""
        problems: list[Problem] = []

        def unless(good: bool, name: str, what: str, remedy: str) -> None:
            if not good:
                problems.append(Problem(f"option {name}", what, remedy))

        known = [e.value for e in Emit]
        unless(0 <= self.curve_error <= 16, "curve-error", f"{self.curve_error} is out of range", "choose 0 to 16")
        error = self.max_error
        good = error is None or (isfinite(error) and error > 0)
        unless(good, "max-error", f"{error} is no error", "give a number above 0")
        unless(error is None or not self.curve_error, "max-error", "curve-error says it too", "give one of them")
        unless(error is None or self.max_drop is None, "max-error", "max-drop says it too", "give one of them")
        targets, outputs = ["latency", "throughput", "area"], ["auto", "class", "scores"]
        unless(self.bits in BITS, "bits", f"{self.bits} is out of range", "choose 2 to 16")
        drop = self.max_drop
        unless(
            drop is None or 0 <= drop < 100, "max-drop", f"{drop} is out of range", "give points from 0 to below 100"
        )
        unless(self.target in targets, "target", f"'{self.target}' is not known", f"choose {', '.join(targets)}")
        unless(self.emit in (None, *known), "emit", f"'{self.emit}' is not known", f"choose {', '.join(known)}")
        unless(self.output in outputs, "output", f"'{self.output}' is not known", f"choose {', '.join(outputs)}")
        ranges = [r.value for r in Ranges]
        given = self.calibration
        unless(given in ranges, "calibration", f"'{given}' is not known", f"choose {', '.join(ranges)}")
        unless(
            self.clock is None or 0 < self.clock <= 1000,
            "clock",
            f"{self.clock} MHz is out of range",
            "give up to 1000 MHz",
        )
        unless(self.samples is None or self.samples > 0, "samples", f"{self.samples} is too few", "give at least 1")
        seconds = self.verify_seconds
        unless(seconds >= 0, "verify-seconds", f"{seconds:g} is too few", "give 0 or more")
        unless(seconds < inf, "verify-seconds", f"{seconds:g} is no end", "give a number of seconds")
        unless(0 <= self.seed < 1 << 31, "seed", f"{self.seed} is out of range", "choose 0 to 2147483647")
        unless(not (self.board and self.device), "device", "a board has its own device", "give a board or a device")
        low, high = self.input_range or (0.0, 1.0)
        finite = isfinite(low) and isfinite(high)
        unless(finite, "input-range", f"{low:g} to {high:g} is not finite", "give LOW,HIGH with LOW < HIGH")
        unless(
            low < high or not finite, "input-range", f"{low:g} to {high:g} is empty", "give LOW,HIGH with LOW < HIGH"
        )
        needs_board = self.emit in ("bitstream",) and not self.board
        unless(not needs_board, "emit", "a bitstream needs a board", "add --board")
        needs_chip = self.emit == "netlist" and not self.board and not self.device
        unless(not needs_chip, "emit", "a netlist needs a chip", "add --board or --device")
        on_chip = bool(self.board or self.device)
        unless(on_chip or not self.dsp, "dsp", "multiplier blocks are a chip's", "add --board or --device")
        if self.input_format is not None:
            try:
                parse(self.input_format)
            except CompileError as error:
                what, remedy = str(error).split(": ", 1)[1].split("; ")
                problems.append(Problem("option input-format", f"'{self.input_format}' {what}", remedy))
        if problems:
            raise CompileError(problems)

    @property
    def stop(self) -> Emit:
        """Where to stop: the bitstream for a board, the netlist for a device, else the RTL."""
        if self.emit is not None:
            return Emit(self.emit)
        return Emit.BITSTREAM if self.board else Emit.NETLIST if self.device else Emit.RTL

    def updated(self, given: Mapping[str, Any]) -> Options:
        """With other choices.

        Raises
        ------
        CompileError
            where a name is not known or a value has the wrong type.
        """
        names = {f.name for f in fields(self)}
        unknown = [name for name in given if name not in names]
        if unknown:
            problems = [
                Problem(f"option {n}", "is not known", f"choose from {', '.join(sorted(names))}") for n in unknown
            ]
            raise CompileError(problems)
        converted: dict[str, Any] = {}
        problems: list[Problem] = []
        for name, value in given.items():
            convert, what = CONVERT[name]
            try:
                converted[name] = convert(value)
            except (TypeError, ValueError):
                problems.append(Problem(f"option {name.replace('_', '-')}", f"{value!r} is not {what}", f"give {what}"))
        if problems:
            raise CompileError(problems)
        return replace(self, **converted)


def optional(kind: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A conversion that lets None through."""
    return lambda value: None if value is None else kind(value)


def text(value: Any) -> str:
    """A text as it is."""
    if not isinstance(value, str | os.PathLike):
        raise TypeError
    return os.fspath(value)


def number(value: Any) -> float:
    """A number that is no truth value."""
    if isinstance(value, bool):
        raise TypeError
    return float(value)


def whole(value: Any) -> int:
    """A whole number; 8.5 is none."""
    if number(value) != int(value):
        raise ValueError
    return int(value)


def truth(value: Any) -> bool:
    """A truth value as it is."""
    if not isinstance(value, bool):
        raise TypeError
    return value


def pair(value: Any) -> tuple[float, float]:
    """``LOW,HIGH`` or a sequence of two."""
    low, high = value.split(",") if isinstance(value, str) else value
    return number(low), number(high)


def formats(value: Any) -> dict[str, dict[str, int | Format]]:
    """Formats of layers: a mapping of names to ``weights`` and ``activations``, or a YAML file with that as ``layers``.

    Raises
    ------
    CompileError
        for every width that is none.
    """
    if isinstance(value, str | os.PathLike):
        path = os.fspath(value)
        value = read_config(path).get("layers")
        if value is None:
            raise CompileError(f"{path}: holds no formats of layers; write 'layers:' and below it lines like {EXAMPLE}")
    if not isinstance(value, Mapping):
        raise TypeError
    problems: list[Problem] = []
    result: dict[str, dict[str, int | Format]] = {}
    for name, given in value.items():
        widths = rejoined(given) if isinstance(given, Mapping) else given
        if not isinstance(widths, Mapping) or not {*widths} <= {"weights", "activations"}:
            what = f"{widths!r} are no widths"
            problems.append(Problem(f"option layers, '{name}'", what, f"write lines like {EXAMPLE}"))
            continue
        for kind, width in widths.items():
            try:
                if isinstance(width, Format) or (type(width) is int and width in BITS):
                    chosen = width
                elif isinstance(width, str):
                    chosen = parse(width)
                else:
                    raise TypeError
                result.setdefault(str(name), {})[kind] = chosen
            except (TypeError, CompileError):
                what, remedy = f"{kind} {width!r} are no width", "give 2 to 16 bits, or a format like fixed<5,1>"
                problems.append(Problem(f"option layers, '{name}'", what, remedy))
    if problems:
        raise CompileError(problems)
    return result


def rejoined(widths: Mapping[Any, Any]) -> dict[Any, Any]:
    """The same where YAML took the comma of an unquoted ``fixed<5,1>`` in braces for its own."""
    result: dict[Any, Any] = {}
    for key, value in widths.items():
        before = next(reversed(result), None)
        if value is None and before is not None and str(key).endswith(">"):
            result[before] = f"{result[before]},{key}"
        else:
            result[key] = value
    return result


EXAMPLE = "'fc1: {weights: 4, activations: 6}'"
TEXT, NUMBER, WHOLE = "a text", "a number", "a whole number"
CONVERT: dict[str, tuple[Callable[[Any], Any], str]] = {
    "board": (optional(text), TEXT),
    "device": (optional(text), TEXT),
    "target": (text, TEXT),
    "clock": (optional(number), NUMBER),
    "bits": (whole, WHOLE),
    "layers": (formats, "a mapping of names to weights and activations, or a YAML file that holds one"),
    "max_drop": (optional(number), NUMBER),
    "curve_error": (whole, WHOLE),
    "max_error": (optional(number), NUMBER),
    "calibration": (text, TEXT),
    "input_format": (optional(text), TEXT),
    "input_range": (optional(pair), "a pair LOW,HIGH of numbers"),
    "samples": (optional(whole), WHOLE),
    "emit": (optional(text), TEXT),
    "output": (text, TEXT),
    "plan": (optional(text), TEXT),
    "verify_seconds": (number, NUMBER),
    "seed": (whole, WHOLE),
    "dsp": (optional(truth), "true or false"),
}


def read_config(path: str | Path) -> dict[str, Any]:
    """The choices in a YAML file; dashes in names are underscores.

    Raises
    ------
    CompileError
        where it cannot be read or holds no mapping.
    """
    try:
        value = yaml.safe_load(Path(path).read_text())
    except OSError as error:
        raise CompileError(f"{path}: cannot be read ({error.strerror}); give a YAML file") from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise CompileError(f"{path}: is not YAML; write lines like 'bits: 8'") from None
    if not isinstance(value, dict):
        raise CompileError(f"{path}: holds no choices; write lines like 'bits: 8'")
    return {str(key).replace("-", "_"): item for key, item in value.items()}
