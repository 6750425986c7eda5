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

from ..errors import CompileError, Problem
from ..real import Op, RealGraph, RealInput, Shape
from .attributes import REMEDY, attributes_of
from .order import order_of
from .tensors import MOST_ELEMENTS, TensorError, to_array, to_dense
from .use import Outcome, Use
from .value import Array, Ref, Unsupported, Val

__all__ = ["Imported", "import_model", "survey"]

LONGEST_NAME = 64  # of a tensor, in hardware
LONGEST_REASON = 200
MOST_AXES = 16
MOST_INPUTS = 4096  # of a node
BUG = "nnfpga fails on it"
"""Begins the problem of a node whose function raised what no input should: the mutation benchmark looks for it."""

Operator = Callable[..., "Val | tuple[Val, ...]"]


@dataclass(frozen=True)
class Imported:
    """A real-valued network with what the host must know of the file.

    ``labels`` are the class labels where the file names them; ``onnx_names`` maps our tensor names to the file's,
    ``outputs`` the file's outputs to our tensor names; ``constants`` holds the outputs that depend on no input;
    ``uses`` says what became of each node, in the file's order; with ``problems`` the network is incomplete.
    """

    graph: RealGraph
    labels: tuple[int | str, ...] | None
    onnx_names: dict[str, str]
    outputs: dict[str, str]
    constants: dict[str, Array]
    uses: tuple[Use, ...] = ()
    problems: tuple[Problem, ...] = ()


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
    results: tuple[str, ...] = ()
    made: dict[str, Op] = field(default_factory=dict[str, Op])
    counts: dict[str, int] = field(default_factory=dict[str, int])
    uses: dict[int, Use] = field(default_factory=dict[int, Use])
    elements: int = 0  # of all tensors that depend on the input
    constants: int = 0  # of all constants that were computed

    def fresh(self, wish: str) -> str:
        """A unique name that hardware can carry."""
        base = re.sub(r"\W+", "_", wish[:LONGEST_NAME], flags=re.ASCII).strip("_") or "t"
        base = base if base[0].isalpha() else f"t{base}"
        name = base
        while name in self.shapes:
            self.counts[base] = self.counts.get(base, 1) + 1
            name = f"{base}_{self.counts[base]}"
        return name

    def append(self, op: Op, shape: Shape) -> None:
        """Add an operation whose result has a shape.

        Raises
        ------
        CompileError
            where all tensors together become too large.
        """
        self.elements += prod(shape)
        if self.elements > MOST_ELEMENTS:
            what = f"the tensors up to here have more than {MOST_ELEMENTS} elements"
            raise CompileError([Problem(self.current, what, "use a smaller network")])
        self.ops.append(op)
        self.made[op.name] = op
        self.shapes[op.name] = shape

    def emit(self, make: Callable[..., Op], source: Ref, *parameters: Any, **options: Any) -> Ref:
        """Append an operation that reads ``source``; give its result."""
        name = self.fresh(self.result)
        op = make(name, (source.name,), *parameters, node=self.current, **options)
        self.append(op, op.shape(source.shape))
        return source._replace(name=name, shape=self.shapes[name])


def import_model(model: onnx.ModelProto) -> Imported:
    """The real-valued network of a model; every node that is not supported is named at once.

    Raises
    ------
    CompileError
        with one problem per offending node.
    """
    imported = survey(model)
    if imported.problems:
        raise CompileError(imported.problems)
    return imported


def survey(model: onnx.ModelProto) -> Imported:
    """The import as far as it goes, with what is not supported in ``problems``."""
    state = attempt(model, whole=False)
    if state.problems and len(state.inputs) == 1 and state.batch is not None:
        second = attempt(model, whole=True)
        state = state if second.problems else second
    ends = {o.name: state.values.get(o.name) for o in model.graph.output}
    outputs = {name: value.name for name, value in ends.items() if isinstance(value, Ref)}
    if not state.problems and any(value is None or isinstance(value, Unsupported) for value in ends.values()):
        lost = next(name for name, value in ends.items() if value is None or isinstance(value, Unsupported))
        state.problems.append(Problem(f"output '{lost}'", "nothing here makes it", "leave that output out"))
    if not state.problems and not outputs:
        state.problems.append(Problem("the graph", "no output depends on an input", "export a trained network"))
    graph = RealGraph(tuple(state.inputs), tuple(state.ops), tuple(dict.fromkeys(outputs.values())))
    constants = {name: value for name, value in ends.items() if isinstance(value, np.ndarray)}
    uses = tuple(use for _, use in sorted(state.uses.items()))
    return Imported(graph, state.labels, state.names, outputs, constants, uses, tuple(state.problems))


