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


def test_no_case_fails(backend: Any) -> None:
    found = backend.results()
    failed = [f"{o.case.name}: {o.reason}" for o in found if o.status == "failed"]
    assert failed == []
    assert sum(o.status == "passed" for o in found) > 100
