"""Output folders that appear whole or not at all."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from nnfpga.compiler.errors import CompileError

__all__ = ["MARK", "whole_folder"]

MARK = "report.json"


@contextmanager
def whole_folder(path: str | Path) -> Generator[Path]:
    """A new folder beside ``path`` that takes its place when the block ends well, and vanishes when it does not.

    An older result of ours at that place is replaced; anything else is left alone.

    Raises
    ------
    CompileError
        where the place is taken by something else, cannot be written, or the disk is full.
    """
    target = Path(os.path.abspath(path))
    temporary: Path | None = None
    try:
        if not replaceable(target):
            raise CompileError(f"{path or '.'}: holds other files; give a new folder, or one that nnfpga wrote")
        target.parent.mkdir(parents=True, exist_ok=True)
        sweep(target)
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=f".{os.getpid()}.part", dir=target.parent))
        temporary.chmod(0o777 & ~umask())
        yield temporary
        put(temporary, target)
    except OSError as error:
        where = error.filename or path
        raise CompileError(
            f"{where}: cannot be written ({error.strerror or error}); free the disk or choose another folder"
        ) from None
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def replaceable(target: Path) -> bool:
    """Whether nothing is there, or an empty folder, or a result of ours."""
    if not target.is_dir():
        return not os.path.lexists(target)
    if not any(target.iterdir()):
        return True
    try:
        report = json.loads((target / MARK).read_text())
    except (OSError, ValueError):
        return False
    return isinstance(report, dict) and "nnfpga" in report


def put(temporary: Path, target: Path) -> None:
    """Move a finished folder into place; an older one goes only when the new one is there."""
    for file in temporary.rglob("*"):
        if file.is_file():
            with file.open("rb") as handle:
                os.fsync(handle.fileno())
    if not target.exists():
        temporary.rename(target)
        return
    old = temporary.with_suffix(".old")
    target.rename(old)
    try:
        temporary.rename(target)
    except OSError:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def sweep(target: Path) -> None:
    """Remove what runs that were killed have left beside the target; put back a result that one of them moved away."""
    for left in sorted(target.parent.iterdir()):
        match = re.fullmatch(rf"\.{re.escape(target.name)}\.\w+\.(\d+)\.(part|old)", left.name)
        if match is None or runs(int(match[1])):
            continue
        if match[2] == "old" and not target.exists():
            left.rename(target)
        else:
            shutil.rmtree(left, ignore_errors=True)


def runs(process: int) -> bool:
    """Whether a process of that number is alive."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def umask() -> int:
    """The process' umask."""
    current = os.umask(0)
    os.umask(current)
    return current