def attempt(model: onnx.ModelProto, *, whole: bool) -> Importer:
    """The import where an input's first axis is the batch, or where its ``whole`` tensor is one sample."""
    state = Importer(opset=max((o.version for o in model.opset_import if o.domain in ("", "ai.onnx")), default=0))
    with np.errstate(all="ignore"):  # what is not finite is refused where it matters
        read_constants(model.graph, state)
        read_inputs(model.graph, state, whole)
        walk(model.graph, state)
    return state


def walk(graph: onnx.GraphProto, state: Importer) -> None:
    """Convert every node, each after those that it reads."""
    known = operators()
    order, wrong = order_of(graph)
    for number in (*order, *sorted({*range(len(graph.node))}.difference(order))):
        node = graph.node[number]
        state.results = tuple(node.output)
        state.result = state.results[0] if state.results else ""
        state.current = f"{node.op_type} '{node.name or state.result or number}' (node {number})"
        before = len(state.ops), len(state.problems)
        if number in wrong:
            problem(state, wrong[number], "export the model again")
            state.values |= {name: Unsupported() for name in node.output if name not in state.values}
        elif (function := known.get((node.domain, node.op_type))) is not None:
            convert(state, node, function)
        else:
            problem(state, *unknown(node))
            state.values.update({name: Unsupported() for name in node.output})
        state.uses[number] = used(state, node, number, *before)


def unknown(node: onnx.NodeProto) -> tuple[str, str]:
    """What is wrong with an operator that has no function, and what to do."""
    if any(a.type in (a.GRAPH, a.GRAPHS) for a in node.attribute):
        return f"operator {node.op_type} runs graphs of its own", "export without branches and loops"
    if node.domain not in ("", "ai.onnx"):
        what = f"operator {node.op_type} of domain {node.domain} is not supported"
        return what, "export it as operators of ONNX; 'nnfpga check --operators' lists those"
    what = f"operator {node.op_type} is not supported"
    return what, "export other operators; 'nnfpga check --operators' lists them"


def used(state: Importer, node: onnx.NodeProto, number: int, ops: int, problems: int) -> Use:
    """What became of a node since there were so many operations and problems."""
    made, wrong = tuple(op.name for op in state.ops[ops:]), tuple(state.problems[problems:])
    values = [state.values.get(name) for name in state.results if name]
    tensors = tuple(v.name for v in values if isinstance(v, Ref))
    if wrong:
        outcome = Outcome.REFUSED
    elif made:
        outcome, tensors = Outcome.OPERATIONS, made
    elif tensors:
        outcome = Outcome.ALIAS
    else:
        constant = all(isinstance(v, np.ndarray) for v in values)
        outcome = Outcome.CONSTANT if constant else Outcome.UNREACHED
    names = tuple(node.input), state.results
    return Use(number, state.current, node.op_type, node.name, node.domain, *names, outcome, tensors, wrong)


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
    names = tuple(node.input)
    arguments = [state.values.get(name) if name else None for name in names]
    missing = [name for name, v in zip(names, arguments, strict=True) if name and v is None]
    if missing:
        problem(state, f"it reads '{missing[0]}', which nothing makes", "export the model again")
    if missing or any(isinstance(v, Unsupported) for v in arguments):
        state.values.update({name: Unsupported() for name in state.results})
        return
    result: Val | tuple[Val, ...] = Unsupported()
    try:
        beforehand(state, arguments)
        fitting(state, arguments, function)
        result = function(state, *arguments, **attributes_of(node, function, state.current))
        bounded(state, result)
    except CompileError as error:
        state.problems += error.problems
        result = Unsupported()
    except (ArithmeticError, IndexError, ValueError) as error:  # what NumPy says of shapes, axes and indices
        reason = " ".join(str(error).split())[:LONGEST_REASON]
        problem(state, f"its inputs do not fit the operator ({reason})", REMEDY)
    except (AssertionError, AttributeError, KeyError, TypeError) as error:
        reason = " ".join(str(error).split())[:LONGEST_REASON]
        problem(state, f"{BUG} ({type(error).__name__}: {reason})", "report it with the model")
    except MemoryError:
        problem(state, "its result is too large", "use a smaller network")
    results = result if isinstance(result, tuple) and not isinstance(result, Ref) else (result,)
    state.values.update({name: Unsupported() for name in state.results[len(results) :]})
    for name, value in zip(state.results, results, strict=False):
        state.values[name] = value
        if isinstance(value, Ref):
            state.names.setdefault(value.name, name)


