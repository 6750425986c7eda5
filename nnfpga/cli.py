"""The command line. Heavy modules are imported by the command that needs them."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

__all__ = ["main"]

CHOICES = (
    "board", "device", "target", "clock", "bits", "layers", "max_drop", "curve_error", "max_error", "calibration",
    "input_format", "input_range", "samples", "emit", "output", "plan", "verify_seconds", "dsp", "seed",
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 when all went well, 2 for anything that the user has to mend, 130 when interrupted."""
    options = parser().parse_args(joined(sys.argv[1:] if arguments is None else arguments))
    command: Callable[[argparse.Namespace], int] | None = getattr(options, "command", None)
    if command is None:
        parser().print_help()
        return 0
    try:
        return command(options)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except KeyboardInterrupt:
        print("nnfpga: interrupted; nothing was written", file=sys.stderr)
        return 130
    except Exception as error:
        if type(error).__name__ not in ("CompileError", "ToolError", "SimulationError"):
            raise
        for line in str(error).splitlines():
            print(f"nnfpga: error: {line}", file=sys.stderr)
        return 2


class Parser(argparse.ArgumentParser):
    """A grammar whose errors are one sentence."""

    def error(self, message: str) -> NoReturn:
        """Print the sentence and exit with status 2."""
        self.exit(2, f"nnfpga: error: {message}; see '{self.prog} --help'\n")


