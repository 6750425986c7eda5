"""A complete chip, simulated at its serial pins: bytes in, bytes out."""

import contextlib
import os
import select
import subprocess
import time
from collections.abc import Generator, Iterator
from pathlib import Path

from nnfpga.tools.errors import ToolError
from nnfpga.tools.run import Progress

from .errors import SimulationError
from .gates import Gates, directions
from .native import Options, build
from .verilog import port_names

DRIVER = Path(__file__).parent / "cpp" / "serial_driver.cpp"
RESET_CLOCKS = 8


class SerialSession:
    """A running simulation of a chip; bytes go over its serial pins bit by bit.

    Members
    -------
    process: the simulator, which waits without load while nothing moves.
    """

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self.process = process

    @property
    def output(self) -> int:
        """File descriptor from which the chip's bytes can be read."""
        assert self.process.stdout is not None
        return self.process.stdout.fileno()

    def send(self, data: bytes) -> None:
        """Give bytes to the chip's receiving pin, after those given before."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(data)
            self.process.stdin.flush()
        except BrokenPipeError:
            raise SimulationError("the simulated chip has stopped") from None

    def receive(self, seconds: float) -> bytes:
        """Return what the chip has sent, waiting at most so many seconds of real time for the first byte."""
        ready, _, _ = select.select([self.output], [], [], seconds)
        return os.read(self.output, 65536) if ready else b""


def rtl_chip(text: str, top: str = "chip") -> str:
    """Return Verilog of ``chip_top(osc, pll, rx, tx)`` around the RTL of a `nnfpga.rtl.top.Top`."""
    wires = {"link_clk": "osc", "clk": "pll", "link_rst": "link_reset", "rst": "reset", "rx": "rx", "tx": "tx"}
    used = ", ".join(f".{port}({wires[port]})" for port in port_names(text, top))
    return (
        text
        + f"""
module chip_top(input osc, input pll, input rx, output tx);
  reg [3:0] link_count = 0, count = 0;
  wire link_reset = link_count != {RESET_CLOCKS}, reset = count != {RESET_CLOCKS};
  always @(posedge osc) if (link_reset) link_count <= link_count + 1;
  always @(posedge pll) if (reset) count <= count + 1;
  {top} chip({used});
endmodule
"""
    )


def netlist_chip(gates: Gates, top: str = "top") -> str:
    """Return Verilog of ``chip_top(osc, pll, rx, tx)`` around a netlist with pads."""
    text = directions(gates.text)
    pins: list[str] = []
    for port in port_names(text, top):
        wire = "pll" if port.endswith(".O") else "tx" if port.endswith(".D") else "rx" if "__rx__" in port else "osc"
        if "__tx__" in port:
            wire = ""  # the pad itself; what drives it is the port ...D
        pins.append(f".{port} ({wire})")
    return f"""{text}
module chip_top(input osc, input pll, input rx, output tx);
  {top} chip({", ".join(pins)});
endmodule
"""


@contextlib.contextmanager
def open_chip(
    verilog: str, divisor: int, osc_mhz: float, pll_mhz: float, work: Path, *, options: Options | None = None,
    progress: Progress | None = None
) -> Generator[SerialSession, None, None]:
    """Build and start the simulation of a ``chip_top``; it ends with the block.

    Parameters
    ----------
    divisor: oscillator clocks per serial bit.
    osc_mhz, pll_mhz: the two clocks; their edges keep this ratio.
    options: how hard Verilator and the C++ compiler work.

    Raises ToolError if Verilator or a C++ compiler is missing.
    """
    work.mkdir(parents=True, exist_ok=True)
    binary = build({"chip.v": verilog}, "chip_top", DRIVER, work, options=options, progress=progress)
    arguments = [str(binary), str(divisor), str(round(5e8 / osc_mhz)), str(round(5e8 / pll_mhz))]
    try:
        process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    except OSError as error:
        raise ToolError(f"the simulator cannot be started ({error.strerror}): remove it from the cache") from None
    try:
        yield SerialSession(process)
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(BrokenPipeError):
                    stream.close()


def listen(session: SerialSession, seconds: float) -> Iterator[bytes]:
    """Yield what the chip sends until ``seconds`` of real time have passed."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        data = session.receive(left)
        if data:
            yield data
        elif session.process.poll() is not None:
            raise SimulationError(f"the simulated chip has stopped with status {session.process.returncode}")
