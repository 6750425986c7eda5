"""Damaged models, as ``benchmarks/mutate.py`` makes them by the thousand: refused or supported, never an exception."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

from nnfpga.check import check
from nnfpga.compiler.frontend.importer import BUG

ROOT = Path(__file__).resolve().parents[2]
CASES = 40


@pytest.fixture(scope="module")
def mutate() -> ModuleType:
    """The benchmark's module."""
    spec = importlib.util.spec_from_file_location("mutate", ROOT / "benchmarks" / "mutate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["mutate"] = module
    spec.loader.exec_module(module)
    return module


def test_damaged_models(mutate: ModuleType, tmp_path: Path) -> None:
    models = sorted(ROOT.glob("tests/models/*.onnx"))
    outcomes: Counter[bool] = Counter()
    for number in range(CASES):
        case = mutate.make_case(number, models)
        path = tmp_path / f"{number}.onnx"
        path.write_bytes(case.data)
        found = check(path)
        assert not any(BUG in problem.what for problem in found.problems), (number, found.problems)
        outcomes[found.supported] += 1
    assert outcomes[True] >= 5  # else the changes destroy too much to reach what lies behind the import
    assert outcomes[False] >= 15
