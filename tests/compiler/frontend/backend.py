"""The conformance cases of the ONNX wheel, run through the compiler to integers of 16 bits; writes docs/operators.md.

    python tests/compiler/frontend/backend.py [OPERATOR ...]

without arguments runs every case and writes the page, else prints the cases of these operators. A case is *passed*,
*refused* (a CompileError names the reason) or *failed* (a wrong value, or any other exception).
"""

from __future__ import annotations

import inspect
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
from onnx import helper, numpy_helper
from onnx.reference import ReferenceEvaluator

import nnfpga
from nnfpga import CompileError
from nnfpga.compiler.frontend import import_model
from nnfpga.compiler.frontend.importer import operators, supported

Array = npt.NDArray[Any]

LISTED = """
Gemm MatMul Conv BatchNormalization Add Sub Mul Div Sum Mean Max Min Concat Split Slice Pad Gather Squeeze Unsqueeze
Reshape Flatten Transpose Expand Resize MaxPool AveragePool GlobalMaxPool GlobalAveragePool ReduceMean ReduceSum
ReduceMax ReduceSumSquare ReduceL2 Relu LeakyRelu PRelu Elu Selu Celu ThresholdedRelu Clip HardSigmoid HardSwish Sigmoid
Tanh Softsign Softplus Erf Gelu Exp Log Sqrt Reciprocal Neg Abs Sign Pow Sin Cos Cast Floor Ceil Round Where Greater
Less Softmax LogSoftmax ArgMax TopK Identity Dropout Constant Shape QuantizeLinear DequantizeLinear QLinearConv
QLinearMatMul MatMulInteger ConvInteger
"""  # the operators that the front end is measured by

ON_CODES = ("DequantizeLinear", "QLinearConv", "QLinearMatMul")  # their floats are scales
MAKERS = ("Constant", "ConstantOfShape", "Range")  # their outputs are constants
DOCS = Path(__file__).parents[3] / "docs" / "operators.md"
BITS = 16
UNITS = 2  # of a 16-bit format that covers the outputs: its rounding, and that of weights and inner tensors
FLOAT32 = 2.0**-20  # of the largest output: what the float32 reference may err
FOUR_DIGITS = {"test_averagepool_2d_ceil_last_window_starts_on_pad": 6e-5}
"""Cases whose outputs are written with four digits, and what that is off."""
MORE_SAMPLES = 3
READABLE_IR_VERSION = 10


@dataclass(frozen=True)
class Case:
    """One conformance case: a model, its inputs and the outputs that it must give."""

    kind: str
    name: str
    model: onnx.ModelProto
    inputs: tuple[Array, ...]
    outputs: tuple[Array, ...]

    @property
    def operator(self) -> str:
        """What a node case is for; a model's name otherwise."""
        return self.model.graph.node[0].op_type if self.kind == "node" else self.name


@dataclass(frozen=True)
class Outcome:
    """What became of a case: ``passed``, ``refused`` or ``failed``, and why."""

    case: Case
    status: str
    reason: str = ""


