"""Whether the integers are the file's: each of its quantisers on ONNX Runtime's own integers.

ONNX Runtime computes in float32. Where its rounding could have moved a value across a boundary of a quantiser, the
element is *ambiguous*, counted and listed. Any other difference is a bug of nnfpga.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from nnfpga.compiler.errors import CompileError
from nnfpga.compiler.exact import Ints
from nnfpga.compiler.frontend import ModelProto, predict_outputs
from nnfpga.compiler.graph import Graph
from nnfpga.compiler.layers.pooling import AveragePool
from nnfpga.compiler.layers.scalar import Affine, Apply, Quantize
from nnfpga.compiler.passes import Entry
from nnfpga.compiler.passes.given import given
from nnfpga.compiler.real import Layout, Op, RealGraph, Reals, Weighted

__all__ = ["Fidelity", "compare", "enough_samples", "float32_codes"]

UNIT = 2.0**-24  # half a unit in the last place of float32, relative
WORK = 5e8  # multiplications and elements of all samples that are compared: about five seconds
MOST_SAMPLES = 256
BATCH_ELEMENTS = 1 << 24
LISTED = 5
TOLERANCE = 1e-3  # of the largest output: float32 rounding of a deep network stays far below


@dataclass
class Fidelity:
    """What was compared, per quantiser of the file (by the name of its ONNX tensor)."""

    samples: int = 0
    elements: dict[str, int] = field(default_factory=dict[str, int])
    ambiguous: dict[str, int] = field(default_factory=dict[str, int])
    places: dict[str, list[list[int]]] = field(default_factory=dict[str, list[list[int]]])

    def to_json(self) -> dict[str, Any]:
        """For the report: sums, and the tensors with ambiguous elements, the first positions of each.

        A position is the sample and the element's number in the file's tensor.
        """
        return {
            "samples": self.samples,
            "quantisers": len(self.elements),
            "elements": sum(self.elements.values()),
            "ambiguous": sum(self.ambiguous.values()),
            "layers": [
                {"tensor": name, "elements": self.elements[name], "ambiguous": count, "first": self.places[name]}
                for name, count in self.ambiguous.items()
            ],
        }


@dataclass(frozen=True, eq=False)
class Site:
    """A quantiser of the file, and where its results stand in the file."""

    op: Quantize
    onnx: str
    order: npt.NDArray[np.int64]

    def codes(self, reference: npt.NDArray[Any], shape: tuple[int, ...]) -> Ints:
        """The reference's integers in our layout and our bounds, which hold a clip that stands behind in the file.

        A tensor of integers still holds the zero point.
        """
        ours = np.empty_like(reference)
        ours[:, self.order.reshape(-1)] = reference
        ours = ours.reshape(len(ours), *shape)
        q = self.op.quantizer
        codes = ours - q.zero if ours.dtype.kind == "i" else np.rint(ours / q.scale.astype(np.float64))
        low, high = -np.inf if q.low is None else q.low, np.inf if q.high is None else q.high
        return np.clip(codes, low, high).astype(np.int64)


def enough_samples(real: RealGraph) -> int:
    """How many samples a comparison of bounded time takes."""
    work = 0
    for op in real.ops:
        size = int(np.prod(real.shapes[op.name]))
        work += size * (op.weight[0].size if isinstance(op, Weighted) else 10)
    return int(np.clip(WORK / max(work, 1), 4, MOST_SAMPLES))


def compare(
    proto: ModelProto,
    names: Mapping[str, str],
    real: RealGraph,
    graph: Graph,
    way_in: Entry,
    scores: str,
    x: Reals,
) -> Fidelity:
    """Compare each quantiser of the file, on the reference's inputs to it, and the scores.

    ``names`` are the file's names of imported tensors; ``real`` is the network before post-training quantisation,
    ``graph`` its integers, ``way_in`` what the host does; ``x`` are samples (samples, *input).

    Raises
    ------
    CompileError
        where an element differs and is not ambiguous.
    """
    sites = {site.op.name: site for site in find_sites(real, names)}
    exact = compared_as_integers(real, graph)
    result = Fidelity(len(x))
    elements = sum(int(np.prod(real.shapes[name])) for name in sites) + 1
    each = max(1, BATCH_ELEMENTS // elements)
    for start in range(0, len(x), each):
        part = x[start : start + each]
        reference = predict_outputs(proto, [*(s.onnx for s in sites.values()), names[scores]], part, literal=True)
        known = {name: site.codes(reference[site.onnx], real.shapes[name]) for name, site in sites.items()}
        part = part.reshape(-1, *real.inputs[0].shape)
        ours = integer_results(graph, way_in.integers(part), {n: v for n, v in known.items() if n in exact})
        values = {n: known[n] * sites[n].op.quantizer.scale.astype(np.float64) for n in known}
        for name in sites:
            if name not in ours and name not in exact:
                before = real_value(real, sites[name].op.inputs[0], values, part)
                ours[name] = sites[name].op.quantizer.codes(before).astype(np.int64)
        note_differences(result, real, sites, ours, known, values, part, start)
        check_scores(names[scores], reference[names[scores]], real_value(real, scores, values, part))
    return result


def find_sites(real: RealGraph, names: Mapping[str, str]) -> Iterator[Site]:
    """The quantisers of the file whose results are tensors of it."""
    for op in real.ops:
        if not isinstance(op, Quantize):
            continue
        size = int(np.prod(real.shapes[op.name]))
        known = [*real.layouts.get(op.name, ()), Layout(op.name, np.arange(size))]
        layout = next((layout for layout in known if layout.name in names), None)
        if layout is not None:
            yield Site(op, names[layout.name], layout.order)


def compared_as_integers(real: RealGraph, graph: Graph) -> set[str]:
    """The quantisers of which integer layers compute all that stands between them and the ones before."""
    stated = given(real)
    inputs = {t.name for t in graph.inputs}
    found = {op.name for op in real.ops if isinstance(op, Quantize) and op.inputs[0] in stated}
    return found | inputs


def integer_results(graph: Graph, x: Ints, known: Mapping[str, Ints]) -> dict[str, Ints]:
    """Our integers of the tensors ``known``, each from the reference's integers of those before it."""
    ours: dict[str, Ints] = {}
    values: dict[str, Ints] = {}
    last = {name: i for i, layer in enumerate(graph.layers) for name in layer.inputs}
    for i in range(-1, len(graph.layers)):
        name = graph.inputs[0].name if i < 0 else graph.layers[i].name
        inputs = () if i < 0 else graph.layers[i].inputs
        value = x if i < 0 else graph.layers[i].evaluate(*(values[n] for n in inputs))
        if name in known:
            ours[name], value = value, known[name]
        values[name] = value
        for read in set(inputs):
            if last[read] == i:
                del values[read]
    return ours


