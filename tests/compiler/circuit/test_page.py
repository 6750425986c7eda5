"""The examples of docs/circuit.md."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from nnfpga.compiler.circuit.ir import Circuit, Node

PAGE = (Path(__file__).parents[3] / "docs" / "circuit.md").read_text()


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def test_the_text_form_is_that_of_the_python_example() -> None:
    (form,), (code,) = blocks(""), blocks("python")
    names: dict[str, Any] = {}
    exec(code, names)
    assert str(names["circuit"]) == form


def test_the_table_has_all_nodes_and_right_values() -> None:
    names = re.findall(r"^\| `(\w+)\(", PAGE, re.MULTILINE)
    assert sorted(names) == sorted(kind.__name__ for kind in Node.__subclasses__())
    start = "inputs [4..6], [0..5]\n%0 [4..6] = input index=0\n%1 [0..5] = input index=1\n"
    examples = re.findall(r"`(\w+ %0[^`]*)` is (-?\d+) \|$", PAGE, re.MULTILINE)
    assert len(examples) == 9
    for text, value in examples:
        circuit = Circuit.parse(f"{start}%2 [-99..99] = {text}\noutput %2\n")
        assert circuit.evaluate(np.array([[5, 3]])).tolist() == [[int(value)]], text
