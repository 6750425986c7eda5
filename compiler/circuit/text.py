"""The text form of a circuit, which reads back.

::

    inputs 2 [0..5], [-1..1:2]
    %0 [0..5] = input index=0
    %1 [-1..1:2] = input index=2
    %2 [-4..24:2] = add %0, %1, a_shift=2, b_shift=1
    %3 [0..1] = atleast %2, bound=7
    output %3, %2

The first line has the lattices of the inputs (``2 [0..5]`` are two alike), then comes a line per value: its number, its
range (the step is the power of two that divides it), the node's name, operands, and what differs from the defaults.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, fields
from functools import cache
from itertools import groupby
from typing import NamedTuple

from ..exact import trailing_zeros
from ..number import Number
from .bits import OnBits
from .nodes import Node
from .values import Range, Value

__all__ = ["Parts", "bracket", "read", "write", "write_node"]

LATTICE = re.compile(r"\[(-?\d+)(?:\.\.(-?\d+)(?::(\d+))?)?\]")
LINE = re.compile(r"%(\d+) (\S+) = (\w+)(?: (.*))?")
INTEGER = re.compile(r"-?\d+")


class Parts(NamedTuple):
    """What a circuit is made of; ``lines`` are the lines of the values in the text, from 1."""

    inputs: tuple[Number, ...]
    nodes: tuple[Node, ...]
    ranges: tuple[Range, ...]
    outputs: tuple[Value, ...]
    lines: tuple[int, ...]


def write(inputs: Sequence[Number], nodes: Sequence[Node], ranges: Sequence[Range], outputs: Sequence[Value]) -> str:
    """The text form."""
    alike = [(text, len(list(group))) for text, group in groupby(map(str, inputs))]
    lattices = ", ".join(text if count == 1 else f"{count} {text}" for text, count in alike)
    lines = [f"%{i} {bracket(r)} = {write_node(node)}" for i, (node, r) in enumerate(zip(nodes, ranges, strict=True))]
    return "\n".join([f"inputs {lattices}".rstrip(), *lines, f"output {', '.join(f'%{o}' for o in outputs)}\n"])


def bracket(r: Range) -> str:
    """A range as a lattice whose step is a power of two."""
    if r == Range.around(r.low):
        return f"[{r.low}]"
    return f"[{r.low}..{r.high}:{1 << r.zeros}]" if r.zeros else f"[{r.low}..{r.high}]"


def write_node(node: Node) -> str:
    """A node without its value and range."""
    words = [f"%{v}" for v in node.reads]
    for name, default in parameters(type(node)):
        value = getattr(node, name)
        if value is True:
            words.append(name)
        elif value != default and not isinstance(value, Range):
            words.append(f"{name}=({' '.join(map(str, value))})" if isinstance(value, tuple) else f"{name}={value}")
    return " ".join([type(node).__name__.lower(), ", ".join(words)]).rstrip()


@cache
def parameters(kind: type[Node]) -> tuple[tuple[str, object], ...]:
    """The fields that are no operands, each with its default."""
    return tuple((f.name, f.default) for f in fields(kind) if f.name not in kind.operands)


def read(text: str) -> Parts:
    """The parts of a text form.

    Raises
    ------
    ValueError
        that names the line, where the text is not of the form or a node reads a value that is not before it.
    """
    inputs: tuple[Number, ...] | None = None
    outputs: tuple[Value, ...] | None = None
    nodes: list[Node] = []
    ranges: list[Range] = []
    lines: list[int] = []
    for number, line in enumerate(text.splitlines(), 1):
        try:
            if not line.strip():
                continue
            if outputs is not None:
                raise ValueError("nothing may follow the outputs")
            if inputs is None:
                inputs = tuple(lattices(after("inputs", line)))
            elif line.startswith("output"):
                outputs = tuple(values(after("output", line).split(", "), len(nodes)))
            else:
                node, r = value_of(line, len(nodes))
                nodes.append(node)
                ranges.append(r)
                lines.append(number)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
    if inputs is None or outputs is None:
        raise ValueError(f"line {len(text.splitlines())}: the text ends before the outputs")
    return Parts(inputs, tuple(nodes), tuple(ranges), outputs, tuple(lines))


def after(word: str, line: str) -> str:
    """What follows the first word of a line."""
    first, _, rest = line.strip().partition(" ")
    if first != word:
        raise ValueError(f"expected {word!r}, not {first!r}")
    return rest


def lattices(text: str) -> Iterable[Number]:
    """The lattices of the inputs."""
    for part in text.split(", ") if text else []:
        count, _, lattice = part.rpartition(" ")
        if count and not count.isdecimal():
            raise ValueError(f"{part!r} is no lattice")
        yield from [Number.of(*bounds(lattice))] * (int(count) if count else 1)


def bounds(text: str) -> tuple[int, int, int]:
    """Least and greatest value and step of a bracket."""
    match = LATTICE.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is no range such as [0..15] or [-4..4:2]")
    low, high, step = match.groups()
    return int(low), int(high or low), int(step or 1)


def values(words: Iterable[str], count: int) -> Iterable[Value]:
    """Values such as ``%3``, of which ``count`` are known."""
    for word in filter(None, words):
        if not (word.startswith("%") and word[1:].isdecimal()):
            raise ValueError(f"expected a value such as %0, not {word!r}")
        if int(word[1:]) >= count:
            raise ValueError(f"{word} does not come before it")
        yield int(word[1:])


def value_of(line: str, number: int) -> tuple[Node, Range]:
    """The node and the range of a value's line."""
    match = LINE.fullmatch(line.strip())
    if match is None:
        raise ValueError(f"expected '%{number} [low..high] = node operands', not {line.strip()!r}")
    index, lattice, name, rest = match.groups()
    if int(index) != number:
        raise ValueError(f"expected %{number}, not %{index}")
    low, high, step = bounds(lattice)
    if step.bit_count() != 1:
        raise ValueError(f"the step {step} is no power of two")
    r = Range.around(low) if ".." not in lattice else Range(low, high, trailing_zeros(step))
    kind = kinds().get(name)
    if kind is None:
        raise ValueError(f"unknown node {name!r}")
    return node_of(kind, (rest or "").split(", ") if rest else [], number, r), r