def real_value(real: RealGraph, name: str, values: Mapping[str, Reals], x: Reals) -> Reals:
    """A tensor's value in float64 where those of the quantisers before it are known."""
    needed: set[str] = set()
    ops: list[Op] = []
    wanted = {name}
    for op in reversed(real.ops):
        if op.name in wanted and op.name not in values:
            ops.append(op)
            wanted.update(op.inputs)
        needed.update(wanted)
    found: dict[str, Reals] = {**{n: v for n, v in values.items() if n in needed}, real.inputs[0].name: x}
    for op in reversed(ops):
        found[op.name] = op.evaluate(*(found[n] for n in op.inputs))
    return found[name]


def note_differences(
    result: Fidelity,
    real: RealGraph,
    sites: Mapping[str, Site],
    ours: Mapping[str, Ints],
    known: Mapping[str, Ints],
    values: Mapping[str, Reals],
    x: Reals,
    first: int,
) -> None:
    """Count elements; of those that differ, ambiguous ones; raise CompileError for any other."""
    allowed: dict[int, dict[str, tuple[Reals, Reals]]] = {}
    for name, mine in ours.items():
        site = sites[name]
        result.elements[site.onnx] = result.elements.get(site.onnx, 0) + mine.size
        differs = mine != known[name]
        for sample in np.nonzero(differs.reshape(len(differs), -1).any(axis=1))[0].tolist():
            if sample not in allowed:
                allowed[sample] = float32_codes(real, x[sample], {n: v[sample] for n, v in values.items()})
            low, high = allowed[sample][name]
            theirs = known[name][sample]
            wrong = differs[sample] & ~((low <= theirs) & (theirs <= high))
            if wrong.any():
                place = tuple(int(i[0]) for i in np.nonzero(wrong))
                raise CompileError(
                    f"the integers of '{site.onnx}' differ from ONNX Runtime in {int(wrong.sum())} elements of sample "
                    f"{first + sample}, first {mine[(sample, *place)]} for {theirs[place]}: a bug of nnfpga; please "
                    "report it"
                )
            inside = np.nonzero(differs[sample].reshape(-1)[site.order.reshape(-1)])[0].tolist()
            result.ambiguous[site.onnx] = result.ambiguous.get(site.onnx, 0) + len(inside)
            listed = result.places.setdefault(site.onnx, [])
            listed += [[first + sample, e] for e in inside[: LISTED - len(listed)]]