def joined(arguments: Sequence[str]) -> list[str]:
    """The arguments with a range such as ``-1,1`` joined to its option, as it would be taken for an option itself."""
    result: list[str] = []
    for argument in arguments:
        if result and result[-1] == "--input-range":
            result[-1] += f"={argument}"
        else:
            result.append(argument)
    return result


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    from . import __version__

    top = Parser("nnfpga", description="Trained neural networks (ONNX) to exact fixed-point FPGA circuits.")
    top.add_argument("--version", action="version", version=f"nnfpga {__version__}")
    commands = top.add_subparsers(title="commands", metavar="COMMAND")

    check = commands.add_parser("check", help="say what of a model is supported and what it becomes")
    check.add_argument("model", nargs="?", help="the ONNX file")
    check.add_argument("--json", action="store_true", help="print one JSON document (docs/check.md)")
    check.add_argument("--bits", type=int, metavar="N", help="width of weights and activations (default: 8)")
    check.add_argument("--input-format", metavar="F", help="the input's format, such as ufixed<8,0>")
    check.add_argument("--input-range", metavar="LOW,HIGH", help="the input's range (default: -1,1)")
    check.add_argument("--output", help="what the hardware gives: class, scores or auto (as the model ends)")
    check.add_argument("--operators", action="store_true", help="list the ONNX operators that are supported")
    check.set_defaults(command=run_check)

    build = commands.add_parser("compile", help="the whole way from a model to a bitstream and the report")
    build.add_argument("model", help="the ONNX file")
    build.add_argument("--data", metavar="FILE.npz", help="x (samples first), optionally y, x_test, y_test")
    build.add_argument("--board", help="icebreaker, icestick, ulx3s-12f, ... ('nnfpga boards' lists them)")
    build.add_argument("--device", help="a chip without a board")
    build.add_argument("--target", help="latency, throughput or area (default: area)")
    build.add_argument("--clock", type=float, metavar="MHZ", help="clock of the network (default: the board's)")
    build.add_argument("--bits", type=int, metavar="N", help="width of weights and activations (default: 8)")
    build.add_argument("--layers", metavar="FILE.yaml", help="formats of single layers, such as an earlier widths.yaml")
    build.add_argument(
        "--max-drop", type=float, metavar="POINTS", help="search widths that lose at most so much accuracy (percent)"
    )
    build.add_argument(
        "--curve-error", type=int, metavar="N", help="units that a sigmoid or tanh may be off to save LUTs (default: 0)"
    )
    build.add_argument(
        "--max-error", type=float, metavar="E", help="how far outputs of a float model may be off it to save LUTs"
    )
    build.add_argument("--calibration", help="what formats cover: minmax, percentile (99.99) or mse (default: mse)")
    build.add_argument("--input-format", metavar="F", help="the input's format, such as ufixed<8,0>")
    build.add_argument("--input-range", metavar="LOW,HIGH", help="the input's range where there is no data")
    build.add_argument(
        "--samples", type=int, metavar="N", help="vectors on which the RTL is compared (default: by time)"
    )
    build.add_argument(
        "--dsp",
        action=argparse.BooleanOptionalAction,
        help="products in the chip's multiplier blocks, or not (default: where it has them)",
    )
    build.add_argument("--emit", help="where to stop: model, rtl, netlist or bitstream")
    build.add_argument("--output", help="what the hardware gives: class, scores or auto (as the model ends)")
    build.add_argument("--plan", metavar="FILE.yaml", help="a plan.yaml to follow")
    build.add_argument(
        "--verify-seconds", type=float, metavar="S", help="time for simulating the netlist (default: 60)"
    )
    build.add_argument("--seed", type=int, metavar="N", help="seed of placement and of random vectors (default: 1)")
    build.add_argument("--config", metavar="FILE.yaml", help="these options from a file; the command line wins")
    build.add_argument("-o", "--out", metavar="DIR", default="build", help="folder for the results (default: build)")
    build.add_argument("-q", "--quiet", action="store_true", help="no progress")
    build.set_defaults(command=run_compile)

    function = commands.add_parser("function", help="the cheapest circuit of a real function such as exp(-x**2)")
    function.add_argument("text", metavar="FORMULA", help="a formula of x")
    function.add_argument("--in", dest="given", required=True, metavar="F", help="the input's format: fixed<16,3>")
    function.add_argument("--out", dest="result", metavar="F", help="the output's format (default: a coarse one)")
    function.add_argument("--error", metavar="E", help="the greatest error (default: each output is the nearest)")
    function.add_argument("--family", default="ice40", help="ice40, ecp5, xc7 or xc3s (default: ice40)")
    function.add_argument("--seed", type=int, default=1, metavar="N", help="seed of the search (default: 1)")
    function.add_argument("--effort", type=int, default=1, metavar="N", help="search N times as long (default: 1)")
    function.add_argument(
        "--use",
        default="",
        metavar="ram,dsp",
        help="block RAMs and multipliers may be used; ram=100: one is worth 100 LUTs",
    )
    function.add_argument("-o", "--folder", metavar="DIR", help="folder for Verilog, report and a plot of the error")
    function.add_argument("-q", "--quiet", action="store_true", help="no progress")
    function.set_defaults(command=run_function)

    sim = commands.add_parser("sim", help="simulate a compiled design, or serve it on a pseudo-terminal")
    sim.add_argument("folder", metavar="DIR")
    sim.add_argument("--serve", action="store_true", help="simulate the complete chip behind a pseudo-terminal")
    sim.set_defaults(command=run_sim)

    flash = commands.add_parser("flash", help="write the bitstream to the attached board")
    flash.add_argument("folder", metavar="DIR")
    flash.set_defaults(command=run_flash)

    run = commands.add_parser("run", help="send samples to a flashed board and print its predictions")
    run.add_argument("folder", metavar="DIR")
    run.add_argument("--port", required=True, help="serial port, or the pseudo-terminal of 'nnfpga sim --serve'")
    run.add_argument("--data", required=True, metavar="FILE.npz")
    run.add_argument("--samples", type=int, default=10, metavar="N", help="how many samples (default: 10)")
    run.add_argument("--timeout", type=float, default=5.0, metavar="S", help="seconds to wait for an answer")
    run.set_defaults(command=run_run)

    report = commands.add_parser("report", help="print the summary of a compiled design")
    report.add_argument("folder", metavar="DIR")
    report.set_defaults(command=run_report)

    commands.add_parser("boards", help="list boards and chips").set_defaults(command=run_boards)
    commands.add_parser("doctor", help="say which tools were found").set_defaults(command=run_doctor)
    return top


def teller(quiet: bool) -> Callable[[str], None]:
    """Progress lines with the time since the start, on stderr."""
    start = time.monotonic()
    return lambda text: (
        None if quiet else print(f"[{time.monotonic() - start:6.1f} s] {text}", file=sys.stderr, flush=True)
    )


