"""Walks an ONNX graph and calls one function per operator (``ops*.py``)."""

from __future__ import annotations

import inspect
import pkgutil
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import numpy_helper

from ..errors import CompileError, Problem
from ..real import Op, RealGraph, RealInput, Shape
from .value import Ref, Unsupported, Val

__all__ = ["Imported", "import_model"]

Operator = Callable[..., "Val | tuple[Val, ...]"]
MOST_ELEMENTS = 1 << 22  # of one sample: far beyond what a small FPGA can take


@dataclass(frozen=True)
class Imported:
    """A real-valued network with what the host must know of the file.

    ``labels`` are the class labels where the file names them; ``onnx_names`` maps our tensor names to the file's.
    """

    graph: RealGraph
    labels: tuple[int | str, ...] | None
    onnx_names: dict[str, str]


@dataclass
class Importer:
    """The state of one import: tensors known so far, operations made, problems met."""

    values: dict[str, Val] = field(default_factory=dict[str, Val])
    ops: list[Op] = field(default_factory=list[Op])
    inputs: list[RealInput] = field(default_factory=list[RealInput])
    shapes: dict[str, Shape] = field(default_factory=dict[str, Shape])
    problems: list[Problem] = field(default_factory=list[Problem])
    names: dict[str, str] = field(default_factory=dict[str, str])
    labels: tuple[int | str, ...] | None = None
    batch: int | None = None  # the file's, where it is fixed
    opset: int = 0  # of ONNX's own operators
    current: str = ""
    result: str = ""

    def fresh(self, wish: str) -> str:
        """A unique name that hardware can carry."""
        base = re.sub(r"\W+", "_", wish).strip("_") or "t"
        base = base if base[0].isalpha() else f"t{base}"
        name, n = base, 1
        while name in self.shapes:
            n += 1
            name = f"{base}_{n}"
        return name

    def emit(self, make: Callable[..., Op], source: Ref, *parameters: Any, **options: Any) -> Ref:
        """Append an operation that reads ``source``; give its result."""
        name = self.fresh(self.result)
        op = make(name, (source.name,), *parameters, node=self.current, **options)
        self.ops.append(op)
        self.shapes[name] = op.shape(source.shape)
        return source._replace(name=name, shape=self.shapes[name])


def import_model(model: onnx.ModelProto) -> Imported:
    """The real-valued network of a model; every node that is not supported is named at once.

    Raises
    ------
    CompileError
        with one problem per offending node.
    """
    state = attempt(model, whole=False)
    if state.problems and len(state.inputs) == 1 and state.batch is not None:
        second = attempt(model, whole=True)
        state = state if second.problems else second
    outputs = [value for o in model.graph.output if isinstance(value := state.values.get(o.name), Ref)]
    if not state.problems and not outputs:
        state.problems.append(Problem("the graph", "no output depends on an input", "export a trained network"))
    if state.problems:
        raise CompileError(state.problems)
    graph = RealGraph(tuple(state.inputs), tuple(state.ops), tuple(dict.fromkeys(o.name for o in outputs)))
    return Imported(graph, state.labels, state.names)


def attempt(model: onnx.ModelProto, *, whole: bool) -> Importer:
    """The import where an input's first axis is the batch, or where its ``whole`` tensor is one sample."""
    state = Importer(opset=max((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), default=0))
    read_constants(model.graph, state)
    read_inputs(model.graph, state, whole)
    known = operators()
    for number, node in enumerate(model.graph.node):
        state.current = f"{node.op_type} '{node.name or (node.output[0] if node.output else number)}' (node {number})"
        state.result = node.output[0] if node.output else ""
        function = known.get((node.domain, node.op_type))
        if function is None:
            domain = f" of domain {node.domain}" if node.domain else ""
            remedy = f"supported are {', '.join(supported())}"
            problem(state, f"operator {node.op_type}{domain} is not supported", remedy)
            state.values.update({name: Unsupported() for name in node.output})
            continue
        convert(state, node, function)
    return state


@cache
def operators() -> dict[tuple[str, str], Operator]:
    """Domain and operator to its function: every capitalised function of the modules ``ops*.py`` of this package.

    A module names its domains in ``DOMAINS``; without, its operators are ONNX's own.
    """
    table: dict[tuple[str, str], Operator] = {}
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        if not module.name.startswith("ops"):
            continue
        found = import_module(f".{module.name}", __package__)
        for name, function in vars(found).items():
            if inspect.isfunction(function) and function.__module__ == found.__name__ and name[0].isupper():
                table |= {(domain, name): function for domain in getattr(found, "DOMAINS", ("", "ai.onnx"))}
    return table


