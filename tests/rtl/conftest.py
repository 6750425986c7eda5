"""The harness as a fixture: test files are imported one by one, without packages."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from amaranth._unused import MustUse

MustUse._MustUse__silence = True  # units whose constructor refuses its arguments are never used


@pytest.fixture(scope="session")
def harness() -> ModuleType:
    """tests/rtl/harness.py: ``check`` and ``drive``."""
    spec = importlib.util.spec_from_file_location("rtl_harness", Path(__file__).with_name("harness.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["rtl_harness"] = module
    spec.loader.exec_module(module)
    return module
