"""Output folders that appear whole or not at all."""

from __future__ import annotations

import os
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
    target = Path(path).absolute()
    if target.exists() and not (target.is_dir() and ((target / MARK).exists() or not any(target.iterdir()))):
        raise CompileError(f"{path}: holds other files; give a new folder, or one that nnfpga wrote")
    temporary: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        sweep(target)
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=f".{os.getpid()}.part", dir=target.parent))
        temporary.chmod(0o777 & ~umask())
        yield temporary
        put(temporary, target)
    except OSError as error:
        where = error.filename or path
        raise CompileError(
            f"{where}: cannot be written ({error.strerror}); free the disk or choose another folder"
        ) from None
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


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
    """Remove what runs that were killed have left beside the target."""
    for left in target.parent.glob(f".{target.name}.*.part"):
        owner = left.suffixes[-2][1:] if len(left.suffixes) > 1 else ""
        if owner.isdigit() and not Path(f"/proc/{owner}").exists() and Path("/proc").exists():
            shutil.rmtree(left, ignore_errors=True)


def umask() -> int:
    """The process' umask."""
    current = os.umask(0)
    os.umask(current)
    return current