def run_check(options: argparse.Namespace) -> int:
    """``nnfpga check``: what becomes of every node, and what the network takes."""
    from nnfpga.compiler.errors import CompileError
    from nnfpga.compiler.frontend import supported

    from .check import check
    from .check_text import to_json, to_text
    from .options import Options

    if options.operators:
        print("\n".join(supported()))
        return 0
    if options.model is None:
        raise CompileError("no model is given; see 'nnfpga check --help'")
    given = ("bits", "input_format", "input_range", "output")
    choices = Options().updated({name: value for name in given if (value := getattr(options, name)) is not None})
    choices.check()
    result = check(options.model, choices)
    if text := to_json(result) if options.json else to_text(result):
        print(text)
    if not result.supported:
        raise CompileError(result.problems)
    return 0


def run_compile(options: argparse.Namespace) -> int:
    """``nnfpga compile``."""
    from .flow import compile
    from .folder import whole_folder
    from .options import Options, read_config
    from .report import to_table

    choices: dict[str, Any] = {} if options.config is None else read_config(options.config)
    stated = choices.pop("data", None)
    data = stated if options.data is None else options.data
    Options().updated(choices)
    choices |= {name: value for name in CHOICES if (value := getattr(options, name)) is not None}
    with whole_folder(options.out) as folder:
        design = compile(options.model, data, progress=teller(options.quiet), **choices)
        design.write(folder)
        table = to_table(design.report())
    print(table)
    print(f"report: {os.path.join(options.out, 'report.html')}")
    return 0


def run_function(options: argparse.Namespace) -> int:
    """``nnfpga function``."""
    from .function_table import to_text
    from .functions import Asked, make

    names = ("text", "given", "result", "error", "family", "seed", "effort", "use")
    made = make(Asked(**{name: getattr(options, name) for name in names}), teller(options.quiet))
    if options.folder is not None:
        from .folder import whole_folder

        with whole_folder(options.folder) as folder:
            made.write(folder)
    print(to_text(made))
    return 0


def run_sim(options: argparse.Namespace) -> int:
    """``nnfpga sim``."""
    from .replay import replay, serve

    return serve(options.folder, teller(False)) if options.serve else replay(options.folder, teller(False))


def run_flash(options: argparse.Namespace) -> int:
    """``nnfpga flash``."""
    from pathlib import Path

    from nnfpga import boards
    from nnfpga.boards.flash import flash
    from nnfpga.compiler.errors import CompileError

    from .host import read_report

    report = read_report(options.folder)
    if "board" not in report or "bitstream" not in report:
        raise CompileError(f"{options.folder}: holds no bitstream; compile with --board")
    flash(boards.find(report["board"]), Path(options.folder) / report["bitstream"])
    return 0


def run_run(options: argparse.Namespace) -> int:
    """``nnfpga run``."""
    from .data import load_data
    from .host import Remote, read_report

    report = read_report(options.folder)
    data = load_data(options.data, tuple(report["input"]["shape"]))
    remote = Remote(report, options.port, options.timeout)
    right = count = 0
    for i, sample in enumerate(data.x_test[: options.samples]):
        prediction = remote.predict_one(sample)
        truth = None if data.y_test is None else data.y_test[i]
        print(f"{i}: {prediction}" + ("" if truth is None else f"  (label {truth})"), flush=True)
        count += 1
        right += report["output"]["kind"] == "class" and truth is not None and str(prediction) == str(truth)
    if report["output"]["kind"] == "class" and data.y_test is not None:
        print(f"{right} of {count} right")
    return 0


def run_report(options: argparse.Namespace) -> int:
    """``nnfpga report``."""
    from .host import read_report
    from .report import to_table

    print(to_table(read_report(options.folder)))
    return 0


def run_boards(options: argparse.Namespace) -> int:
    """``nnfpga boards``."""
    from nnfpga import boards

    for name in boards.names():
        b = boards.find(name)
        d = b.device
        rams = f"{d.brams} block RAMs of {d.bram_bits // 1024} kbit"
        print(f"{name:12} {b.title}: {d.name}, {d.luts} LUTs, {rams}, {b.oscillator_mhz:g} MHz")
    return 0


def run_doctor(options: argparse.Namespace) -> int:
    """``nnfpga doctor``."""
    from nnfpga.tools.errors import ToolError
    from nnfpga.tools.find import find, names

    for name in names():
        try:
            tool = find(name)
            print(f"{name:14} {tool.version:20} {' '.join(tool.command)}")
        except ToolError as error:
            print(f"{name:14} missing: {error}")
    return 0
