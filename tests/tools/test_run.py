import os
import signal
import threading
import time
from pathlib import Path

import pytest

from nnfpga.tools.errors import ToolError
from nnfpga.tools.find import Tool
from nnfpga.tools.run import run, run_all

SHELL = Tool("shell", ("/bin/sh", "-c"), "1")


def alive(pid: int) -> bool:
    """Whether a process still runs 5 s from now; a killed one needs a moment to go."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        if state == "Z":
            return False
        time.sleep(0.05)
    return True


def test_output_is_returned_and_kept(tmp_path: Path) -> None:
    assert run(SHELL, ["echo out; echo err >&2"], tmp_path / "new", "log") == "out\nerr\n"
    assert (tmp_path / "new" / "log").read_text().endswith("out\nerr\n")


def test_failure_tells_the_last_error_and_the_log(tmp_path: Path) -> None:
    with pytest.raises(ToolError) as caught:
        run(SHELL, ["echo ERROR: first; echo ERROR: second; echo bye; exit 3"], tmp_path, "log")
    assert str(caught.value) == f"shell failed: ERROR: second (see {tmp_path / 'log'})"
    with pytest.raises(ToolError, match=r"^shell failed: ended by signal 9 "):
        run(SHELL, ["kill -9 $$"], tmp_path, "log")
    with pytest.raises(ToolError, match=r"^nothing could not be started .*: check /nowhere$"):
        run(Tool("nothing", ("/nowhere",), "1"), [], tmp_path, "log")


def test_a_timeout_kills_the_whole_group(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"^shell did not end within 0.5 s: see "):
        run(SHELL, ["sleep 60 & echo $! > pid; wait"], tmp_path, "log", timeout=0.5)
    assert not alive(int((tmp_path / "pid").read_text()))


def test_an_interrupt_kills_the_whole_group(tmp_path: Path) -> None:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background starts without it

    def interrupt() -> None:
        while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
            time.sleep(0.02)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            run(SHELL, ["sleep 60 & echo $! > pid; wait"], tmp_path, "log")
    finally:
        thread.join()
        signal.signal(signal.SIGINT, before)
    assert not alive(int((tmp_path / "pid").read_text()))


def test_something_is_done_meanwhile(tmp_path: Path) -> None:
    """The program waits for what is done, and is killed where that fails."""
    done, pid = tmp_path / "done", tmp_path / "pid"
    wait = "echo $$ > pid; while [ ! -e done ]; do sleep 0.02; done; echo seen"
    assert run(SHELL, [wait], tmp_path, "log", timeout=10, meanwhile=done.touch) == "seen\n"
    done.unlink()

    def fail() -> None:
        while not pid.exists() or not pid.read_text():
            time.sleep(0.02)
        raise ToolError("no")

    pid.unlink()
    with pytest.raises(ToolError, match=r"^no$"):
        run(SHELL, [wait], tmp_path, "log", meanwhile=fail)
    assert not alive(int(pid.read_text()))


def test_one_failure_among_several_is_told_with_its_log(tmp_path: Path) -> None:
    assert run_all(SHELL, {"a": ["echo 1"], "b": ["echo 2"]}, tmp_path) == ["1\n", "2\n"]
    with pytest.raises(ToolError, match=r"^shell failed: fatal b \(see .*/b\)$"):
        run_all(SHELL, {"a": ["true"], "b": ["echo fatal b; exit 1"]}, tmp_path)


def test_a_slow_first_start_is_announced_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NNFPGA_CACHE", str(tmp_path / "cache"))
    told: list[str] = []
    for _ in range(2):
        run(Tool("wasm", ("/bin/sh", "-c"), "1", wasm=True), ["true"], tmp_path, "log", progress=told.append)
    assert told == ["wasm: the first start prepares the program, which takes up to a minute"]
