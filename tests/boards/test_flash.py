from __future__ import annotations

import stat
from pathlib import Path

import pytest

from nnfpga import boards
from nnfpga.boards import flash as module
from nnfpga.boards.flash import flash
from nnfpga.compiler.errors import CompileError

ICEBREAKER = boards.find("icebreaker")
ULX3S = boards.find("ulx3s-25f")


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder as PATH, and no wheel."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(module, "_from_wheel", lambda name: None)
    return folder


@pytest.fixture
def bitstream(tmp_path: Path) -> Path:
    path = tmp_path / "design.bin"
    path.write_bytes(b"bits")
    return path


def script(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_writes(tools: Path, bitstream: Path) -> None:
    log = tools / "log"
    script(tools, "openFPGALoader", f'echo "$@" >> {log}')
    flash(ICEBREAKER, bitstream)
    flash(ULX3S, bitstream)
    flash(ULX3S, bitstream, permanent=True)
    assert log.read_text().splitlines() == [
        f"-b ice40_generic {bitstream}",
        f"-b ulx3s {bitstream}",
        f"-b ulx3s --write-flash {bitstream}",
    ]


def test_falls_back_to_iceprog(tools: Path, bitstream: Path) -> None:
    log = tools / "log"
    script(tools, "openFPGALoader", "echo 'libftdi1.so.2: cannot open shared object file' >&2; exit 127")
    script(tools, "iceprog", f'echo "$@" >> {log}')
    flash(ICEBREAKER, bitstream)
    assert log.read_text() == f"{bitstream}\n"


def test_no_programmer(tools: Path, bitstream: Path) -> None:
    with pytest.raises(CompileError) as error:
        flash(ICEBREAKER, bitstream)
    assert str(error.value) == ("board icebreaker: no programmer is installed; install openFPGALoader or iceprog")


def test_programmer_does_not_start(tools: Path, bitstream: Path) -> None:
    script(tools, "openFPGALoader", "echo 'libftdi1.so.2: cannot open shared object file' >&2; exit 127")
    with pytest.raises(CompileError) as error:
        flash(ULX3S, bitstream)
    assert str(error.value) == (
        "board ulx3s-25f: openFPGALoader does not start (libftdi1.so.2: cannot open shared object file); "
        "install openFPGALoader"
    )


def test_no_board(tools: Path, bitstream: Path) -> None:
    script(tools, "openFPGALoader", "echo 'unable to open ftdi device: -3 (device not found)' >&2; exit 1")
    with pytest.raises(CompileError) as error:
        flash(ULX3S, bitstream)
    assert str(error.value) == (
        "board ulx3s-25f: openFPGALoader could not write the bitstream (unable to open ftdi device: -3 (device not "
        "found)); plug the board in, and check that you may use it (udev rules of openFPGALoader)"
    )


def test_no_bitstream(tools: Path) -> None:
    with pytest.raises(CompileError) as error:
        flash(ULX3S, "missing.bit")
    assert str(error.value) == "board ulx3s-25f: there is no bitstream missing.bit; build the design first"
