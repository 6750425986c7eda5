"""The directions of imports between rooms, held by walking the syntax of every file."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MAY_IMPORT = {
    "compiler": set[str](),
    "rtl": {"compiler", "tools"},
    "sim": {"compiler", "rtl", "tools"},
    "boards": {"compiler", "rtl", "tools"},
    "nnfpga/tools": set[str](),
    "train": set[str](),
}
ROOMS = {"compiler", "rtl", "sim", "boards", "train", "tools"}
PRIVATE = {"onnx": "compiler/frontend", "onnxruntime": "compiler/frontend"}


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every module that a file imports, and how many dots it begins with."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            yield from ((f"{base}.{alias.name}".strip("."), node.level) for alias in node.names)


def files(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def room_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "nnfpga" and len(parts) > 1 and parts[1] in ROOMS else None


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_a_room_imports_only_what_it_may(room: str) -> None:
    for path in files(room):
        for module, level in imports(path):
            other = room_of(module)
            where = f"{path.relative_to(ROOT)} imports {module}"
            if level:
                depth = len(path.relative_to(ROOT / room).parts)
                assert level <= depth, f"{where}: relative across rooms"
            elif other is not None:
                assert other != room.removeprefix("nnfpga/"), f"{where}: absolute inside a room"
                assert other in MAY_IMPORT[room], where
            else:
                assert module.split(".")[0] not in {"compiler", "rtl", "sim", "boards", "train"}, where


@pytest.mark.parametrize("module", PRIVATE)
def test_onnx_stays_in_the_front_end(module: str) -> None:
    for room in ("compiler", "rtl", "sim", "boards", "nnfpga/tools"):
        for path in files(room):
            if PRIVATE[module] not in path.as_posix():
                found = [m for m, level in imports(path) if level == 0 and m.split(".")[0] == module]
                assert not found, f"{path.relative_to(ROOT)} imports {module}"


def test_the_compiler_knows_no_hardware_language() -> None:
    for path in files("compiler"):
        assert not [m for m, _ in imports(path) if m.split(".")[0] == "amaranth"], path


def test_the_walk_sees_imports(tmp_path: Path) -> None:
    source = tmp_path / "x.py"
    source.write_text("import onnx.helper\nfrom ..a import b\nfrom nnfpga.rtl.beat import Edge\n")
    assert list(imports(source)) == [("onnx.helper", 0), ("a.b", 2), ("nnfpga.rtl.beat.Edge", 0)]
    assert room_of("nnfpga.rtl.beat.Edge") == "rtl"
