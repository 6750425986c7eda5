"""Results appear whole or not at all, whatever happens in between."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nnfpga.compiler.errors import CompileError
from nnfpga.folder import whole_folder

Run = Callable[..., tuple[int, str, str]]
REPORT = json.dumps({"nnfpga": "0"})


def write_result(path: Path, text: str) -> None:
    with whole_folder(path) as folder:
        (folder / "report.json").write_text(REPORT)
        (folder / "rtl").mkdir()
        (folder / "rtl" / "top.v").write_text(text)


def test_a_result_appears_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "out"
    with whole_folder(target) as folder:
        (folder / "report.json").write_text(REPORT)
        assert not target.exists()
    assert (target / "report.json").read_text() == REPORT
    assert [p.name for p in target.parent.iterdir()] == ["out"]
    assert target.stat().st_mode & 0o777 == 0o777 & ~current_umask()


def current_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_an_older_result_is_replaced_as_a_whole(tmp_path: Path) -> None:
    target = tmp_path / "out"
    write_result(target, "old")
    (target / "stale").touch()
    write_result(target, "new")
    assert (target / "rtl" / "top.v").read_text() == "new"
    assert not (target / "stale").exists()
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    write_result(tmp_path / "out", "new")
    assert (tmp_path / "out" / "rtl" / "top.v").read_text() == "new"


def fail_halfway(target: Path, error: BaseException) -> None:
    with whole_folder(target) as folder:
        (folder / "report.json").write_text(REPORT)
        raise error


@pytest.mark.parametrize("error", [RuntimeError("broken"), KeyboardInterrupt(), CompileError("no")])
def test_after_an_exception_nothing_has_changed(tmp_path: Path, error: BaseException) -> None:
    target = tmp_path / "out"
    for before in ([], ["out"]):
        with pytest.raises(type(error)):
            fail_halfway(target, error)
        assert [p.name for p in tmp_path.iterdir()] == before
        if not before:
            write_result(target, "old")
    assert (target / "rtl" / "top.v").read_text() == "old"


@pytest.mark.parametrize("report", [None, "{}", "[1]", "no json"])
def test_what_is_not_ours_stays(tmp_path: Path, report: str | None) -> None:
    target = tmp_path / "out"
    target.mkdir()
    (target / "thesis.txt").write_text("mine")
    if report is not None:
        (target / "report.json").write_text(report)
    sentence = f"{target}: holds other files; give a new folder, or one that nnfpga wrote"
    with pytest.raises(CompileError) as caught, whole_folder(target):
        pytest.fail("the block must not run")
    assert str(caught.value) == sentence
    assert (target / "thesis.txt").read_text() == "mine"


def test_no_name_is_the_present_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CompileError, match=r"^\.: holds other files"), whole_folder(""):
        pytest.fail("the block must not run")


def test_a_file_is_not_replaced(tmp_path: Path) -> None:
    target = tmp_path / "out"
    target.write_text("mine")
    with pytest.raises(CompileError, match="holds other files"), whole_folder(target):
        pytest.fail("the block must not run")
    assert target.read_text() == "mine"


def test_a_place_below_a_file(tmp_path: Path, run: Run, mlp: Path, data: Path) -> None:
    (tmp_path / "file").touch()
    status, out, err = run("compile", mlp, "--data", data, "--emit", "model", "-q", "-o", tmp_path / "file" / "out")
    assert (status, out) == (2, "")
    assert err == (
        f"nnfpga: error: {tmp_path}/file: cannot be written (File exists); free the disk or choose another folder\n"
    )


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere: file modes stop nobody")
def test_a_place_that_may_not_be_written(tmp_path: Path, run: Run, mlp: Path, data: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        status, out, err = run("compile", mlp, "--data", data, "--emit", "model", "-q", "-o", tmp_path / "out")
    finally:
        tmp_path.chmod(0o700)
    assert (status, out) == (2, "")
    assert "cannot be written (Permission denied); free the disk or choose another folder" in err
    assert not list(tmp_path.iterdir())


def test_a_full_disk(tmp_path: Path, run: Run, mlp: Path, data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.write_bytes

    def full(self: Path, content: bytes) -> int:
        if self.name == "report.json":
            real(self, content[:10])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(self, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    out = tmp_path / "out"
    assert run("compile", mlp, "--data", data, "--emit", "model", "-q", "-o", out) == (
        2,
        "",
        f"nnfpga: error: {out}: cannot be written (No space left on device); free the disk or choose another folder\n",
    )
    assert not list(tmp_path.iterdir())


def python(code: str, *arguments: object) -> subprocess.Popen[str]:
    """A process that runs a piece of Python."""
    command = [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_write_that_really_fails(tmp_path: Path, mlp: Path, data: Path) -> None:
    """The system refuses to let a file grow beyond 1,000 bytes, as a full disk would."""
    code = """
        import resource, signal, sys
        from nnfpga.cli import main
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        sys.exit(main(sys.argv[1:]))
    """
    out = tmp_path / "out"
    with python(code, "compile", mlp, "--data", data, "--emit", "model", "-q", "-o", out) as process:
        printed, said = process.communicate(timeout=60)
    assert (process.returncode, printed) == (2, "")
    assert said == f"nnfpga: error: {out}: cannot be written (File too large); free the disk or choose another folder\n"
    assert not list(tmp_path.iterdir())


def test_killed_in_the_middle_of_a_compile(tmp_path: Path, mlp: Path, data: Path) -> None:
    """The block is entered, files are written, then comes SIGKILL; the next run removes what was left."""
    code = """
        import sys, time
        from nnfpga import design
        from nnfpga.cli import main
        write = design.Design.write
        def slow(self, path):
            write(self, path)
            print("written", flush=True)
            time.sleep(60)
        design.Design.write = slow
        main(sys.argv[1:])
    """
    target = tmp_path / "out"
    for older in (False, True):
        with python(code, "compile", mlp, "--data", data, "--emit", "model", "-q", "-o", target) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "written\n"
            process.send_signal(signal.SIGKILL)
        assert target.exists() == older
        assert len([p for p in tmp_path.iterdir() if p.name.endswith(".part")]) == 1
        write_result(target, "next")
        assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_killed_at_any_moment(tmp_path: Path, mlp: Path, data: Path) -> None:
    target = tmp_path / "out"
    for n in range(6):
        code = "import sys\nfrom nnfpga.cli import main\nsys.exit(main(sys.argv[1:]))"
        with python(code, "compile", mlp, "--data", data, "--samples", 16, "-q", "-o", target) as process:
            time.sleep(0.15 + 0.25 * n)
            process.kill()
        if target.exists():
            assert "nnfpga" in json.loads((target / "report.json").read_text())
            assert (target / "rtl" / "testbench.v").exists()
    write_result(target, "next")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_an_older_result_comes_back_when_killed_between_the_renames(tmp_path: Path) -> None:
    target = tmp_path / "out"
    write_result(target, "old")
    with python("") as process:
        process.wait()
    target.rename(tmp_path / f".out.abc_1.{process.pid}.old")
    with pytest.raises(RuntimeError), whole_folder(target):
        raise RuntimeError
    assert (target / "rtl" / "top.v").read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_the_folder_of_a_living_run_and_of_others_is_left_alone(tmp_path: Path) -> None:
    others = [f".out.abc.{os.getpid()}.part", ".out.thing", ".outer.abc.1.part", "out.part"]
    for name in others:
        (tmp_path / name).mkdir()
    write_result(tmp_path / "out", "new")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*others, "out"])
