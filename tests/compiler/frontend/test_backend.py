"""The conformance cases of the ONNX wheel: every one passes or is refused by name."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest


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


@pytest.fixture(scope="module")
def found(backend: Any) -> Any:
    """The outcome of every case."""
    return backend.results()


def test_no_case_fails(found: Any) -> None:
    assert [f"{o.case.name}: {o.reason}" for o in found if o.status == "failed"] == []


def test_the_page_is_what_the_cases_give(backend: Any, found: Any) -> None:
    if f"of onnx {backend.onnx.__version__}." not in (text := backend.DOCS.read_text()):
        pytest.skip("docs/operators.md counts the cases of another version of onnx")
    assert backend.page(found) == text, "run python tests/compiler/frontend/backend.py"


def test_a_wrong_output_is_noticed(backend: Any, tmp_path: Path) -> None:
    case = next(c for c in backend.node_cases() if c.name == "test_relu")
    wrong = backend.replace(case, outputs=(case.outputs[0] + 1e-3,))
    assert backend.run(case, tmp_path).status == "passed"
    assert backend.run(wrong, tmp_path).status == "failed"
