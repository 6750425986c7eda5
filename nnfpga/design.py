"""Design: a compiled network: predict, simulate, build, report, save."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nnfpga.compiler.device import Device
from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.exact import Ints
from nnfpga.compiler.graph import Graph, Tensor
from nnfpga.compiler.layers.scalar import Scalar
from nnfpga.compiler.layers.sines import Sines
from nnfpga.compiler.layers.softmax import Softmax
from nnfpga.compiler.plan import Plan, Unrolled

from .model import Model
from .options import Options
from .progress import Steps

if TYPE_CHECKING:
    from nnfpga.boards.board import Board
    from nnfpga.compiler.circuit.ir import Circuit
    from nnfpga.rtl.network import Network
    from nnfpga.sim.harness import Engine, Run

    from .chip import Built
    from .simulated_chip import SimulatedChip
    from .units import NetworkUnits

__all__ = ["Design", "Simulation"]


@dataclass(frozen=True)
class Simulation:
    """Outputs of the simulated RTL (integers, samples first), and the cycles of every beat."""

    outputs: Ints
    run: Run


@dataclass
class Design:
    """A compiled network.

    ``graph`` is the integer model that everything else is compared with, ``plan`` the choice of hardware; ``built``
    holds netlist and bitstream once they are made.
    """

    model: Model
    plan: Plan
    device: Device
    board: Board | None
    options: Options
    steps: Steps = field(default_factory=Steps)
    measured: dict[str, Any] = field(default_factory=dict[str, Any])
    files: dict[str, str | bytes] = field(default_factory=dict[str, "str | bytes"])
    built: Built | None = None

    @property
    def graph(self) -> Graph:
        """The integer model."""
        return self.model.graph

    @cached_property
    def units(self) -> NetworkUnits | None:
        """Logic for the functions of unrolled layers, where the device's family has such."""
        from .units import NetworkUnits

        return NetworkUnits.of(self.device, self.steps.tell)

    @property
    def has_units(self) -> bool:
        """Whether some logic of unrolled layers, or of cosines, was found LUT by LUT."""
        unrolled = [layer for layer in self.graph.layers if isinstance(self.plan.choices[layer.name], Unrolled)]
        chosen = any(isinstance(layer, Scalar) and layer.circuits for layer in unrolled)
        waves = [layer.waves for layer in self.graph.layers if isinstance(layer, Sines)]
        chosen = chosen or any(w.circuits or w.product for w in waves)
        return chosen or (self.units is not None and bool(self.units.found))

    @cached_property
    def component(self) -> Network:
        """The network as an Amaranth component with the streams ``i`` and ``o``."""
        from nnfpga.compiler.plan import total_cost
        from nnfpga.rtl import costs
        from nnfpga.rtl.network import Network, check_ends

        # whatever cannot be built is said before a component exists: Amaranth warns of one that is never used
        check_ends(self.graph)
        total_cost(self.graph, self.plan, self.device, costs)
        return Network(self.graph, self.plan, self.device, self.units)

    @property
    def circuits(self) -> dict[str, Circuit]:
        """The scalar circuits of unrolled layers, each by its last layer's name."""
        from nnfpga.rtl.island import Island

        stages = self.component.stages
        return {stage.layers[-1].name: stage.unit.circuit for stage in stages if isinstance(stage.unit, Island)}

    def quantise(self, x: npt.ArrayLike) -> Ints:
        """The integers that the host sends for real samples ``x``, (samples, *input shape)."""
        source = self.model.source
        array = np.asarray(x, dtype=np.float64)
        if array.ndim < 1 or len(array) == 0 or array.size != len(array) * source.size:
            raise CompileError(f"x of shape {array.shape}: a sample has {source.size} elements; reshape it")
        if not np.isfinite(array).all():
            raise CompileError("x: holds NaN or infinite values; clean the data")
        return self.model.quantise(array)

    def integers(self, x: npt.ArrayLike) -> Ints:
        """The exact integer outputs for real samples, (samples, outputs): what the hardware gives."""
        outputs = self.graph.evaluate(self.quantise(x))[self.graph.outputs[0]]
        return outputs.reshape(len(outputs), -1)

    def scores(self, x: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """The real values of the scores before an arg-max, (samples, classes)."""
        values = self.graph.evaluate(self.quantise(x), keep=[self.scored.name])[self.scored.name]
        return self.scored.real(values).reshape(len(values), -1)

    @property
    def scored(self) -> Tensor:
        """The tensor of the scores."""
        last = self.graph.layers[-1].inputs if self.model.ending.classifies else self.graph.outputs
        return self.model.outside(last[0])

    def probabilities(self, x: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """What the model's softmax (or LogSoftmax) gives, up to quantisation, (samples, classes)."""
        scores = self.scores(x)
        softmax = self.model.ending.softmax
        if softmax is None and scores.shape[1] == 1:  # the argument of the sigmoid that tells two classes apart
            p = 1 / (1 + np.exp(-scores))
            return np.concatenate([1 - p, p], axis=1)
        softmax = softmax or Softmax("probabilities", (self.scored.name,))
        return softmax.evaluate(scores.reshape(-1, *self.scored.shape)).reshape(scores.shape)

    def predict(self, x: npt.ArrayLike) -> npt.NDArray[Any]:
        """Class labels (indices where the file names none) for a classifier, else the real outputs."""
        return self.meaning(self.integers(x))

    def meaning(self, outputs: Ints) -> npt.NDArray[Any]:
        """What integer outputs of the hardware, (samples, outputs), stand for: labels or real values."""
        if not self.model.ending.classifies:
            return self.model.result.real(outputs)
        labels = self.model.labels
        return outputs[:, 0] if labels is None else np.array(labels)[outputs[:, 0]]

    def simulate(self, x: npt.ArrayLike, engine: Engine | None = None, stall: float = 0.0) -> Simulation:
        """Cycle-accurate simulation of the RTL on real samples; ``stall`` is the chance of a stall per cycle and end.

        Raises SimulationError where the RTL breaks the stream protocol or stands still.
        """
        from nnfpga.sim.choose import choose
        from nnfpga.sim.harness import simulate

        from .verify import beats_of, tensors_of

        integers = self.quantise(x)
        flat = integers.reshape(len(integers), -1)
        network = self.component
        cycles = self.expected_interval * len(flat)
        with TemporaryDirectory(prefix="nnfpga-") as work:
            run = simulate(
                network, beats_of(network.i_edge, flat), len(flat) * network.o_edge.beats,
                engine=engine or choose(self.operators, cycles), stall_in=stall, stall_out=stall,
                timeout_cycles=int(5 * self.expected_interval) + 10_000, work=Path(work),
            )  # fmt: skip
        return Simulation(tensors_of(network.o_edge, run.outputs), run)

    def simulated_chip(self) -> AbstractContextManager[SimulatedChip]:
        """The complete chip's RTL, host link included, in a simulator: ``with design.simulated_chip() as chip``.

        ``chip.predict(sample)`` sends one real sample through the serial pins and waits for the answer, so a plant can
        close its loop around it.

        Raises CompileError where the design is for no board, or Verilator or a C++ compiler is missing.
        """
        from .simulated_chip import simulated_chip

        return simulated_chip(self)

    def build(self) -> Design:
        """Synthesise, place and route for the board or device; compare the netlist. Gives itself."""
        from .chip import build

        with TemporaryDirectory(prefix="nnfpga-") as work:
            build(self, Path(work))
        return self

    def flash(self) -> None:
        """Write the bitstream to the attached board."""
        from nnfpga.boards.flash import flash

        if self.board is None or self.built is None or self.built.bitstream is None:
            raise CompileError("there is no bitstream to flash; compile for a board and build first")
        with TemporaryDirectory(prefix="nnfpga-") as work:
            path = Path(work) / self.built.bitstream_name
            path.write_bytes(self.built.bitstream)
            flash(self.board, path)

    def add_figure(self, title: str, svg: str) -> None:
        """Put a picture of yours, a whole SVG document, into report.html (and ``figures`` of report.json)."""
        self.measured.setdefault("figures", []).append({"title": title, "svg": svg})

    def report(self) -> dict[str, Any]:
        """Everything that was measured, as report.json holds it; what was not measured is absent."""
        from .report_data import collect

        return collect(self)

    def save(self, folder: str | Path) -> None:
        """Write everything into a folder, which appears whole or not at all."""
        from .folder import whole_folder

        with whole_folder(folder) as path:
            self.write(path)

    def write(self, path: Path) -> None:
        """Write everything into an existing folder."""
        from .report import to_html

        report = self.report()
        contents: Mapping[str, str | bytes] = {
            "model.txt": str(self.graph),
            "plan.yaml": self.plan.to_yaml(),
            **({} if self.model.widths is None else {"widths.yaml": self.model.widths.to_yaml()}),
            **self.files,
            "report.html": to_html(report),
            "report.json": json.dumps(report, indent=2) + "\n",
        }
        for name, content in contents.items():
            file = path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())

    @cached_property
    def expected_interval(self) -> float:
        """Estimated cycles from one sample to the next."""
        from nnfpga.compiler.plan import total_cost
        from nnfpga.rtl import costs

        return max(total_cost(self.graph, self.plan, self.device, costs).interval.value, self.component.i_edge.beats)

    @cached_property
    def operators(self) -> float:
        """Roughly how many operators the RTL has, for choosing a simulator."""
        from nnfpga.rtl.island import Island

        units = [stage.unit for stage in self.component.stages]
        return sum(len(u.circuit.nodes) if isinstance(u, Island) else 40 for u in units)
