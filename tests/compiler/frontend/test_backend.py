"""The conformance cases of the ONNX wheel: every one passes or is refused by name."""

from __future__ import annotations

import importlib.util
import re
import sys
import zlib
from pathlib import Path
from typing import Any

import pytest

SHARES = 6  # tests that run beside each other; an operator's cases are in one


@pytest.fixture(scope="module")
def backend() -> Any:
    """The library beside this file."""
    spec = importlib.util.spec_from_file_location("onnx_backend", Path(__file__).with_name("backend.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["onnx_backend"] = module
    spec.loader.exec_module(module)
    return module


def row_of(case: Any) -> str:
    """The row of the page that counts a case."""
    return case.operator if case.kind == "node" else case.kind


@pytest.mark.parametrize("share", range(SHARES))
def test_cases_pass_or_are_refused_as_the_page_says(backend: Any, share: int) -> None:
    found = backend.results(lambda c: zlib.crc32(row_of(c).encode()) % SHARES == share)
    assert found
    assert [f"{o.case.name}: {o.reason}" for o in found if o.status == "failed"] == []
    if f"of onnx {backend.onnx.__version__}." not in (text := backend.DOCS.read_text()):
        pytest.skip("docs/operators.md counts the cases of another version of onnx")
    rows = [line for line in backend.table(found).splitlines()[2:] if not line.startswith("| **all**")]
    assert [r for r in rows if r not in text.splitlines()] == [], "run python tests/compiler/frontend/backend.py"


def test_the_page_has_a_row_for_each_operator_and_its_sums(backend: Any) -> None:
    if f"of onnx {backend.onnx.__version__}." not in (text := backend.DOCS.read_text()):
        pytest.skip("docs/operators.md counts the cases of another version of onnx")
    names = []
    for table in text.split("\n## ")[1:]:
        cells = re.findall(r"^\| (\S+) \| (\d+) \| (\d+) \| (\d+) \|", table, flags=re.MULTILINE)
        *rows, last = [(name, *map(int, counts)) for name, *counts in cells]
        assert last == ("**all**", *(sum(row[k] for row in rows) for k in (1, 2, 3)))
        names += [name for name, *_ in rows]
    assert sorted(names) == sorted({row_of(c) for c in backend.all_cases()})


def test_a_wrong_output_is_noticed(backend: Any, tmp_path: Path) -> None:
    case = next(c for c in backend.node_cases() if c.name == "test_relu")
    wrong = backend.replace(case, outputs=(case.outputs[0] + 1e-3,))
    assert backend.run(case, tmp_path).status == "passed"
    assert backend.run(wrong, tmp_path).status == "failed"
