"""Damaged models, as ``benchmarks/mutate.py`` makes them by the thousand: refused or supported, never an exception."""

from __future__ import annotations

import importlib
from collections import Counter
from pathlib import Path

import pytest

from nnfpga.check import check
from nnfpga.compiler.frontend.importer import BUG

ROOT = Path(__file__).resolve().parents[2]
CASES = 40


def test_damaged_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "benchmarks"))
    make_case = importlib.import_module("damage.cases").make_case
    models = sorted(ROOT.glob("tests/models/*.onnx"))
    outcomes: Counter[bool] = Counter()
    for number in range(CASES):
        case = make_case(number, models)
        path = tmp_path / f"{number}.onnx"
        path.write_bytes(case.data)
        found = check(path)
        assert not any(BUG in problem.what for problem in found.problems), (number, found.problems)
        outcomes[found.supported] += 1
    assert outcomes[True] >= 5  # else the changes destroy too much to reach what lies behind the import
    assert outcomes[False] >= 15
