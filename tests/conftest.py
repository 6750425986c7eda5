"""Fixtures for every room: the shared models and data, which may be absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("nnfpga", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("nnfpga")

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with ``models/`` and ``data/``: $NNFPGA_DATA or ../shared; the test is skipped where it is absent."""
    path = Path(os.environ.get("NNFPGA_DATA", ROOT.parent / "shared"))
    if not (path / "models").is_dir():
        pytest.skip(f"needs shared models and data, which are not in {path} (set NNFPGA_DATA to their folder)")
    return path


@pytest.fixture(scope="session")
def models() -> Path:
    """The small models that are committed here."""
    return ROOT / "tests" / "models"