def supported() -> list[str]:
    """The operators that have a function, by name."""
    return sorted({name for _, name in operators()})


def problem(state: Importer, what: str, remedy: str) -> None:
    """Note a problem of the current node."""
    state.problems.append(Problem(state.current, what, remedy))


def convert(state: Importer, node: onnx.NodeProto, function: Operator) -> None:
    """Call an operator's function with the node's inputs and attributes; one with several outputs gives a tuple."""
    arguments = [state.values.get(name) if name else None for name in node.input]
    missing = [name for name, v in zip(node.input, arguments, strict=True) if name and v is None]
    if missing:
        problem(state, f"it reads '{missing[0]}', which nothing makes", "export the model again")
    if missing or any(isinstance(v, Unsupported) for v in arguments):
        state.values.update({name: Unsupported() for name in node.output})
        return
    attributes = {a.name: attribute(a) for a in node.attribute}
    parameters = inspect.signature(function).parameters
    if unknown := [name for name in attributes if name not in parameters]:
        problem(state, f"attribute '{unknown[0]}' is not supported", "remove it or export with another opset")
        result: Val | tuple[Val, ...] = Unsupported()
    else:
        try:
            result = function(state, *arguments, **attributes)
        except CompileError as error:
            state.problems += error.problems
            result = Unsupported()
        except (TypeError, ValueError, IndexError):
            problem(state, "its inputs do not fit the operator", "check the model with onnx.checker")
            result = Unsupported()
    results = result if isinstance(result, tuple) and not isinstance(result, Ref) else (result,)
    state.values.update({name: Unsupported() for name in node.output[len(results) :]})
    for name, value in zip(node.output, results, strict=False):
        state.values[name] = value
        if isinstance(value, Ref):
            state.names.setdefault(value.name, name)


def attribute(proto: onnx.AttributeProto) -> Any:
    """An attribute's Python value."""
    value = onnx.helper.get_attribute_value(proto)
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    return value.decode() if isinstance(value, bytes) else value


def read_constants(graph: onnx.GraphProto, state: Importer) -> None:
    """Take in the initialisers; refuse values that are not finite."""
    for tensor in graph.initializer:
        try:
            array = numpy_helper.to_array(tensor)
        except (ValueError, TypeError, OSError):
            state.problems.append(Problem(f"weight '{tensor.name}'", "cannot be read", "export the model again"))
            array = np.zeros(tuple(tensor.dims) if max(tensor.dims, default=0) < 1 << 20 else (1,))
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            bad = int((~np.isfinite(array)).sum())
            what = f"{bad} of its {array.size} values are NaN or infinite"
            state.problems.append(Problem(f"weight '{tensor.name}'", what, "train again or repair the file"))
            array = np.where(np.isfinite(array), array, 0)  # so that what reads it is not reported again
        state.values[tensor.name] = array


def read_inputs(graph: onnx.GraphProto, state: Importer, whole: bool) -> None:
    """The inputs that are not initialisers: without their batch axis, or ``whole``."""
    for info in graph.input:
        if info.name in state.values:
            continue
        dims = info.type.tensor_type.shape.dim
        where = f"input '{info.name}'"
        batched = not whole and bool(dims)
        shape = tuple(int(d.dim_value) for d in dims[batched:])
        if not info.type.tensor_type.HasField("shape") or any(d <= 0 for d in shape):
            state.problems.append(Problem(where, "its shape is not fixed", "export with fixed sizes but for the batch"))
            shape = tuple(max(d, 1) for d in shape)
        elif prod(shape) > MOST_ELEMENTS:
            what = f"a sample has {prod(shape)} elements"
            state.problems.append(Problem(where, what, f"use inputs of at most {MOST_ELEMENTS} elements"))
            shape = (1,) * len(shape)
        if batched and dims[0].dim_value > 0:
            state.batch = int(dims[0].dim_value)
        name = state.fresh(info.name)
        state.shapes[name] = shape
        state.names[name] = info.name
        state.values[info.name] = Ref(name, shape, batched)
        state.inputs.append(RealInput(name, shape))
    if len(state.inputs) != 1:
        names = ", ".join(i.name for i in state.inputs) or "none"
        state.problems.append(Problem("the graph", f"it must have one input, not {names}", "split the model"))


def as_array(value: Val | None) -> npt.NDArray[Any] | None:
    """A constant, or None."""
    return value if isinstance(value, np.ndarray) else None