def node_cases() -> Iterator[Case]:
    """The cases of one node each, without the ones that write a function out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        found = collect_testcases(None)
    for case in found:
        if case.model is None or case.data_sets is None:
            continue
        graph = case.model.graph
        if len(graph.node) == 1 and graph.node[0].domain in ("", "ai.onnx") and "_expanded" not in case.name:
            inputs, outputs = case.data_sets[0]
            yield Case("node", case.name, case.model, arrays(inputs), arrays(outputs))


def model_cases(kind: str) -> Iterator[Case]:
    """The cases that the wheel keeps as files."""
    folder = Path(onnx.__file__).parent / "backend" / "test" / "data" / kind
    for place in sorted(folder.iterdir()):
        data = place / "test_data_set_0"
        sides = [[read(f) for f in sorted(data.glob(f"{side}_*.pb"), key=number)] for side in ("input", "output")]
        yield Case(kind, place.name, onnx.load(place / "model.onnx"), arrays(sides[0]), arrays(sides[1]))


def number(path: Path) -> int:
    """The number in the name of a data file."""
    return int(path.stem.split("_")[-1])


def read(path: Path) -> Any:
    """The tensor in a file, None where it holds something else."""
    tensor = onnx.TensorProto()
    tensor.ParseFromString(path.read_bytes())
    return tensor if tensor.data_type else None


def arrays(values: Iterable[Any]) -> tuple[Array, ...]:
    """Plain arrays; an object array where a value is no tensor."""
    return tuple(
        numpy_helper.to_array(v) if isinstance(v, onnx.TensorProto)
        else np.asarray(v) if isinstance(v, (np.ndarray, np.generic)) else np.array(None, dtype=object)
        for v in values
    )  # fmt: skip


def with_one_input(case: Case) -> Case:
    """The case with every input but one as an initialiser: the first one of floats is left, or the codes.

    What depends on no input's values (a shape, a constant) is added to one element of the input.
    """
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    graph = model.graph
    held = {t.name for t in graph.initializer}
    infos = [i for i in graph.input if i.name not in held]
    floats = [n for n, x in enumerate(case.inputs) if x.dtype.kind == "f"]
    kept = 0 if case.operator in ON_CODES else (floats or [0])[0] if case.operator not in MAKERS else -1
    for n, (info, x) in enumerate(zip(infos, case.inputs, strict=True)):
        if n != kept:
            graph.initializer.append(constant(info.name, x, info.type.tensor_type.elem_type))
            graph.input.remove(info)
    inputs = case.inputs[kept : kept + 1] if kept >= 0 else (np.array([0.75, -1.5], np.float32),)
    if kept < 0:
        graph.input.append(helper.make_tensor_value_info("first", onnx.TensorProto.FLOAT, [2]))
    if case.operator not in (*MAKERS, "Shape", "Size"):
        return replace(case, model=model, inputs=inputs)
    name = graph.output[0].name
    graph.initializer.extend([constant("flat", np.array([-1]), 7), constant("zero", np.array(0), 7)])
    graph.node.extend(
        [
            helper.make_node("Reshape", [graph.input[0].name, "flat"], ["elements"]),
            helper.make_node("Gather", ["elements", "zero"], ["element"]),
            helper.make_node("Cast", [name], ["numbers"], to=onnx.TensorProto.FLOAT),
            helper.make_node("Add", ["element", "numbers"], ["sum"]),
        ]
    )
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info("sum", onnx.TensorProto.FLOAT, None))
    total = (case.outputs[0] + inputs[0].reshape(-1)[0]).astype(np.float32)
    return replace(case, model=model, inputs=inputs, outputs=(total,))


def constant(name: str, x: Array, kind: int) -> onnx.TensorProto:
    """An initialiser of a type that NumPy may not have."""
    if x.dtype == object:
        raise CompileError(f"input '{name}' is no tensor of numbers; use one")
    made = numpy_helper.from_array(x, name)
    if made.data_type != kind:
        made = numpy_helper.from_array(x.astype(helper.tensor_dtype_to_np_dtype(kind)), name)
    return made


def reference(model: onnx.ModelProto, sample: Array) -> Callable[[Array], list[Any]]:
    """The model as ONNX Runtime computes it, or, where that lacks a kernel, ONNX's own reference."""
    name = model.graph.input[0].name
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    copy.ir_version = min(copy.ir_version, READABLE_IR_VERSION)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    try:
        session = onnxruntime.InferenceSession(copy.SerializeToString(), options, providers=["CPUExecutionProvider"])
        session.run(None, {name: sample})
    except Exception:  # its exceptions have no common base
        evaluator = ReferenceEvaluator(model)
        return lambda x: list(evaluator.run(None, {name: x}))
    return lambda x: list(session.run(None, {name: x}))


