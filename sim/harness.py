"""Feeds beats to a design under test and takes beats from it, with stalls, and watches the stream protocol."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from amaranth.hdl import Shape
from amaranth.lib import wiring
from numpy.typing import NDArray

from .beats import Words, words
from .errors import SimulationError

RESET_CYCLES = 4
SURPLUS_CYCLES = 16     # how long a finished design is watched for beats that nobody asked for
PATTERN = 16384         # stall decisions before they repeat, one bit per cycle


@dataclass(frozen=True)
class Verilog:
    """A design as Verilog text.

    Members
    -------
    text: every module of it.
    top: the name of the module with ports ``clk``, ``rst`` (either may be absent), ``i__payload``, ``i__valid``,
        ``i__ready``, ``o__payload``, ``o__valid``, ``o__ready``.
    i_width, o_width: bits of the two payloads, at least 1.
    """

    text: str
    top: str
    i_width: int
    o_width: int


Source = wiring.Component | Verilog


@dataclass(frozen=True)
class Run:
    """What a simulation gave. Cycle 0 is the first one after reset; the same in every engine.

    Members
    -------
    outputs: (n_out, words) uint32, the beats delivered.
    accepted: cycle in which each input beat was taken.
    delivered: cycle in which each output beat was handed over.
    """

    outputs: Words
    accepted: NDArray[np.int64]
    delivered: NDArray[np.int64]


@dataclass(frozen=True)
class Job:
    """One simulation, as an engine gets it. ``stall_in``, ``stall_out``: one 0 or 1 per cycle, repeated for ever."""

    source: Source
    beats_in: Words
    n_out: int
    i_width: int
    o_width: int
    stall_in: NDArray[np.uint8]
    stall_out: NDArray[np.uint8]
    timeout_cycles: int
    work: Path


class Engine(Protocol):
    """Something that simulates: `AmaranthEngine`, `IcarusEngine`, `VerilatorEngine`."""

    def run(self, job: Job) -> Run:
        """Simulate; raise `SimulationError` for a design at fault and ToolError for a tool at fault."""
        ...


def widths(source: Source) -> tuple[int, int]:
    """Return the payload widths of a design, input and output, in bits.

    Raises TypeError if a component does not have a stream ``i`` in and a stream ``o`` out.
    """
    if isinstance(source, Verilog):
        return source.i_width, source.o_width
    found: list[int] = []
    for name in ("i", "o"):
        port = getattr(source, name, None)
        if port is None or not hasattr(port, "payload"):
            raise TypeError(f"Design under test must have stream ports i and o, {type(source).__name__} lacks {name}")
        found.append(Shape.cast(port.payload.shape()).width)
    return found[0], found[1]


def simulate(source: Source, beats_in: Words, n_out: int, *, engine: Engine, stall_in: float = 0.0,
             stall_out: float = 0.0, seed: int = 0, timeout_cycles: int = 100_000, work: Path) -> Run:
    """Run a design on ``beats_in`` until all are accepted and exactly ``n_out`` beats came out.

    Parameters
    ----------
    source: a component with ``i: In(stream)`` and ``o: Out(stream)`` in the domain ``sync``, or its Verilog.
    beats_in: (n, words) uint32, see `nnfpga.sim.beats`.
    stall_in, stall_out: probability, per cycle, that no new beat is offered, and that the output is not ready.
        They are drawn from ``seed`` alone: every engine sees the same stalls and reports the same cycles.
    timeout_cycles: give up after so many cycles in which no beat moved at either end.
    work: folder for generated files and logs.

    Raises `SimulationError` if the design stands still, delivers more than ``n_out`` beats, drops or changes an
    output beat that was not taken yet, or delivers undefined bits; ValueError for arguments that do not fit the design.
    """
    i_width, o_width = widths(source)
    if min(i_width, o_width) < 1:
        raise ValueError(f"Payloads must be at least 1 bit wide, not {i_width} in and {o_width} out")
    if beats_in.ndim != 2 or beats_in.shape[1] != words(i_width):
        raise ValueError(f"Input beats of {i_width} bits must have shape (n, {words(i_width)}), not {beats_in.shape}")
    for name, value in (("stall_in", stall_in), ("stall_out", stall_out)):
        if not 0.0 <= value < 1.0:
            raise ValueError(f"{name} must be a probability below 1, not {value!r}")
    rng = np.random.default_rng(seed)
    draws = rng.random((2, PATTERN))
    job = Job(source, np.ascontiguousarray(beats_in, np.uint32), n_out, i_width, o_width,
              (draws[0] < stall_in).astype(np.uint8), (draws[1] < stall_out).astype(np.uint8), timeout_cycles, work)
    work.mkdir(parents=True, exist_ok=True)
    return engine.run(job)


def standstill(job: Job, cycle: int, accepted: int, delivered: int) -> SimulationError:
    """Return the error for a design in which nothing moves any more."""
    return SimulationError(f"the design stands still: by cycle {cycle} it accepted {accepted} of {len(job.beats_in)}"
                           f" beats and delivered {delivered} of {job.n_out}, and nothing moved for"
                           f" {job.timeout_cycles} cycles")


def protocol_error(cycle: int) -> SimulationError:
    """Return the error for an output beat that changed or vanished before it was taken."""
    return SimulationError(f"the design broke the stream protocol in cycle {cycle}: o.valid fell or o.payload changed"
                           " before o.ready was up")


def surplus_error(job: Job, cycle: int) -> SimulationError:
    """Return the error for an output beat too many."""
    return SimulationError(f"the design delivered more than {job.n_out} beats: one too many in cycle {cycle}")


def undefined_error(beat: int, cycle: int) -> SimulationError:
    """Return the error for a signal that is neither 0 nor 1."""
    return SimulationError(f"the design delivered undefined bits in output beat {beat}, cycle {cycle}")
