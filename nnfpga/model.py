"""From the file and the data to the integer graph, and what quantisation costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nnfpga.compiler.device import GENERIC, Device
from nnfpga.compiler.errors import CompileError, Problem
from nnfpga.compiler.exact import Ints, fractions
from nnfpga.compiler.formats import Ranges, parse
from nnfpga.compiler.frontend import Imported, ModelProto, import_model, load, predict_float
from nnfpga.compiler.functions.lookups import Units
from nnfpga.compiler.graph import Graph, Tensor
from nnfpga.compiler.layers.scalar import Quantize
from nnfpga.compiler.passes import (
    Calibration,
    Entry,
    Ways,
    by_angles,
    choose_functions,
    drop_softmax,
    entry,
    forms_of,
    lower,
    optimise,
    sample_values,
    scale_at_host,
    simplify,
    split_exit,
    to_fixed_point,
    within,
)
from nnfpga.compiler.passes.drop_softmax import Ending, Want
from nnfpga.compiler.real import RealGraph
from nnfpga.compiler.scalar.functions import Affine

from .data import Data, load_data
from .fidelity import Fidelity, compare, enough_samples
from .max_error import ErrorFound, Task, prepared
from .options import Options
from .progress import silent
from .widths import Chosen, choose_widths

__all__ = ["Integers", "Model", "accuracy", "proven_values", "read_model", "refuse_long", "to_integers"]

CALIBRATION_SAMPLES = 2000
MOST_OPERATIONS = 5000
"""Of the imported network: what is made of more takes very long, and no chip here holds it."""

Reals = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Model:
    """The integer graph of a file, with what the host must know.

    ``scores`` is the ONNX name of the tensor that holds the scores; ``notes`` are warnings for the user. ``entry``
    makes integers of real samples; ``exit`` is what the host applies to the real values of the outputs. ``widths`` is
    what a search for them found.
    """

    path: Path
    onnx: ModelProto
    graph: Graph
    ending: Ending
    scores: str
    labels: tuple[int | str, ...] | None
    data: Data | None
    notes: tuple[str, ...]
    entry: Entry
    exit: Affine | None = None
    widths: Chosen | None = None
    fidelity: Fidelity | None = None
    """How the file's quantisers compare with ONNX Runtime's, where there are data."""
    has_sines: bool = False
    """Whether it has matrices of sines that could work on angles, and do not."""
    error: ErrorFound | None = None
    """The greatest error against the float model, where the user states one."""

    @property
    def source(self) -> Tensor:
        """The integer input."""
        return self.graph.inputs[0]

    @property
    def result(self) -> Tensor:
        """The integer output: the class, or scores in the unit of the file's output."""
        name = self.graph.outputs[0]
        return self.graph.tensors[name] if self.ending.classifies else self.outside(name)

    def outside(self, name: str) -> Tensor:
        """A tensor with what the host applies behind it in its scale and offset."""
        tensor = self.graph.tensors[name]
        if self.exit is None:
            return tensor
        slope, intercept = fractions(self.exit.slope), fractions(self.exit.intercept)
        return replace(tensor, scale=slope * tensor.scale, offset=slope * tensor.offset + intercept)

    def quantise(self, x: npt.ArrayLike) -> Ints:
        """The integers that the host sends for real samples, (samples, *input shape), saturated."""
        return self.entry.integers(x)


@np.errstate(all="ignore")  # what is not finite is refused where it matters
def read_model(
    path: str | Path, data: Any, options: Options, device: Device = GENERIC, progress: Callable[[str], None] = silent,
    angles: bool = False,
) -> Model:  # fmt: skip
    """Import, quantise and lower a model; widths are searched for the device.

    ``angles`` asks for matrices of sines on angles.

    Raises
    ------
    CompileError
        for anything unusable in the file, the data or the choices.
    """
    proto = load(path)
    imported = import_model(proto)
    refuse_long(imported.graph)
    loaded = None if data is None else load_data(data, imported.graph.inputs[0].shape)
    if options.max_error is None:
        start = calibrated(imported, Ways(), loaded, options, device, progress, angles)
        made, error, notes = to_integers(start.real, start.calibration), None, [*start.notes]
    else:
        start, made, error, notes = within_error(imported, loaded, options, device, progress, angles)
    real, widths, names = start.real, start.widths, start.names
    if options.curve_error:
        made = replace(made, graph=with_curve_error(made.graph, device, progress))
    compared = None
    if loaded is not None and error is None:
        samples = loaded.x[: enough_samples(real)]
        compared = compare(proto, names, real, made.graph, made.entry, start.ending.scores, samples)
    return Model(
        Path(path), proto, made.graph, start.ending, names[start.ending.scores], imported.labels, loaded, tuple(notes),
        made.entry, made.exit, widths, compared,
        not angles and by_angles(real, start.calibration.values) is not real, error,
    )  # fmt: skip