def run(case: Case, folder: Path) -> Outcome:
    """Compile a case, and compare what the integers stand for with the case's outputs and with more samples."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            problem = compare(case, folder)
    except CompileError as error:
        return Outcome(case, "refused", str(error).splitlines()[0])
    except Exception as error:  # whatever it is, it is a failure to be counted
        return Outcome(case, "failed", f"{type(error).__name__}: {error}")
    return Outcome(case, "failed" if problem else "passed", problem)


def compare(case: Case, folder: Path) -> str:
    """What is wrong with the compiled case; nothing where all outputs are within the bound."""
    case = with_one_input(case)
    model, (given,) = case.model, case.inputs
    imported = import_model(model)
    shape, order = imported.graph.inputs[0].shape, imported.graph.outputs
    exact = reference(model, given)
    xs, wanted = [given], [list(case.outputs)]
    rng = np.random.default_rng(0)
    for _ in range(MORE_SAMPLES):  # the same values elsewhere: whatever range the input has, they are in it
        x = rng.permutation(given.reshape(-1)).reshape(given.shape)
        y = exact(x)
        if all(np.isfinite(v.astype(np.float64)).all() for v in y):
            xs.append(x)
            wanted.append(y)
    path = folder / "case.onnx"
    path.write_bytes(model.SerializeToString())
    data = np.stack(xs).astype(np.float64).reshape(-1, *shape)
    shuffled = rng.permutation(data)  # samples of a batch may be sorted, and the first ones calibrate
    design = nnfpga.compile(path, data=shuffled, emit="model", bits=BITS)
    seen = design.model.source.real(design.model.quantise(data)).reshape(-1, *given.shape)
    at_given, at_seen = [exact(x) for x in xs], [exact(x.astype(given.dtype)) for x in seen]
    ours = outputs(design, data)
    for n, info in enumerate(model.graph.output):
        y = flat(v[n] for v in wanted)
        shift = np.abs(flat(v[n] for v in at_seen) - flat(v[n] for v in at_given))
        if info.name in imported.constants:
            mine = np.tile(imported.constants[info.name].reshape(-1), len(xs))
        else:
            mine = ours[order.index(imported.outputs[info.name])].reshape(-1)
        if mine.shape != y.shape:
            return f"output '{info.name}' has {mine.size // len(xs)} elements, not {y.size // len(xs)}"
        allowed = shift + error_of(wanted[0][n].dtype, y) + FOUR_DIGITS.get(case.name, 0.0)
        if (worst := (np.abs(mine - y) - allowed).max(initial=0.0)) > 0:
            return f"output '{info.name}' is off by {worst:.3g} more than the format's own error"
    return ""


def outputs(design: nnfpga.Design, x: Array) -> list[Array]:
    """What a user gets for samples: probabilities or class where the file ends so, else the real outputs."""
    if design.model.ending.softmax:
        return [design.probabilities(x)]
    values = design.graph.evaluate(design.quantise(x))
    if design.model.ending.classifies:
        return [values[design.graph.outputs[0]]]
    return [design.model.outside(name).real(values[name]) for name in design.graph.outputs]


def flat(values: Iterable[Array]) -> npt.NDArray[np.float64]:
    """The elements of all arrays in a row."""
    return np.concatenate([np.asarray(v).astype(np.float64).reshape(-1) for v in values])


def error_of(kind: np.dtype[Any], y: Array) -> Array:
    """What 16-bit formats and the expected value's own type may err.

    ``UNITS`` of the format that covers the outputs; float32 arithmetic; half a unit in the last place of the type.
    """
    largest = float(np.abs(y).max(initial=0.0))
    if kind.kind in "iub" or "int" in kind.name:
        return np.zeros(y.shape)
    unit = 2.0 ** (np.ceil(np.log2(largest)) - BITS + 1) if largest else 2.0**-BITS
    return UNITS * unit + FLOAT32 * largest + np.abs(y) * float(ml_dtypes.finfo(kind).eps) / 2


def results(wanted: Callable[[Case], bool] = lambda case: True) -> list[Outcome]:
    """The outcome of every case, or of those that are wanted."""
    found = [c for c in all_cases() if wanted(c)]
    with tempfile.TemporaryDirectory() as folder:
        return [run(case, Path(folder)) for case in found]


def all_cases() -> Iterator[Case]:
    """The cases of listed and of other supported operators, and the models."""
    known = {*LISTED.split(), *supported()}
    yield from (case for case in node_cases() if case.operator in known)
    for kind in ("pytorch-converted", "pytorch-operator"):
        yield from model_cases(kind)


PAGE = """# Operators

