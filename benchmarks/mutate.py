"""Mutated and cut models through ``nnfpga check`` and ``compile``: no traceback, nothing read outside, limits kept.

    python benchmarks/mutate.py [CASES] [FIRST]

Case n is made with seed n from one of the real models: damaged bytes, or damaged structure (sizes, attributes, nodes,
wires, types, values). Each runs in a process of its own with 10 s of processor time and 2 GiB of memory beyond what the
interpreter maps at its start; every tenth goes through ``compile --emit model`` with random data, too. Anything but
exit status 0 or 2 is a failure, and so are an operator's function that raised what no input should make it raise, and a
file opened outside the case's folder, the interpreter's and nnfpga's. An interrupt ends the run after its case.
"""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import resource
import signal
import sys
import sysconfig
import tempfile
import threading
import time
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from damage.cases import Case, make_case

ROOT = Path(__file__).resolve().parents[1]
SHARED = Path(os.environ.get("NNFPGA_DATA", ROOT.parent / "shared"))
SECONDS = 10
WALL_SECONDS = 120  # of a hung process; the machine may be busy
BYTES = 2 << 30
COMPILED = 10  # every so many-th case is compiled, too


@dataclass(frozen=True)
class Result:
    """How a command ended: its exit status, or what went wrong; seconds of processor time, most resident MiB."""

    status: int | None
    wrong: str
    said: str
    seconds: float
    mebibytes: float


def run(arguments: list[str], folder: Path) -> Result:
    """A command of nnfpga in a process of its own, within the limits; it may only open files in ``folder``."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            answer = inside(arguments, folder)
        except BaseException:
            answer = (None, traceback.format_exc(), "")
        with os.fdopen(writer, "wb") as pipe:
            pickle.dump(answer, pipe)
        os._exit(0)
    os.close(writer)
    start = time.monotonic()
    while True:
        ended, status, usage = os.wait4(child, os.WNOHANG)
        if ended:
            break
        if time.monotonic() - start > WALL_SECONDS:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.002)
    with os.fdopen(reader, "rb") as pipe:
        answer = pipe.read()
    code, wrong, said = pickle.loads(answer) if answer else (None, f"the process was killed ({status})", "")
    seconds = usage.ru_utime + usage.ru_stime
    if code is None and not answer and seconds > SECONDS - 1:
        wrong = f"more than {SECONDS} s of processor time"
    return Result(code, wrong, said, seconds, usage.ru_maxrss / 1024)


def inside(arguments: list[str], folder: Path) -> tuple[int | None, str, str]:
    """Run the command here: exit status, what went wrong, and the last line that it said."""
    from nnfpga.cli import main
    from nnfpga.compiler.frontend.importer import BUG

    opened: list[str] = []
    allowed = [str(folder), str(ROOT), sys.prefix, sys.base_prefix, *sysconfig.get_paths().values(), "/proc/self"]

    def watch(event: str, details: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(details[0], str | bytes | os.PathLike):
            path = os.path.realpath(os.fsdecode(details[0]))
            if not any(path == root or path.startswith(root.rstrip("/") + "/") for root in allowed):
                opened.append(path)

    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + BYTES, mapped + BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    sys.addaudithook(watch)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(arguments)
    said = (err.getvalue() or out.getvalue()).strip().splitlines()
    lines = err.getvalue().splitlines()
    if opened:
        return None, f"opened {opened[0]}", ""
    if status not in (0, 2) or (status == 2) != bool(lines):
        return None, f"exit status {status} with {len(lines)} lines on stderr", ""
    bad = [line for line in lines if BUG in line or not line.startswith("nnfpga: error: ")]
    if bad:
        return None, f"stderr: {bad[0]}", ""
    return status, "", said[-1] if said else ""


def random_data(folder: Path, model: bytes) -> Path:
    """Samples in the shape that the damaged model states, as far as it states one."""
    proto = onnx.ModelProto.FromString(model)
    given = {t.name for t in proto.graph.initializer}
    infos = [i for i in proto.graph.input if i.name not in given]
    shape = [d.dim_value for d in infos[0].type.tensor_type.shape.dim[1:]] if infos else [1]
    shape = shape if all(0 < d < 10_000 for d in shape) and np.prod(shape) < 1 << 20 else [1]
    path = folder / "data.npz"
    np.savez(path, x=np.random.default_rng(0).random((8, *shape)))
    return path


def run_case(case: Case, compiled: bool) -> list[tuple[str, Result]]:
    """The commands of one case with their results."""
    with tempfile.TemporaryDirectory(prefix="nnfpga-mutate-") as outer:
        (Path(outer) / "outside.bin").write_bytes(bytes(1 << 16))
        folder = Path(outer) / "case"
        folder.mkdir()
        (folder / "link").symlink_to("..")
        path = folder / "model.onnx"
        path.write_bytes(case.data)
        results = [("check", run(["check", str(path)], folder))]
        if compiled:
            with contextlib.suppress(Exception):
                data = random_data(folder, case.data)
                command = [
                    "compile",
                    str(path),
                    "--data",
                    str(data),
                    "--emit",
                    "model",
                    "-q",
                    "-o",
                    str(folder / "out"),
                ]
                results.append(("compile", run(command, folder)))
    return results


def main(cases: int = 3000, first: int = 0) -> int:
    """Run the cases, print what went wrong and the figures; 1 where anything did."""
    import nnfpga.check
    import nnfpga.check_text
    import nnfpga.flow
    import nnfpga.rtl.network

    models = sorted([*SHARED.glob("models/*/*.onnx"), *ROOT.glob("tests/models/*.onnx")])
    nnfpga.check.check(models[-1])  # so that no case pays for what is loaded once
    counts: Counter[str] = Counter()
    worst = {"seconds": 0.0, "mebibytes": 0.0}
    start = time.monotonic()
    stop = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: stop.set())
    for number in range(first, first + cases):
        if stop.is_set():
            cases = number - first
            break
        case = make_case(number, models)
        for command, result in run_case(case, number % COMPILED == 0):
            counts[f"{command} {'failed' if result.wrong else ('supported', '', 'refused')[result.status or 0]}"] += 1
            for key in worst:
                worst[key] = max(worst[key], getattr(result, key))
            if result.wrong:
                print(f"--- case {number}: {command} {case.source} {', '.join(case.changes)}")
                print(f"{result.wrong.strip()} ({result.seconds:.1f} s, {result.mebibytes:.0f} MiB)", flush=True)
            elif os.environ.get("VERBOSE"):
                print(number, command, case.source, *case.changes, "|", result.said[:150], f"{result.seconds:.1f} s")
    print(f"{cases} cases from {first} on, {len(models)} models, {time.monotonic() - start:.0f} s: {dict(counts)}")
    print(f"most: {worst['seconds']:.1f} s of processor time, {worst['mebibytes']:.0f} MiB")
    return 1 if any("failed" in key for key in counts) else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