def kinds() -> dict[str, type[Node]]:
    """All nodes by their names."""
    return {kind.__name__.lower(): kind for kind in Node.__subclasses__()}


def node_of(kind: type[Node], words: list[str], number: int, r: Range) -> Node:
    """A node from its words; an input's range is its value's."""
    name = kind.__name__.lower()
    count = sum(word.startswith("%") for word in words) if issubclass(kind, OnBits) else len(kind.operands)
    operands, rest = words[:count], words[count:]
    if len(operands) != count:
        raise ValueError(f"{name} reads {count} values, not {len(operands)}")
    before = tuple(values(operands, number))
    given: dict[str, object] = {"bits": before}
    if not issubclass(kind, OnBits):
        given = dict(zip(kind.operands, before, strict=True))
    known = dict(parameters(kind))
    for word in rest:
        key, has_value, value = word.partition("=")
        if key not in known or key in given:
            raise ValueError(f"{name} has no {key!r}" if key not in known else f"{key!r} stands there twice")
        given[key] = parameter(value) if has_value else True
        if type(given[key]) is not type(known[key]) and known[key] is not MISSING:
            raise ValueError(f"{key} cannot be {word!r}")
    given.update({f.name: r for f in fields(kind) if f.type == "Range"})
    missing = [key for key, default in known.items() if default is MISSING and key not in given]
    if missing:
        raise ValueError(f"{name} needs {missing[0]}")
    return kind(**given)


def parameter(text: str) -> int | tuple[int, ...]:
    """An integer, or several in brackets."""
    if text.startswith("(") and text.endswith(")"):
        return tuple(integer(word) for word in text[1:-1].split())
    return integer(text)


def integer(text: str) -> int:
    """A decimal integer."""
    if INTEGER.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no integer")
    return int(text)
