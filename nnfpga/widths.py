"""Widths of single layers: as the user states them, and the search for those that keep the accuracy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import yaml

from nnfpga.compiler.device import Device
from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.graph import Graph, Layer
from nnfpga.compiler.passes import Calibration, quantize, split_exit
from nnfpga.compiler.plan import Unrolled
from nnfpga.compiler.real import RealGraph, Reals
from nnfpga.compiler.widths import Found, Memory, Samples, Widths, classes, resolve, search

from .options import Options

__all__ = ["Chosen", "choose_widths"]

MOST_ELEMENTS = 4e8  # of all tensors of all samples: more samples are not looked at


@dataclass(frozen=True)
class Chosen:
    """What a search for widths found, for the report."""

    found: Found
    labelled: bool
    points: float

    @property
    def note(self) -> str:
        """One sentence."""
        f = self.found
        against = "accuracy" if self.labelled else "agreement with the float model"
        return (
            f"--max-drop {self.points:g}: {f.cost / f.usual_cost:.0%} of the LUTs that 8 bits are estimated at (all "
            f"unrolled), {f.checked.points:.2f} points of {against} lost on {f.samples[1]} samples that the search did "
            f"not see (at most {f.checked.bound:.2f} with 95 % confidence)"
        )

    def to_dict(self) -> dict[str, Any]:
        """What report.json says."""
        f = self.found
        return {
            "max_drop": self.points, "against": "labels" if self.labelled else "float model",
            "estimated_lut": round(f.cost), "estimated_lut_8_bits": round(f.usual_cost),
            "searched": {"samples": f.samples[0], "points": f.searched.points, "bound": f.searched.bound},
            "checked": {"samples": f.samples[1], "points": f.checked.points, "bound": f.checked.bound},
            "evaluations": f.evaluations, "layers": f.widths.to_dict(),
        }  # fmt: skip

    def to_yaml(self) -> str:
        """The widths as ``--layers`` and ``--config`` take them."""
        lines = yaml.safe_dump({"layers": self.found.widths.to_dict()}, sort_keys=False, default_flow_style=None)
        return f"# {self.note}\n{lines}"


def choose_widths(
    real: RealGraph, calibration: Calibration, options: Options, onnx_names: Mapping[str, str], scores: str,
    x: Reals | None, truth: np.ndarray[Any, np.dtype[np.int64]] | None, device: Device, progress: Callable[[str], None],
) -> tuple[Calibration, Chosen | None]:  # fmt: skip
    """The calibration with the widths that the options state, and those that a search finds where they ask for it.

    ``scores`` names the tensor that holds the float scores of the samples ``x``, ``truth`` their right classes.

    Raises
    ------
    CompileError
        where a stated name is not known, or the drop cannot be kept or measured.
    """
    inner, last = split_exit(real)
    stated = Widths()
    if options.layers:
        stated = resolve(options.layers, inner, quantize(inner, calibration), onnx_names)
    calibration = stated.calibrate(inner, calibration)
    if options.max_drop is None:
        return calibration, None
    if x is None:
        raise CompileError("option max-drop: there are no samples; give --data FILE.npz with x and y")
    whole = x[: max(2, int(MOST_ELEMENTS / sum(int(np.prod(shape)) for shape in real.shapes.values())))]
    values = Memory(whole).evaluate(real, scores).reshape(len(whole), -1)
    decided = values.shape[1] > 1 or any(op.decides for op in real.ops)
    if not decided or len(whole) < 2:
        what = "the model is no classifier" if not decided else "there is one sample"
        raise CompileError(f"option max-drop: {what}; give --bits, or widths of layers with --layers")
    samples = Samples(whole, values, classes(values) if truth is None else truth[: len(whole)])
    order = np.random.default_rng(0).permutation(len(whole))
    halves = samples.part(order[: len(whole) // 2]), samples.part(order[len(whole) // 2 :])

    def price(graph: Graph, layer: Layer) -> float:
        from nnfpga.rtl import costs

        return costs(graph, layer, Unrolled(), device).lut.value

    found = search(inner, calibration, stated, halves, options.max_drop, price, last, progress=progress)
    return found.widths.calibrate(inner, calibration), Chosen(found, truth is not None, options.max_drop)