How ONNX's own conformance cases fare, at 16-bit formats: node cases (weights become initialisers, one input is left)
and the models `pytorch-converted` and `pytorch-operator` of onnx {version}. *Passed*: every output of the case, and of
permutations of its input, is within two units of a 16-bit format that covers the outputs, beside what the rounding of
the input changes. *Refused*: a message names the node, what is wrong and what to do. *Failed*: anything else.
What the notes do not restrict is as ONNX allows it, on tensors of real numbers.

Of the domain `ai.onnx.ml`, which has no such cases here: `Scaler`, `SVMRegressor`, `SVMClassifier` of two classes,
`ArrayFeatureExtractor` and `ZipMap`, as scikit-learn's exporter writes them
(`tests/compiler/frontend/test_exporters.py`).

This page is written by `python tests/compiler/frontend/backend.py`, and a test holds it.

{tables}"""


def page(found: Sequence[Outcome]) -> str:
    """The text of docs/operators.md."""
    nodes = [o for o in found if o.case.kind == "node"]
    listed, models = LISTED.split(), [o for o in found if o.case.kind != "node"]
    parts = {
        "The operators that the front end is measured by, and the models": (
            [o for o in nodes if o.case.operator in listed] + models
        ),
        "Other operators": [o for o in nodes if o.case.operator not in listed],
    }
    texts = [f"## {title}\n\n{table(part)}\n" for title, part in parts.items()]
    return PAGE.format(version=onnx.__version__, tables="\n".join(texts))


def table(found: Sequence[Outcome]) -> str:
    """Counts for each operator, and the different reasons for which cases are refused."""
    groups: dict[str, list[Outcome]] = {}
    for o in found:
        groups.setdefault(o.case.operator if o.case.kind == "node" else o.case.kind, []).append(o)
    lines = ["| operator | passed | refused | failed | notes | refused are |", "|---|---|---|---|---|---|"]
    for name, group in [*sorted(groups.items(), key=lambda item: item[0].lower()), ("**all**", [*found])]:
        count = Counter(o.status for o in group)
        named = [plain(o) for o in group if o.status == "refused"] if name != "**all**" else []
        cells = [name, *(f"{count[k]}" for k in ("passed", "refused", "failed")), note(name), "; ".join(named)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def note(operator: str) -> str:
    """What its function says of itself."""
    function = operators().get(("", operator))
    return (inspect.getdoc(function) or "").splitlines()[0] if function and function.__doc__ else ""


def plain(outcome: Outcome) -> str:
    """The case without the words that all names share."""
    return outcome.case.name.removeprefix("test_").removeprefix("operator_").replace("|", "/")


def main(names: list[str]) -> None:
    """Write the page, or print some outcomes."""
    start = time.monotonic()
    found = results(lambda c: not names or c.operator in names or c.name in names)
    for outcome in found:
        if names or outcome.status != "passed":
            print(f"{outcome.status:8}{outcome.case.operator:16} {outcome.case.name}: {outcome.reason}")
    count = Counter(o.status for o in found)
    print(dict(count), f"{time.monotonic() - start:.0f} s")
    if not names:
        DOCS.write_text(page(found))


if __name__ == "__main__":
    main(sys.argv[1:])
