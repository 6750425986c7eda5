"""da4ml 0.6: the same integer graph, written as its users would, to its Verilog.

Layers become operations on its symbolic variables: products through its solver (``hard_dc=2``), then bias, truncation,
ReLU and saturation. Values of two levels are one bit, thresholds are comparisons. Pipelined with latency cut-off 3.
"""

from __future__ import annotations

import importlib.util
from functools import singledispatch
from pathlib import Path
from typing import Any

import numpy as np

from nnfpga.compiler.exact import Ints
from nnfpga.compiler.graph import Layer, Tensor
from nnfpga.compiler.layers.convolution import Convolution
from nnfpga.compiler.layers.dense import Dense
from nnfpga.compiler.layers.pooling import MaxPooling
from nnfpga.compiler.layers.rearrange import Rearrange
from nnfpga.compiler.layers.scalar import Scalar
from nnfpga.compiler.scalar.forms import shift_clip
from nnfpga.compiler.scalar.pieces import Pieces

from .cases import CASES
from .made import Made

__all__ = ["CUTOFF", "installed", "make"]

HARD_DC, CUTOFF = 2, 3

Variables = Any
"""da4ml's symbolic arrays."""


def installed() -> bool:
    """Whether da4ml is there."""
    return importlib.util.find_spec("da4ml") is not None


class Affine:
    """Elements ``base + factor * variable`` of a tensor, in C order."""

    def __init__(self, variables: Variables, factor: int = 1, base: int = 0) -> None:
        self.variables, self.factor, self.base = variables, factor, base

    def times(self, matrix: Ints, index: Any = slice(None)) -> Variables:
        """A matrix times the vector of some elements."""
        product = self.variables[index] @ (self.factor * matrix.T.astype(np.float64))
        return product + self.base * matrix.sum(axis=1) if self.base else product

    @property
    def plain(self) -> Variables:
        """The values themselves."""
        return self.variables if (self.factor, self.base) == (1, 0) else self.variables * self.factor + self.base


@singledispatch
def trace(layer: Layer, tensor: Tensor, x: Affine) -> Affine:
    """A layer that reads a tensor, as da4ml's operations."""
    raise SystemExit(f"{type(layer).__name__} is not written for da4ml")


@trace.register
def _(layer: Dense, tensor: Tensor, x: Affine) -> Affine:
    return Affine(x.times(layer.weights.to_dense()))


@trace.register
def _(layer: Rearrange, tensor: Tensor, x: Affine) -> Affine:
    return Affine(x.variables[layer.index.reshape(-1)], x.factor, x.base)


@trace.register
def _(layer: Convolution, tensor: Tensor, x: Affine) -> Affine:
    """One product per position and group; what lies outside is left out."""
    index = np.arange(tensor.size).reshape(1, *layer.source)
    patches = layer.window.patches(index, -1).reshape(-1, layer.window.taps, layer.groups, layer.weights.shape[-1])
    parts: list[Variables] = []
    for position in patches:
        for group, matrix in enumerate(layer.matrices):
            taps = position[:, group].reshape(-1)
            parts.append(x.times(matrix[:, taps >= 0], taps[taps >= 0]))
    return Affine(np.concatenate(parts))


@trace.register
def _(layer: MaxPooling, tensor: Tensor, x: Affine) -> Affine:
    index = np.arange(tensor.size).reshape(1, *tensor.shape)
    patches = layer.window.patches(index, -1).reshape(-1, layer.window.taps, tensor.shape[-1])
    assert (patches >= 0).all()
    plain = x.plain
    return Affine(np.concatenate([np.amax(plain[taps], axis=0) for taps in patches]))


@trace.register
def _(layer: Scalar, tensor: Tensor, x: Affine) -> Affine:
    channels = len(layer.pieces)
    of = [layer.pieces[n % channels] for n in range(tensor.size)]
    plain = x.plain
    levels = {(p.range, len(p.lines)) for p in of}
    if levels == {((-1, 1), 2)} and all(p.monotone for p in of):
        thresholds = np.array([p.lines[1].start for p in of])
        if all(p.lines[1].at(0) == 1 for p in of):
            below = np.array([v.is_negative() for v in (plain - thresholds.astype(np.float64))._vars])
            return Affine(type(plain)(below, plain.solver_options, plain.hwconf), -2, 1)
    parts = np.array([clipped(plain[n], p) for n, p in enumerate(of)])
    return Affine(type(plain)(parts, plain.solver_options, plain.hwconf))


def clipped(v: Variables, pieces: Pieces) -> Variables:
    """``clip((v + offset) >> right, low, high)`` of one variable."""
    form = shift_clip(pieces)
    if form is None:
        raise SystemExit("a function that is no shift and saturation is not written for da4ml")
    total = v * 2.0 ** (form.left - form.right) + form.offset * 2.0**-form.right
    k, i, f = total.kif
    whole = total.quantize(k, i, 0) if f > 0 else total
    return whole.max_of(form.low).min_of(form.high)


def make(case: str, clock_mhz: float, work: Path, cutoff: float = CUTOFF) -> Made:
    """From the file to Verilog, stages of latency ``cutoff``; its interpreter is checked on the case's vectors."""
    from da4ml.codegen import RTLModel
    from da4ml.trace import FixedVariableArray, HWConfig, comb_trace, to_pipeline

    problem = CASES[case].read()
    source = problem.graph.inputs[0]
    number = source.number.broadcast(source.shape)
    low, high, step = (np.asarray(a, np.float64).reshape(-1) for a in (number.low, number.high, number.step))
    bits = set(zip(low, high, step, strict=True)) == {(-1.0, 1.0, 2.0)}
    if bits:
        low, high, step = np.zeros_like(low), np.ones_like(low), np.ones_like(low)
    options = {"hard_dc": HARD_DC}
    inputs = FixedVariableArray.from_lhs(low, high, step, HWConfig(1, -1, -1), solver_options=options)
    values = {source.name: Affine(inputs, 2, -1) if bits else Affine(inputs)}
    for layer in problem.graph.layers:
        (name,) = layer.inputs
        values[layer.name] = trace(layer, problem.graph.tensors[name], values[name])
    logic = comb_trace(inputs, values[problem.graph.outputs[0]].plain)
    given = (problem.x + 1) // 2 if bits else problem.x
    if not np.array_equal(logic.predict(given.astype(np.float64), n_threads=1), problem.y):
        raise SystemExit(f"{case}: da4ml's circuit differs from the graph")
    pipeline = to_pipeline(logic, cutoff, verbose=False)
    folder = work / "da4ml"
    RTLModel(pipeline, "circuit", folder).write()
    ops = [op for stage in pipeline.solutions for op in stage.ops]
    adders = sum(op.opcode in (0, 1) for op in ops)
    width = [sum(sum(kif) for kif in kifs) for kifs in (logic.inp_kifs.T, logic.out_kifs.T)]
    return Made(folder / "src", int(width[0]), int(width[1]), adders, int(max(logic.out_latency)),
                len(pipeline.solutions))  # fmt: skip
