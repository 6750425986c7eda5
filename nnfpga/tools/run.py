"""Runs outside programs, keeps what they say in a log, and leaves no process behind."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from .cache import folder
from .errors import ToolError
from .find import Tool

Progress = Callable[[str], None]


def say(text: str) -> None:
    """Print one line of progress on stderr: the progress callback that is used where none is given."""
    print(text, file=sys.stderr, flush=True)


def run(
    tool: Tool,
    args: Sequence[str | Path],
    cwd: Path,
    log_name: str,
    timeout: float | None = None,
    *,
    progress: Progress | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> str:
    """Run a program in the folder ``cwd`` and return all it printed (stdout and stderr together).

    The output also lies in ``cwd/log_name`` while and after it runs. ``timeout`` is in seconds. ``progress`` is told
    before a slow first start, ``meanwhile`` is called while the program runs. Raises `ToolError` with the last error
    line and the log's path if the program fails or does not end in time. The program and its children are killed when
    this call is interrupted.
    """
    return run_all(tool, {log_name: args}, cwd, timeout, progress=progress, meanwhile=meanwhile)[0]


def run_all(
    tool: Tool,
    jobs: Mapping[str, Sequence[str | Path]],
    cwd: Path,
    timeout: float | None = None,
    *,
    progress: Progress | None = None,
    meanwhile: Callable[[], None] | None = None,
) -> list[str]:
    """Run a program several times at once, ``jobs`` being log name -> arguments, otherwise like `run`."""
    _announce_first_start(tool, progress or say)
    cwd.mkdir(parents=True, exist_ok=True)
    children: list[subprocess.Popen[bytes]] = []
    end = None if timeout is None else time.monotonic() + timeout
    try:
        for log_name, args in jobs.items():
            children.append(_start(tool, [*tool.command, *map(str, args)], cwd, cwd / log_name))
        if meanwhile is not None:
            meanwhile()
        for child in children:
            child.wait(None if end is None else max(0.0, end - time.monotonic()))
    except subprocess.TimeoutExpired:
        raise ToolError(f"{tool.name} did not end within {timeout:g} s: see {cwd / next(iter(jobs))}") from None
    finally:
        for child in children:
            if child.poll() is None:
                kill(child)
    texts: list[str] = []
    for log_name, child in zip(jobs, children, strict=True):
        text = (cwd / log_name).read_bytes().partition(b"\n")[2].decode(errors="replace")
        if child.returncode != 0:
            raise ToolError(f"{tool.name} failed: {_reason(text, child.returncode)} (see {cwd / log_name})")
        texts.append(text)
    _mark_started(tool)
    return texts


def _start(tool: Tool, command: list[str], cwd: Path, log: Path) -> "subprocess.Popen[bytes]":
    with log.open("wb") as file:
        file.write(f"$ {' '.join(command)}\n".encode())
        file.flush()
        try:
            return subprocess.Popen(
                command,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                env={**os.environ, **tool.environment},
                start_new_session=True,
            )
        except OSError as error:
            raise ToolError(f"{tool.name} could not be started ({error.strerror}): check {tool.command[0]}") from error


def kill(child: "subprocess.Popen[bytes]") -> None:
    """End a process that was started with ``start_new_session=True``, and all its children."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _reason(text: str, status: int) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [
        line
        for line in lines
        if re.search(r"\berror\b|^fatal", line, re.IGNORECASE)
        and not re.search(r"\b\d+ (warnings?, \d+ )?errors?\b|Exiting due to", line)
    ]
    if errors:
        return errors[-1]
    if status < 0:
        return f"ended by signal {-status}"
    return lines[-1] if lines else f"exit status {status}"


def _mark(tool: Tool) -> Path:
    return folder("started") / f"{tool.name}-{tool.version}"


def _announce_first_start(tool: Tool, progress: Progress) -> None:
    if tool.wasm and not _mark(tool).exists():
        progress(f"{tool.name}: the first start prepares the program, which takes up to a minute")


def _mark_started(tool: Tool) -> None:
    if tool.wasm:
        _mark(tool).touch()