def fitting(state: Importer, arguments: list[Val | None], function: Operator) -> None:
    """Refuse inputs that the operator's function does not take: too few, too many, none where it needs one, texts."""
    inputs, endless = inputs_of(function)
    if len(arguments) > MOST_INPUTS:
        what = f"it has {len(arguments)} inputs, more than {MOST_INPUTS}"
        raise CompileError([Problem(state.current, what, "use a smaller network")])
    for number in range(max(len(inputs), len(arguments))):
        if not endless and number >= len(inputs):
            raise CompileError([Problem(state.current, f"it has {len(arguments)} inputs, not {len(inputs)}", REMEDY)])
        needed = inputs[min(number, len(inputs) - 1)]
        if needed and (number >= len(arguments) or arguments[number] is None):
            raise CompileError([Problem(state.current, f"its input {number + 1} is missing", REMEDY)])
    texts = "Labels" in inspect.get_annotations(function).values()
    if not texts and any(
        isinstance(v, np.ndarray) and v.size and isinstance(v.item(0), str | bytes | complex) for v in arguments
    ):
        raise CompileError([Problem(state.current, "it reads what is no real number", "use a numeric type")])


@cache
def inputs_of(function: Operator) -> tuple[tuple[bool, ...], bool]:
    """Whether a node must give each input of an operator's function, and whether the last stands for any number."""
    _, *inputs = [p for p in inspect.signature(function).parameters.values() if p.kind is not p.KEYWORD_ONLY]
    needed = tuple(p.default is p.empty and "None" not in str(p.annotation) for p in inputs)
    return needed, any(p.kind is p.VAR_POSITIONAL for p in inputs)


def beforehand(state: Importer, arguments: list[Val | None]) -> None:
    """Refuse constants whose broadcast, a row and a column say, would take the memory."""
    shapes = [v.shape for v in arguments if isinstance(v, np.ndarray) and v.size > 1]
    if prod(prod(shape) for shape in shapes) <= MOST_ELEMENTS:
        return
    try:
        size = prod(np.broadcast_shapes(*shapes))
    except ValueError:
        return
    if size > MOST_ELEMENTS:
        raise CompileError([Problem(state.current, "its constant result is too large", "use a smaller network")])


def bounded(state: Importer, result: Val | tuple[Val, ...]) -> None:
    """Refuse constants that become too large."""
    for value in (result,) if isinstance(result, np.ndarray) else result if isinstance(result, tuple) else ():
        if not isinstance(value, np.ndarray):
            continue
        state.constants += value.size if value.base is None else 0
        if value.size > MOST_ELEMENTS or state.constants > 4 * MOST_ELEMENTS:
            raise CompileError([Problem(state.current, "its constant result is too large", "use a smaller network")])


def read_constants(graph: onnx.GraphProto, state: Importer) -> None:
    """Take in the initialisers; refuse values that are not finite."""
    tensors = [(t.name, lambda t=t: to_array(t)) for t in graph.initializer]
    tensors += [(s.values.name, lambda s=s: to_dense(s)) for s in graph.sparse_initializer]
    for name, read in tensors:
        where = f"weight '{name}'"
        if name in state.values:
            state.problems.append(Problem(where, "it is there twice", "export the model again"))
            continue
        try:
            array = read()
        except TensorError as error:
            state.problems.append(Problem(where, error.what, error.remedy))
            state.values[name] = Unsupported()
            continue
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            bad = int((~np.isfinite(array)).sum())
            what = f"{bad} of its {array.size} values are NaN or infinite"
            state.problems.append(Problem(where, what, "train again or repair the file"))
            array = np.where(np.isfinite(array), array, 0)  # so that what reads it is not reported again
        state.values[name] = array


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
        elif prod(shape) > MOST_ELEMENTS or len(shape) > MOST_AXES:
            what = f"a sample has {prod(shape)} elements" + (f" on {len(shape)} axes" if len(shape) > MOST_AXES else "")
            remedy = f"use inputs of at most {MOST_ELEMENTS} elements and {MOST_AXES} axes"
            state.problems.append(Problem(where, what, remedy))
            shape = (1,)
        if dims and dims[0].dim_value > 0:
            state.batch = int(dims[0].dim_value)
        name = state.fresh(info.name)
        state.shapes[name] = shape
        state.names[name] = info.name
        state.values[info.name] = Ref(name, shape, batched)
        state.inputs.append(RealInput(name, shape))
    if len(state.inputs) != 1:
        names = ", ".join(i.name for i in state.inputs[:8]) or "none"
        state.problems.append(Problem("the graph", f"it must have one input, not {names}", "split the model"))


def as_array(value: Val | None) -> npt.NDArray[Any] | None:
    """A constant, or None."""
    return value if isinstance(value, np.ndarray) else None
