"""What pip installs: the wheel, built through the sdist, holds every room and works; the command starts quickly."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("compiler", "rtl", "sim", "boards", "train")
START_SECONDS = 0.5
HEAVY = ("numpy", "onnx", "onnxruntime", "amaranth", "yaml", "mpmath", "torch")


def run(*command: str | Path, cwd: Path = ROOT, path: Path | None = None) -> str:
    """What a program prints; the test fails with its messages where it does."""
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONWARNINGS")}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    done = subprocess.run(list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def source_files() -> set[str]:
    """Every file of the package as git sees it (or the folders, where there is no git), named as in the wheel."""
    folders = ("nnfpga", *ROOMS)
    if (ROOT / ".git").exists():
        listed = run("git", "ls-files", "-z", "--", *folders).split("\0")
        paths = [Path(name) for name in listed if name]
    else:
        paths = [p.relative_to(ROOT) for folder in folders for p in (ROOT / folder).rglob("*")]
    kept = [p for p in paths if (ROOT / p).is_file() and "__pycache__" not in p.parts]
    return {(p if p.parts[0] == "nnfpga" else "nnfpga" / p).as_posix() for p in kept}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the sdist as pip does it."""
    out = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out)
    assert len(list(out.glob("nnfpga-*.tar.gz"))) == 1
    (wheel,) = out.glob("nnfpga-*.whl")
    return wheel


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which pip installed the wheel alone."""
    folder = tmp_path_factory.mktemp("site")
    run(sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", folder, wheel)
    return folder


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_every_room(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for room in (*ROOMS, "tools", "report"):
        assert f"nnfpga/{room}/__init__.py" in names
    assert "nnfpga/py.typed" in names
    assert any(name.startswith("nnfpga/sim/") and name.endswith(".cpp") for name in names)
    assert any(name.startswith("nnfpga/tools/techmap/") and name.endswith(".v") for name in names)
    assert source_files() - names == set()


@pytest.mark.slow
def test_the_wheel_holds_nothing_twice_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert len(names) == len(set(names))
    assert {name.split("/")[0] for name in names} == {"nnfpga", *(n.split("/")[0] for n in names if "dist-info" in n)}


@pytest.mark.slow
def test_the_installed_wheel_compiles_a_model(site: Path, tmp_path: Path) -> None:
    where = run(sys.executable, "-c", "import nnfpga; print(nnfpga.__file__)", cwd=tmp_path, path=site)
    assert Path(where.strip()).is_relative_to(site)
    digits = ROOT / "examples" / "digits"
    options = ("--data", digits / "data.npz", "--emit", "rtl", "--samples", "8", "--quiet", "-o", tmp_path / "out")
    run(sys.executable, "-m", "nnfpga", "compile", digits / "model.onnx", *options, cwd=tmp_path, path=site)
    assert (tmp_path / "out" / "report.json").is_file()
    assert (tmp_path / "out" / "rtl" / "top.v").is_file()


def test_the_command_starts_quickly() -> None:
    def seconds() -> float:  # of the processor, so that other work beside the tests does not count
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run(sys.executable, "-m", "nnfpga", "--version")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(3)) <= START_SECONDS


def test_the_command_line_loads_nothing_heavy() -> None:
    code = f"import sys, nnfpga.cli; nnfpga.cli.parser(); print([m for m in {HEAVY!r} if m in sys.modules])"
    assert run(sys.executable, "-c", code).strip() == "[]"
