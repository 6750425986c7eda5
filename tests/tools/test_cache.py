import os
from pathlib import Path

import pytest

from nnfpga.tools.cache import atomic_write, folder, key
from nnfpga.tools.errors import ToolError


def test_the_override_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("NNFPGA_CACHE", str(tmp_path / "own"))
    assert folder("a") == tmp_path / "own" / "a"
    monkeypatch.delenv("NNFPGA_CACHE")
    assert folder() == tmp_path / "xdg" / "nnfpga"


def test_a_folder_that_cannot_be_made_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("NNFPGA_CACHE", str(tmp_path / "file"))
    with pytest.raises(ToolError, match=r"^cannot make the cache folder .*: set NNFPGA_CACHE to a writable folder$"):
        folder("below")


def test_a_key_tells_parts_apart() -> None:
    assert key("ab", "c") != key("a", "bc")
    assert key("ab", b"c") == key(b"ab", "c")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "file"
    atomic_write(path, "old")

    def refuse(source: str, target: str) -> None:
        raise OSError("no")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="no"):
        atomic_write(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file"]
