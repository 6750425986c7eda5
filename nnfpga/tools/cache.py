"""A folder for results that are slow to make again, and writes that are never half done."""

import hashlib
import os
from pathlib import Path

from .errors import ToolError


def folder(*parts: str) -> Path:
    """Return the cache folder, or a folder below it, and make it.

    It is ``$NNFPGA_CACHE``, else ``$XDG_CACHE_HOME/nnfpga``, else ``~/.cache/nnfpga``. Everything in it may be
    deleted at any time. Raises `ToolError` if it cannot be made.
    """
    chosen = os.environ.get("NNFPGA_CACHE")
    if chosen:
        base = Path(chosen).absolute()
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "nnfpga"
    path = base.joinpath(*parts)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ToolError(
            f"cannot make the cache folder {path} ({error.strerror}): set NNFPGA_CACHE to a writable folder"
        ) from error
    return path


def key(*parts: str | bytes) -> str:
    """Return a name of 32 hexadecimal digits that differs whenever any of ``parts`` differs."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(8, "little"))
        digest.update(raw)
    return digest.hexdigest()[:32]


def atomic_write(path: Path, contents: bytes | str, *, executable: bool = False) -> None:
    """Write a file so that readers see the old contents or the new, never a part (text is UTF-8, ``\\n`` lines)."""
    import tempfile  # here, as what only reads the cache is quick

    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(contents.encode() if isinstance(contents, str) else contents)
        os.chmod(temporary, 0o755 if executable else 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
