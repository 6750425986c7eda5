"""The complete chip, simulated at its serial pins: real samples in, predictions out, one at a time."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.exact import Ints

from .host import Port
from .report_data import host_format

if TYPE_CHECKING:
    from nnfpga.boards.host import Frame
    from nnfpga.sim.chip import SerialSession

    from .design import Design

__all__ = ["SimulatedChip", "answers", "simulated_chip"]

ANSWER_SECONDS = 300.0
"""Real time after which a simulated chip counts as dead."""


class SimulatedChip:
    """A running simulation as a predictor: what it says came out of the pins, not of the integer model."""

    def __init__(self, design: Design, session: SerialSession) -> None:
        self.design, self.session, self.count = design, session, 0
        self.i, self.o = (Port.of(host_format(end)) for end in (design.model.source, design.model.result))

    def integers(self, sample: npt.ArrayLike) -> Ints:
        """The integer outputs for one real sample, in the order of the file's output.

        Raises
        ------
        SimulationError
            where the chip does not answer with the one frame that is due.
        """
        (values,) = self.design.quantise(np.asarray(sample)[None])
        frames = answers(self.session, self.count, self.i.pack(values))
        if [frame.seq for frame in frames] != [self.count % 256]:
            from nnfpga.sim.errors import SimulationError

            raise SimulationError(f"the chip answered sample {self.count} with {frames!r}")
        self.count += 1
        return self.o.unpack(frames[0].payload)

    def predict(self, sample: npt.ArrayLike) -> Any:
        """A label for a classifier, else the real outputs, for one real sample."""
        return self.design.meaning(self.integers(sample)[None])[0]


def answers(session: SerialSession, seq: int, payload: bytes) -> list[Frame]:
    """Send a frame, and what comes back first; nothing where the chip stays silent."""
    from nnfpga.boards.host import Decoder, encode
    from nnfpga.sim.chip import listen

    decoder = Decoder()
    session.send(encode(seq % 256, payload))
    return next((found for data in listen(session, ANSWER_SECONDS) if (found := decoder.feed(data))), [])


@contextmanager
def simulated_chip(design: Design) -> Generator[SimulatedChip, None, None]:
    """The RTL of the network with its host link in a simulator, as :meth:`nnfpga.Design.simulated_chip` says."""
    from nnfpga.rtl.rtlil import to_rtlil
    from nnfpga.sim.chip import open_chip, rtl_chip
    from nnfpga.tools.errors import ToolError
    from nnfpga.tools.yosys import rtlil_to_verilog

    from .chip import top_of

    board = design.board
    if board is None:
        raise CompileError("there are no serial pins to simulate; compile for a board")
    with TemporaryDirectory(prefix="nnfpga-") as work:
        try:
            verilog = rtl_chip(rtlil_to_verilog(to_rtlil(top_of(design), "chip"), Path(work) / "verilog"))
            opened = open_chip(
                verilog, board.divisor, board.oscillator_mhz, design.plan.clock_mhz, Path(work),
                progress=design.steps.tell,
            )  # fmt: skip
            with opened as session:
                yield SimulatedChip(design, session)
        except ToolError as error:
            raise CompileError(str(error)) from None
