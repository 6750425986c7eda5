"""Asks a program for its version, once: the answer is kept on disk until the program changes."""

import json
import os
from pathlib import Path

from .cache import atomic_write, folder, key


def probe(command: tuple[str, ...]) -> str:
    """Return what ``command`` prints in at most 120 s; the empty string if it cannot be run.

    The answer is remembered in the cache folder under the program's path, size and time of change.
    """
    stat = os.stat(os.path.realpath(command[0]))
    record = folder("versions") / f"{key(*command, str(stat.st_mtime_ns), str(stat.st_size))}.json"
    known = _recall(record)
    if known is not None:
        return known
    import subprocess  # what is remembered starts nothing

    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    text = done.stdout + done.stderr
    atomic_write(record, json.dumps(text))
    return text


def _recall(record: Path) -> str | None:
    try:
        text = json.loads(record.read_text())
    except (OSError, ValueError):
        return None
    return text if isinstance(text, str) else None
