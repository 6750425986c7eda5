"""Talking to a flashed board (or a simulated one): real samples in, predictions out. Needs the report only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.number import Wire
from nnfpga.compiler.passes.ends import Entry

from .folder import MARK

__all__ = ["Remote", "read_report"]


def read_report(folder: str | Path) -> dict[str, Any]:
    """The report in a folder that ``nnfpga compile`` wrote.

    Raises
    ------
    CompileError
        where there is none.
    """
    path = Path(folder) / MARK
    try:
        report = json.loads(path.read_text())
    except OSError as error:
        raise CompileError(
            f"{path}: cannot be read ({error.strerror}); give a folder that 'nnfpga compile' wrote"
        ) from None
    except ValueError:
        report = None
    if not isinstance(report, dict) or "nnfpga" not in report:
        raise CompileError(f"{path}: is no report; give a folder that 'nnfpga compile' wrote")
    return report


@dataclass(frozen=True)
class Port:
    """One side of the link: how a tensor's elements become bytes."""

    elements: int
    wire: Wire

    @staticmethod
    def of(part: dict[str, Any]) -> Port:
        """From the report's ``input`` or ``output``."""
        return Port(part["elements"], Wire(**part["wire"]))

    @property
    def bytes_each(self) -> int:
        """Bytes of an element."""
        return -(-max(self.wire.width, 1) // 8)

    def pack(self, values: npt.NDArray[np.int64]) -> bytes:
        """One tensor's integers as payload."""
        words = self.wire.encode(values.reshape(-1))
        return b"".join(int(w).to_bytes(self.bytes_each, "little") for w in words)

    def unpack(self, payload: bytes) -> npt.NDArray[np.int64]:
        """One tensor's integers from a payload."""
        mask = (1 << max(self.wire.width, 1)) - 1
        n = self.bytes_each
        words = [int.from_bytes(payload[i : i + n], "little") & mask for i in range(0, len(payload), n)]
        return np.asarray(self.wire.decode(np.array(words, dtype=np.int64)))


class Remote:
    """The other end of the link, as a predictor.

    Parameters
    ----------
    report
        of the design that runs there
    port
        path of a serial port or pseudo-terminal

    Raises
    ------
    CompileError
        where the port cannot be opened, or nothing answers.
    """

    def __init__(self, report: dict[str, Any], port: str, timeout: float = 2.0) -> None:
        from nnfpga import boards
        from nnfpga.boards.host import Client, open_port

        self.i, self.o = Port.of(report["input"]), Port.of(report["output"])
        self.entry = Entry.of(report["input"]["entry"])
        output = report["output"]
        self.scale = np.array(output.get("scales", output.get("scale", 1.0)))
        self.offset = np.array(output.get("offsets", 0.0))
        self.kind, self.labels = report["output"]["kind"], report["output"].get("labels")
        baud = boards.find(report["board"]).baud if "board" in report else 1_000_000
        i_bytes, o_bytes = self.i.elements * self.i.bytes_each, self.o.elements * self.o.bytes_each
        self.client = Client(open_port(port, baud), i_bytes, o_bytes, timeout)

    def predict_one(self, sample: npt.NDArray[np.float64]) -> Any:
        """The prediction for one real sample: a label, or the real outputs."""
        values = self.entry.integers(sample[None])
        result = self.o.unpack(self.client.exchange(self.i.pack(values)))
        if self.kind == "class":
            index = int(result[0])
            return index if self.labels is None else self.labels[index]
        return result * self.scale + self.offset
