"""The report's data: one nested dictionary, the same as report.json."""

from __future__ import annotations

import platform
from dataclasses import replace
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np

from nnfpga.compiler.formats import describe
from nnfpga.compiler.graph import Graph, Layer, Tensor
from nnfpga.compiler.layers.dense import Dense
from nnfpga.compiler.layers.sines import Sines

if TYPE_CHECKING:
    from .design import Design

__all__ = ["collect", "element_bytes", "host_format"]


def collect(design: Design) -> dict[str, Any]:
    """Everything measured of a design; keys of what was not measured are absent."""
    model, options = design.model, design.options
    report: dict[str, Any] = {"model": model.path.name, "nnfpga": version(), **design.measured}
    report["input"] = {
        "format": describe(model.source),
        "order": "C order, first dimension slowest, after the entry's order",
        **host_format(model.source),
        "entry": model.entry.to_json(),
    }
    kind = "class" if model.ending.classifies else "scores"
    report["output"] = {"kind": kind, "format": describe(model.result), **host_format(model.result)}
    if model.labels is not None:
        report["output"]["labels"] = list(model.labels)
    if design.board is not None:
        report["board"] = design.board.name
    if design.device.limited:
        d = design.device
        report["device"] = {
            "name": d.name,
            "family": d.family,
            "lut": d.luts,
            "ff": d.ffs,
            "bram": d.brams,
            "dsp": d.dsps,
        }
    else:
        report["device"] = {"name": design.device.name}
    report["plan"] = {"target": options.target, "bits": options.bits, "seed": options.seed}
    if model.widths is not None:
        report["widths"] = model.widths.to_dict()
    if design.plan.clock_mhz:
        report.setdefault("clock_mhz", design.plan.clock_mhz)
    report["layers"] = [row(design, layer) for layer in design.graph.layers]
    if "latency_cycles" in report:  # there is RTL
        report["estimate"] = estimate(design)
    rates(design, report)
    report["seconds"] = dict(design.steps.seconds)
    report["versions"] = {"python": platform.python_version(), **packages(), **design.measured.get("versions", {})}
    report["notes"] = [*model.notes, *design.measured.get("notes", [])]
    return {key: value for key, value in report.items() if value is not None and value != []}


def estimate(design: Design) -> dict[str, Any]:
    """What the network should take after synthesis, without the link, each with the relative error of the estimate."""
    cost = design.component.estimate()
    found: dict[str, Any] = {
        "lut": round(cost.lut.value),
        "lut_error": round(cost.lut.error, 3),
        "ff": round(cost.ff.value),
        "ff_error": round(cost.ff.error, 3),
    }
    if cost.dsp.value:
        found["dsp"] = round(cost.dsp.value)
    if not cost.latency.error:
        found["latency_cycles"] = round(cost.latency.value)
    mhz = design.component.estimated_mhz()
    if mhz is not None and design.device.limited:
        found["unrolled_mhz"] = round(mhz, 1)
    return found


def rates(design: Design, report: dict[str, Any]) -> None:
    """Time and rates from cycles and clock: of the core, and of what the serial link lets through."""
    clock, latency, interval = (report.get(k) for k in ("clock_mhz", "latency_cycles", "interval_cycles"))
    if not clock or not latency:
        return
    report["latency_us"] = latency / clock
    per_second: dict[str, float] = {"core": clock * 1e6 / (interval or latency)}
    if design.board is not None:
        # one request and one answer of 8N1 bytes, never overlapping; escapes are not counted
        overhead = 2 + 2 + 1 + 2  # END, END; length; sequence; CRC
        sent = report["input"]["bytes"] + report["output"]["bytes"] + 2 * overhead
        per_second["link"] = 1.0 / (sent * 10 / design.board.baud + report["latency_us"] * 1e-6)
    report["inferences_per_second"] = per_second


def host_format(tensor: Tensor) -> dict[str, Any]:
    """What a host needs to send or read a tensor: ``v`` stands for ``scale * v + offset``; words are on the wire."""
    number = tensor.number.union()
    wire = number.wire
    scale = {*tensor.scale.flat}
    result: dict[str, Any] = {
        "elements": tensor.size,
        "shape": list(tensor.shape),
        "low": int(number.low),
        "high": int(number.high),
        "wire": {"base": wire.base, "shift": wire.shift, "width": wire.width, "signed": wire.signed},
        "bytes": tensor.size * element_bytes(max(wire.width, 1)),
        "frame": "SLIP(length u16, sequence u8, elements little-endian, CRC-16/IBM-3740 u16)",
    }
    if len(scale) == 1:
        result["scale"] = float(scale.pop())
    else:
        result["scales"] = [float(s) for s in tensor.scale.flat]
    if any(o != 0 for o in tensor.offset.flat):
        result["offsets"] = [float(o) for o in tensor.offset.flat]
    return result


def element_bytes(width: int) -> int:
    """Whole bytes that hold an element on the link."""
    return -(-width // 8)


def row(design: Design, layer: Layer) -> dict[str, Any]:
    """A layer's line in the report."""
    graph: Graph = design.graph
    source, result = graph.tensors[layer.inputs[0]], graph.tensors[layer.name]
    line: dict[str, Any] = {
        "name": layer.name,
        "kind": type(layer).__name__,
        "input_shape": list(source.shape),
        "output_shape": list(result.shape),
        "input_format": describe(source),
        "output_format": describe(result),
    }
    if isinstance(layer, Dense):
        line |= {"weights": str(layer.weights), "memory_bits": layer.weights.bits}
        line["macs"] = int(np.prod(layer.weights.shape))
    if isinstance(layer, Sines):
        line |= {"weights": layer.describe(), "memory_bits": layer.angles.size * (layer.waves.bits + 1)}
        line["macs"] = layer.angles.size
    choice = design.plan.choices.get(layer.name)
    if choice is not None:
        from nnfpga.rtl import costs

        blocks = design.component.blocks_of(layer)
        cost = costs(graph, layer, choice, design.device).with_blocks(replace(design.device, dsps=blocks))
        line |= {
            "implementation": str(choice),
            "cycles": round(float(cost.interval.value)),
            "estimated_lut": round(float(cost.lut.value)),
            "estimated_lut_error": cost.lut.error,
        }
        if blocks:
            line["dsp"] = blocks
    return line


def packages() -> dict[str, str]:
    """Versions of the Python packages that take part."""
    return {name: metadata.version(name) for name in ("numpy", "onnx", "onnxruntime", "amaranth")}


def version() -> str:
    """This package's version."""
    from nnfpga import __version__

    return __version__