def check_scores(name: str, reference: Reals, ours: Reals) -> None:
    """Raise CompileError unless real-valued scores agree within float32 rounding."""
    error = float(np.abs(reference - ours.reshape(reference.shape)).max(initial=0.0))
    if not error <= TOLERANCE * max(1.0, float(np.abs(reference).max(initial=0.0))):
        raise CompileError(
            f"the import of '{name}' differs from ONNX Runtime by {error:g}: a bug of nnfpga; please report it"
        )


def float32_codes(real: RealGraph, x: Reals, values: Mapping[str, Reals]) -> dict[str, tuple[Reals, Reals]]:
    """The least and greatest integer of each quantiser in ``values`` if every operation before it rounds to float32.

    A sum of ``n`` terms is off by at most ``(n + 3) 2^-24 sum |terms|``; other operations carry the error on. ``x`` is
    one sample, ``values`` the results of quantisers for it, which are taken as they are.
    """
    known: dict[str, tuple[Reals, Reals]] = {real.inputs[0].name: (x, np.abs(x) * UNIT)}
    result: dict[str, tuple[Reals, Reals]] = {}
    for op in real.ops:
        inputs = [known[n] for n in op.inputs]
        if isinstance(op, Quantize) and op.name in values:
            (v, e), q = inputs[0], op.quantizer
            e = e + 3 * UNIT * (np.abs(v) + abs(q.zero) * q.scale.astype(np.float64))
            result[op.name] = q.codes(v - e), q.codes(v + e)
            known[op.name] = values[op.name], np.zeros(1)
            continue
        value = op.evaluate(*(v[None] for v, _ in inputs))[0]
        low, high = op.bounds_of(*((v - e, v + e) for v, e in inputs))
        error = np.maximum(high - value, value - low) + (terms(op, inputs, value.size) + 3) * UNIT * size(
            op, inputs, value
        )
        known[op.name] = value, error
    return result


def terms(op: Op, inputs: list[tuple[Reals, Reals]], results: int) -> int:
    """How many terms an element of the result sums up, at most."""
    match op:
        case Weighted():
            return op.weight[0].size
        case AveragePool():
            return op.window.taps
        case _:
            return -(-sum(v.size for v, _ in inputs) // max(results, 1))


def size(op: Op, inputs: list[tuple[Reals, Reals]], value: Reals) -> Reals:
    """The sum of the magnitudes of an element's terms."""
    if isinstance(op, Apply) and not isinstance(op.function, Affine):
        return np.abs(value)
    low, high = op.bounds_of(*((-np.abs(v), np.abs(v)) for v, _ in inputs))
    return np.maximum(np.abs(low), np.abs(high))