class Start(NamedTuple):
    """A real network whose distances are written in one way, and how it is quantised."""

    real: RealGraph
    ending: Ending
    names: dict[str, str]
    calibration: Calibration
    widths: Chosen | None
    notes: tuple[str, ...]


def calibrated(
    imported: Imported, written: Ways, loaded: Data | None, options: Options, device: Device,
    progress: Callable[[str], None], angles: bool = False,
) -> Start:  # fmt: skip
    """The network with distances written in a way, its values and its widths."""
    notes: list[str] = []
    whole = imported.graph
    if loaded is not None and options.input_format is None:
        whole = scale_at_host(whole, loaded.x, options.bits)
        if whole is not imported.graph:
            notes.append("the host scales the features as the file's first nodes do (input.entry in report.json)")
    real, ending = drop_softmax(simplify(whole, written), Want(options.output))
    shape = real.inputs[0].shape
    x = None
    if loaded is not None:
        x = loaded.x[spread(len(loaded.x), CALIBRATION_SAMPLES)].reshape(-1, *shape)
        values = dict(sample_values(real, x))
        values[real.inputs[0].name] = loaded.x.reshape(-1, *shape)
    else:
        low, high = stated_range(options)
        real = within(real, low, high)
        values = proven_values(real, low, high)
        notes.append(f"no data: formats cover all inputs in {low:g} .. {high:g}, which is wider than data would need")
    chosen = None if options.input_format is None else parse(options.input_format)
    ranges = Ranges(options.calibration)
    calibration = Calibration(
        values, options.bits, chosen, proven=loaded is None, ranges=ranges, freedom=options.curve_error, angles=angles,
        samples=x, units=units_of(device, progress) if angles else None,
    )  # fmt: skip
    truth = None if loaded is None else indices(loaded.y, imported.labels)
    names = names_of(real, imported.onnx_names)
    calibration, widths = choose_widths(
        real, calibration, options, names, ending.scores,
        None if loaded is None else loaded.x.reshape(-1, *shape), truth, device, progress,
    )  # fmt: skip
    if widths is not None:
        notes.append(widths.note)
    return Start(real, ending, names, calibration, widths, tuple(notes))


def within_error(
    imported: Imported, loaded: Data | None, options: Options, device: Device, progress: Callable[[str], None],
    angles: bool = False,
) -> tuple[Start, Integers, ErrorFound, list[str]]:  # fmt: skip
    """The integer graph with the least logic that was found within an error of the float network, and notes.

    Raises
    ------
    CompileError
        where the network has no result that could be off, the device has no units, or the error cannot be kept.
    """
    from .forms import FORMS, smallest

    error = options.max_error
    assert error is not None
    starts = [calibrated(imported, ways, loaded, options, device, progress, angles) for ways in FORMS]
    if forms_of(starts[0].real) == forms_of(starts[1].real):
        del starts[1:]
    if starts[0].ending.classifies:
        raise CompileError("option max-error: the network gives a class; add --output scores")
    if any(isinstance(op, Quantize) for op in starts[0].real.ops):
        raise CompileError("option max-error: the file quantises its values itself; leave the option out")
    units = units_of(device, progress)
    if units is None:
        raise CompileError(
            "option max-error: this chip has no function units; choose a board or device of iCE40 or ECP5"
        )
    made = [to_integers(*prepared(start.real, start.calibration, error)) for start in starts]
    found = smallest(
        [Task(m.graph, m.entry, s.real, s.calibration.samples, error) for s, m in zip(starts, made, strict=True)],
        units, device, progress,
    )  # fmt: skip
    start = starts[found.place]
    notes = [*start.notes, found.error.note]
    notes += [f"--max-error: distances are sums of {form}" for form in forms_of(start.real)]
    if found.taken:
        forms = (f"{'; '.join(forms_of(s.real))}: {taken}" for s, taken in zip(starts, found.taken, strict=True))
        notes.append(f"--max-error: compared were {', and '.join(forms)}")
    return start, replace(made[found.place], graph=found.graph), found.error, notes


def with_curve_error(graph: Graph, device: Device, progress: Callable[[str], None]) -> Graph:
    """The graph with functions that are a little off, where the device has units for such."""
    units = units_of(device, progress)
    return graph if units is None else choose_functions(graph, units)


def units_of(device: Device, progress: Callable[[str], None]) -> Units | None:
    """What finds logic for functions on a device, where its family has such."""
    from .units import NetworkUnits

    return NetworkUnits.of(device, progress)


def refuse_long(real: RealGraph) -> None:
    """Raise CompileError for a network of more than ``MOST_OPERATIONS``."""
    if len(real.ops) > MOST_OPERATIONS:
        what = f"it has {len(real.ops)} operations, more than {MOST_OPERATIONS}"
        raise CompileError([Problem("the graph", what, "use a smaller network")])


@dataclass(frozen=True)
class Integers:
    """A real-valued network with quantisers, the integer graph that has its meaning, and what the host does."""

    quantised: RealGraph
    graph: Graph
    entry: Entry
    exit: Affine | None


def to_integers(real: RealGraph, calibration: Calibration) -> Integers:
    """Quantise and lower a network.

    Raises
    ------
    CompileError
        naming every node that has no integer meaning.
    """
    inner, last = split_exit(real)
    quantised = to_fixed_point(inner, calibration)
    return Integers(quantised, optimise(lower(quantised)), entry(quantised), last)


def proven_values(real: RealGraph, low: float, high: float) -> dict[str, Reals]:
    """Bounds of every tensor, lower ones first, for inputs in ``low .. high``."""
    return {name: np.stack(pair) for name, pair in real.bounds(low, high).items()}


def names_of(real: RealGraph, onnx_names: Mapping[str, str]) -> dict[str, str]:
    """The file's names of tensors, those included that a pass made of one without a change of order."""
    plain = [
        (n, v.name) for n, known in real.layouts.items() for v in known if (np.diff(v.order.reshape(-1)) == 1).all()
    ]
    return {n: onnx_names[name] for n, name in plain if name in onnx_names} | {**onnx_names}


def spread(count: int, most: int) -> npt.NDArray[np.int64]:
    """At most so many of ``count`` indices, evenly over all: samples are often sorted."""
    return np.arange(count, dtype=np.int64) if count <= most else np.arange(most, dtype=np.int64) * count // most


def stated_range(options: Options) -> tuple[float, float]:
    """The input range that the user states in place of data."""
    if options.input_range is not None:
        return options.input_range
    if options.input_format is not None:
        f = parse(options.input_format)
        return float(f.low * f.scale), float(f.high * f.scale)
    raise CompileError(
        "no data: the input's range is not known; give --data FILE.npz, or state it with --input-range LOW,HIGH "
        "or --input-format ufixed<8,0>"
    )


def accuracy(model: Model) -> dict[str, dict[str, Any]]:
    """What the report says of float and fixed point, on the data's test part; empty without data."""
    data = model.data
    found = {} if model.error is None else {"max_error": model.error.to_dict()}
    if data is None:
        return found
    reference = predict_float(model.onnx, model.scores, data.x_test)
    output = model.graph.layers[-1].inputs[0] if model.ending.classifies else model.graph.outputs[0]
    integers = model.graph.evaluate(model.quantise(data.x_test), keep=[output])
    scores = model.outside(output).real(integers[output]).reshape(len(reference), -1)
    fixed: dict[str, float] = {"max_abs_error": float(np.abs(scores - reference).max(initial=0.0))}
    result: dict[str, dict[str, Any]] = {"fixed": fixed, **found}
    if model.fidelity is not None and model.fidelity.elements:
        result["fidelity"] = model.fidelity.to_json()
    if reference.shape[1] > 1 or model.ending.classifies:
        ours, theirs = classes(scores), classes(reference)
        fixed["agreement"] = float((ours == theirs).mean())
        truth = indices(data.y_test, model.labels)
        if truth is not None:
            fixed["accuracy"] = float((ours == truth).mean())
            result["float"] = {"accuracy": float((theirs == truth).mean())}
    return result


def classes(scores: Reals) -> npt.NDArray[np.int64]:
    """Class indices: of the greatest score, or of the sign where one score tells two classes apart."""
    return (scores[:, 0] > 0).astype(np.int64) if scores.shape[1] == 1 else scores.argmax(axis=1)


def indices(y: npt.NDArray[Any] | None, labels: tuple[int | str, ...] | None) -> npt.NDArray[np.int64] | None:
    """Class indices of labels, or None where these are no classes."""
    if y is None or y.ndim > 2 or (y.ndim == 2 and y.shape[1] != 1):
        return None
    flat = y.reshape(-1)
    if labels is not None:
        place = {str(label): i for i, label in enumerate(labels)}
        return np.array([place.get(str(v), -1) for v in flat.tolist()])
    if flat.dtype.kind == "f" and not np.array_equal(flat, np.rint(flat)):
        return None
    return flat.astype(np.int64) if flat.dtype.kind in "iufb" else None
